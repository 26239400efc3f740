"""The file in which a repository keeps its pins: read, begun, and changed without losing a word of its owner's."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from mlopsc.compiler.diagnostics import did_you_mean
from mlopsc.targets.github.own_files import OwnFileProblem, line_of, loaded, own_yaml
from mlopsc.targets.github.pins import KNOWN, Pin
from mlopsc.targets.yaml_text import dumped, safe_text

PATH = ".github/mlopsc-pins.yml"
"""Where it is, from the top of the repository."""
_FIELDS = ("release", "commit")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_HEAD = """\
# The actions of GitHub that the workflows use: the release of each, and the commit that the release is.
# This file is yours. `mlopsc build` reads it and writes the workflows by it; it never changes what is here.
# An action that is not listed has the release that mlopsc knows.
#   mlopsc pins list           which are in force, and where they come from
#   mlopsc pins update FROM    take newer ones over from another file of this form
#   mlopsc pins check          do the workflows use these and no others?
# What is named here runs with the rights of the jobs: `.github/` belongs into CODEOWNERS.
"""


def read(text: str, *, is_ours: bool = True, others: Collection[str] = ()) -> dict[str, Pin]:
    """The pins of a file by action; raises OwnFileProblem.

    `others` are actions that the repository's overlays use. In a list that is not `is_ours`, what nobody uses is left
    out.
    """
    found = {}
    body = loaded(text, "actions with their releases")
    for action, one in body.items():
        line = line_of(body, action)
        if not _is_known(action) and action not in others:
            if is_ours:
                raise OwnFileProblem(f"no workflow uses an action `{_told(action)}`", _meant(action), line)
            continue
        found[str(action)] = _pin(str(action), one, line)
    return found


def in_force(listed: Mapping[str, Pin]) -> dict[str, Pin]:
    """The pins by the names that steps use: those that are listed, else what we know.

    Steps of overlays use an action by its own name.
    """
    ours = {name: listed.get(pin.action, pin) for name, pin in KNOWN.items()}
    known = {pin.action for pin in KNOWN.values()}
    return ours | {action: pin for action, pin in listed.items() if action not in known}


def begun() -> str:
    """The file as a build begins it, with what we know."""
    body = CommentedMap((pin.action, _written(pin)) for pin in KNOWN.values())
    return _HEAD + dumped(body)


def changed(text: str, pins: Iterable[Pin]) -> str:
    """A file that can be read, with other pins in it; its comments and its order stay."""
    body = loaded(text, "actions with their releases")
    for pin in pins:
        entry = body.get(pin.action)
        if isinstance(entry, CommentedMap):
            entry.update(_written(pin))
        else:
            body[pin.action] = _written(pin)
    stream = io.StringIO()
    own_yaml().dump(body, stream)
    return stream.getvalue()


def _written(pin: Pin) -> CommentedMap:
    # Always in quotes: a commit of digits with one `e` would be a number.
    return CommentedMap(release=safe_text(pin.version), commit=DoubleQuotedScalarString(pin.commit))


def _is_known(action: Any) -> bool:
    return any(pin.action == action for pin in KNOWN.values())


def _meant(action: Any) -> str:
    known = [pin.action for pin in KNOWN.values()]
    close = did_you_mean(str(action), known)
    return f"did you mean `{close}`?" if close else f"remove it; there are {', '.join(f'`{one}`' for one in known)}"


def _pin(action: str, entry: Any, line: int) -> Pin:
    if not isinstance(entry, Mapping) or set(entry) != {*_FIELDS}:
        raise OwnFileProblem(
            f"`{action}` has not just a `release` and a `commit`", "write both, and nothing else", line
        )
    release, commit = (entry[field] for field in _FIELDS)
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        hint = 'a release may move, a commit may not: write all 40 hex digits of it, as `commit: "…"`'
        raise OwnFileProblem(f"`{action}` is pinned to `{_told(commit)}`, which is no commit", hint, line)
    if not isinstance(release, str) or not _RELEASE.fullmatch(release):
        hint = 'name it as the action does, as `release: "v1.2.3"`'
        raise OwnFileProblem(f"the release of `{action}` cannot be `{_told(release)}`", hint, line)
    return Pin(action, str(release), str(commit))


def _told(value: Any) -> str:
    text = str(value)
    return text if len(text) <= len("0" * 40) else f"{text[:40]}…"
