"""The files that a build wrote, written down so that a later build removes what it no longer makes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import dropwhile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mlopsc.compiler.cli.exits import CommandFailure
from mlopsc.compiler.cli.writing import write_files
from mlopsc.stdlib.runtime.engine.writing import write_together

if TYPE_CHECKING:
    from mlopsc.targets import OutputFile

DEPLOY = "deploy"
MANIFEST = "manifest.json"
WORKFLOWS = (".github", "workflows")
"""Where workflows are, at the top of a repository, which may lie above the spec."""


@dataclass(frozen=True)
class Difference:
    """How the files on disk differ from those of a build; paths are relative to the spec.

    `changed` are new or other on disk, by path with the text that they shall have; `stale` were made by an earlier
    build of the spec and are not made any more; `kept` are such too, but have been edited since. `edited` are changed
    ones whose text on disk no build has made, with the path of the copy that is kept of it. `foreign` are those of them
    outside of `deploy` that no build has ever made: somebody else's, which are left alone.
    """

    changed: Mapping[str, str] = field(default_factory=dict)
    unchanged: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    edited: Mapping[str, str] = field(default_factory=dict)
    foreign: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether a build would do nothing."""
        return not self.changed and not self.stale


@dataclass(frozen=True)
class _Entry:
    """What the list of a build says of a file: its hash, and the target that made it, if it says so."""

    digest: str
    target: str = ""


def compare(folder: Path, spec: str, files: Sequence[OutputFile], targets: Iterable[str], only: str = "") -> Difference:
    """What a build of a spec's files by `targets` would do in a folder; `only` looks at the paths that begin so.

    Files that other targets made are none of its business: they stay, and stay in the list. So do seeds that are there.
    """
    seeds = {one.path: one.text for one in files if one.is_seed and one.path.startswith(only)}
    files = [one for one in files if not one.is_seed]
    before = _written_before(folder, spec)
    ours = {path for path, one in before.items() if path.startswith(only) and one.target in ("", *targets)}
    chosen = {one.path: one for one in files if one.path.startswith(only)}
    others = {path: one for path, one in before.items() if path not in ours and not path.endswith(MANIFEST)}
    texts = {path: one.text for path, one in chosen.items()} | _manifests(spec, chosen.values(), others)
    changed = {path: text for path, text in texts.items() if read_text(folder / path) != text}
    changed |= {path: text for path, text in seeds.items() if not os.path.lexists(folder / path)}
    gone = [path for path in before if path in ours and path not in texts and (folder / path).is_file()]
    stale = tuple(path for path in gone if _digest(read_text(folder / path) or "") == before[path].digest)
    kept = tuple(path for path in gone if path not in stale)
    committed = {one.path for one in files if one.committed}
    edited = {
        path: _copy_of(folder, path)
        for path, text in changed.items()
        if path in committed and _is_edited(folder, path, before, text)
    }
    foreign = tuple(path for path in edited if path not in before and not path.startswith(f"{DEPLOY}/"))
    return Difference(changed, tuple(sorted(texts.keys() - changed.keys())), stale, kept, edited, foreign)


def _is_edited(folder: Path, path: str, before: Mapping[str, _Entry], wanted: str) -> bool:
    """Whether there is a file that no build has made; another one may have made it just now."""
    text = read_text(folder / path)
    made = before[path].digest if path in before else None
    return (folder / path).is_file() and text != wanted and (text is None or _digest(text) != made)


def _copy_of(folder: Path, path: str) -> str:
    """Where a copy of a file is kept: the same text never has two copies, and no two texts have the same."""
    return f"{path}.edited-{sha256((folder / path).read_bytes()).hexdigest()[:8]}"


def apply(folder: Path, difference: Difference, files: Sequence[OutputFile]) -> None:
    """Write what is new or other, then remove what is stale and the folders that are empty then.

    Nothing that a person wrote is lost: a copy of what was edited is kept. Raises CommandFailure, with nothing written,
    where somebody else's file is in the way.
    """
    if difference.foreign:
        fact = f"`{difference.foreign[0]}` is there already, and no build made it"
        raise CommandFailure(fact, "give it another name, or delete it, then build again")
    write_together({folder / copy: (folder / path).read_bytes() for path, copy in difference.edited.items()})
    write_files({folder / path: text for path, text in difference.changed.items()})
    local = {PurePosixPath(one.path).name for one in files if not one.committed}
    for path in difference.stale:
        (folder / path).unlink(missing_ok=True)
    for parent in sorted({(folder / path).parent for path in difference.stale}, reverse=True):
        _clear(parent, local, folder / DEPLOY)


def is_workflow(path: str) -> bool:
    """Whether a file is one of GitHub's."""
    return "/".join(WORKFLOWS) in path


def told_edits(difference: Difference, shown: Callable[[str], str]) -> list[str]:
    """For each file that had been edited, where its text is now."""
    return [
        f"`{shown(path)}` had been edited and was made anew; what was there is in `{shown(copy)}`"
        for path, copy in difference.edited.items()
    ]


def _clear(parent: Path, local: Iterable[str], top: Path) -> None:
    """Remove a folder that builds filled, with what only this machine had there, unless there is more in it."""
    with suppress(OSError):
        if {one.name for one in parent.iterdir()} <= {*local}:
            for name in local:
                (parent / name).unlink(missing_ok=True)
        while parent != top:
            parent.rmdir()
            parent = parent.parent


def _manifests(spec: str, files: Iterable[OutputFile], others: Mapping[str, _Entry]) -> dict[str, str]:
    """For each folder of a pipeline, the list of the files that builds made for it, by target: these and `others`."""
    entries = dict(others) | {one.path: _Entry(_digest(one.text), one.target) for one in files if one.committed}
    tops = {top for one in files if (top := _folder_with_list(one.path)) is not None}
    found = {}
    for top in sorted(tops):
        listed: dict[str, dict[str, str]] = {}
        for path, entry in entries.items():
            if _folder_with_list(path) == top:
                listed.setdefault(entry.target, {})[path] = entry.digest
        found[f"{top}/{MANIFEST}"] = json.dumps({"spec": spec, "files": listed}, indent=1, sort_keys=True) + "\n"
    return found


def _written_before(folder: Path, spec: str) -> dict[str, _Entry]:
    """What earlier builds of the spec wrote; a list that cannot be read names nothing."""
    found: dict[str, _Entry] = {}
    for path in sorted(folder.glob(f"{DEPLOY}/*/{MANIFEST}")):
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            text = path.read_text(encoding="utf-8")
            content = json.loads(text)
            if content["spec"] == spec:
                listed = [*_listed(content["files"])]
                found |= {name: entry for name, entry in listed if _is_ours(name)}
                found[path.relative_to(folder).as_posix()] = _Entry(_digest(text))
    return found


def _listed(files: Mapping[str, Any]) -> Iterator[tuple[str, _Entry]]:
    """The files of a list; one that was written before lists named targets has no level of them."""
    for name, one in files.items():
        if isinstance(one, Mapping):
            yield from ((str(path), _Entry(str(digest), str(name))) for path, digest in one.items())
        else:
            yield str(name), _Entry(str(one))


def _is_ours(path: str) -> bool:
    """Whether a list may name the path: nothing but files of `deploy` and workflows is ever removed."""
    return _folder_with_list(path) is not None


def _folder_with_list(path: str) -> str | None:
    """The folder whose list names a file: that of its pipeline, of which the name of a workflow begins with the name.

    None for what no list may name.
    """
    parts = PurePosixPath(path).parts
    if len(parts) > 2 and parts[0] == DEPLOY and ".." not in parts:
        return f"{DEPLOY}/{parts[1]}"
    inner = tuple(dropwhile(lambda part: part == "..", parts))
    pipeline = inner[-1].rpartition("-")[0] if inner else ""
    return f"{DEPLOY}/{pipeline}" if inner[:-1] == WORKFLOWS and pipeline else None


def read_text(path: Path) -> str | None:
    """The text of a file, its line breaks as on this system; None when there is none or it is no text."""
    try:
        return path.read_bytes().decode().replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        return None


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
