"""The file in which a repository keeps its pins: read, begun, and changed without losing a word of its owner's."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from mlopsc.compiler.diagnostics import did_you_mean
from mlopsc.targets.github.pins import KNOWN, Pin
from mlopsc.targets.yaml_text import dumped, safe_text

PATH = ".github/mlopsc-pins.yml"
"""Where it is, from the top of the repository."""
_FIELDS = ("release", "commit")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_WIDEST = 10_000
_HEAD = """\
# The actions of GitHub that the workflows use: the release of each, and the commit that the release is.
# This file is yours. `mlopsc build` reads it and writes the workflows by it; it never changes what is here.
# An action that is not listed has the release that mlopsc knows.
#   mlopsc pins list           which are in force, and where they come from
#   mlopsc pins update FROM    take newer ones over from another file of this form
#   mlopsc pins check          do the workflows use these and no others?
# What is named here runs with the rights of the jobs: `.github/` belongs into CODEOWNERS.
"""


class PinsProblem(Exception):  # noqa: N818 (it is the file that has the problem)
    """A file of pins says what cannot be: the fact, the next step, and the line, 0 where it is about the whole."""

    def __init__(self, fact: str, hint: str, line: int = 0) -> None:
        super().__init__(fact, hint, line)
        self.fact = fact
        self.hint = hint
        self.line = line


def read(text: str, *, is_ours: bool = True) -> dict[str, Pin]:
    """The pins of a file by action; raises PinsProblem. In a list that is not `is_ours`, other actions are left out."""
    found = {}
    body = _loaded(text)
    for action, one in body.items():
        line = int(body.lc.key(action)[0]) + 1
        if not _is_known(action):
            if is_ours:
                raise PinsProblem(f"no workflow uses an action `{_told(action)}`", _meant(action), line)
            continue
        found[str(action)] = _pin(str(action), one, line)
    return found


def in_force(listed: Mapping[str, Pin]) -> dict[str, Pin]:
    """The pins by the names that steps use: those that are listed, else what we know."""
    return {name: listed.get(pin.action, pin) for name, pin in KNOWN.items()}


def begun() -> str:
    """The file as a build begins it, with what we know."""
    body = CommentedMap((pin.action, _written(pin)) for pin in KNOWN.values())
    return _HEAD + dumped(body)


def changed(text: str, pins: Iterable[Pin]) -> str:
    """A file that can be read, with other pins in it; its comments and its order stay."""
    body = _loaded(text)
    for pin in pins:
        entry = body.get(pin.action)
        if isinstance(entry, CommentedMap):
            entry.update(_written(pin))
        else:
            body[pin.action] = _written(pin)
    stream = io.StringIO()
    _yaml().dump(body, stream)
    return stream.getvalue()


def _written(pin: Pin) -> CommentedMap:
    # Always in quotes: a commit of digits with one `e` would be a number.
    return CommentedMap(release=safe_text(pin.version), commit=DoubleQuotedScalarString(pin.commit))


def _loaded(text: str) -> CommentedMap:
    try:
        body = _yaml().load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise PinsProblem(f"it is no YAML: {error.problem or 'it cannot be read'}", "mend that line", line) from error
    except (YAMLError, RecursionError, ValueError) as error:
        raise PinsProblem("it is no YAML", "mend it, or remove it and build again") from error
    if body is None:
        return CommentedMap()
    if not isinstance(body, CommentedMap):
        raise PinsProblem("it has no actions with their releases", "remove it, and the next build begins it anew")
    return body


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDEST
    return yaml


def _is_known(action: Any) -> bool:
    return any(pin.action == action for pin in KNOWN.values())


def _meant(action: Any) -> str:
    known = [pin.action for pin in KNOWN.values()]
    close = did_you_mean(str(action), known)
    return f"did you mean `{close}`?" if close else f"remove it; there are {', '.join(f'`{one}`' for one in known)}"


def _pin(action: str, entry: Any, line: int) -> Pin:
    if not isinstance(entry, Mapping) or set(entry) != {*_FIELDS}:
        raise PinsProblem(f"`{action}` has not just a `release` and a `commit`", "write both, and nothing else", line)
    release, commit = (entry[field] for field in _FIELDS)
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        hint = 'a release may move, a commit may not: write all 40 hex digits of it, as `commit: "…"`'
        raise PinsProblem(f"`{action}` is pinned to `{_told(commit)}`, which is no commit", hint, line)
    if not isinstance(release, str) or not _RELEASE.fullmatch(release):
        hint = 'name it as the action does, as `release: "v1.2.3"`'
        raise PinsProblem(f"the release of `{action}` cannot be `{_told(release)}`", hint, line)
    return Pin(action, str(release), str(commit))


def _told(value: Any) -> str:
    text = str(value)
    return text if len(text) <= len("0" * 40) else f"{text[:40]}…"
