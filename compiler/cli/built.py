"""What a run needs of a spec, compiled, or remembered from the last time when nothing that it depends on has changed.

Compiling is most of what a run with nothing to do would cost. So a build notes every file that the compiler read or
looked for, and the program that it was; where all of that is as it was, the pipelines are taken from the note.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.compiler.cli.spec import Spec

if TYPE_CHECKING:
    from mlopsc.compiler.compilation import Compilation
    from mlopsc.compiler.ir.origins import Origins
    from mlopsc.compiler.workspace import Workspace

_FORMAT = 1
_PROGRAM = Path(__file__).parents[2]
_PARTS = ("compiler", "grammar", "stdlib", "targets")


@dataclass(frozen=True)
class Built:
    """A spec as it is run: what `pipeline.json` holds for each environment, in the order of `follows`; where its
    parts were written; and what does the work of each kind of stage."""

    documents: Mapping[str, Mapping[str, Any]]
    origins: Mapping[str, Origins]
    runtimes: Mapping[str, str]

    def kinds(self, environment: str) -> dict[str, str]:
        """The kind of each stage."""
        return {stage["name"]: stage["kind"] for stage in self.documents[environment]["stages"]}


@dataclass(frozen=True)
class Seen:
    """What the compiler saw of the project: hashes of the texts it read, what it found there or not."""

    read: dict[str, str] = field(default_factory=dict)
    exists: dict[str, bool] = field(default_factory=dict)
    listed: dict[str, list[str]] = field(default_factory=dict)

    def is_unchanged(self, workspace: Workspace) -> bool:
        """Whether it would see the same again."""
        from mlopsc.compiler.workspace import SourceProblem

        try:
            return (
                all(_digest(workspace.read(path)) == digest for path, digest in self.read.items())
                and all(workspace.exists(path) == found for path, found in self.exists.items())
                and all(list(workspace.list(path)) == names for path, names in self.listed.items())
            )
        except SourceProblem:
            return False


@dataclass(frozen=True)
class WatchedWorkspace:
    """A workspace that keeps note of what is asked of it."""

    below: Workspace
    seen: Seen = field(default_factory=Seen)

    @property
    def folder(self) -> Path | None:
        """As the workspace below."""
        return self.below.folder

    def read(self, path: str) -> str:
        """As the workspace below."""
        text = self.below.read(path)
        self.seen.read[path] = _digest(text)
        return text

    def exists(self, path: str) -> bool:
        """As the workspace below."""
        self.seen.exists[path] = self.below.exists(path)
        return self.seen.exists[path]

    def list(self, folder: str) -> tuple[str, ...]:
        """As the workspace below."""
        names = self.below.list(folder)
        self.seen.listed[folder] = [*names]
        return names


def remembered(spec: Spec) -> Built | None:
    """What the last build of the spec noted; None when something has changed since, or nothing was noted."""
    from mlopsc.compiler.workspace import DiskWorkspace

    try:
        note = json.loads(_note(spec).read_bytes())
        if note["program"] != _program() or not _are_there(spec.folder, note["outputs"]):
            return None
        seen = Seen(**note["seen"])
        built = Built(note["documents"], note["origins"], note["runtimes"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return built if seen.is_unchanged(DiskWorkspace(spec.folder)) else None


def build_afresh(spec: Spec, write: Callable[[Compilation], Mapping[str, str]]) -> Built:
    """Compile a spec, have `write` put its files in place (it returns their texts by path), and note both.

    Raises CommandFailure where the spec has errors.
    """
    from mlopsc.compiler.cli.build import compile_for
    from mlopsc.compiler.workspace import DiskWorkspace

    watched = WatchedWorkspace(DiskWorkspace(spec.folder))
    compilation = compile_for(spec, workspace=watched)
    texts = write(compilation)
    built = describe(compilation)
    if compilation.is_standard:  # what installed packages declare may change without any file of ours
        outputs = {path: _digest(text) for path, text in texts.items()}
        _keep(spec, {"seen": asdict(watched.seen), "outputs": outputs, **asdict(built)})
    return built


def describe(compilation: Compilation) -> Built:
    """A compilation without errors, as it is run."""
    from mlopsc.compiler.ir.schema import document

    documents = {name: document(pipeline) for name, pipeline in compilation.pipelines.items()}
    return Built(documents, compilation.origins, dict(compilation.registry.runtimes))


def _keep(spec: Spec, note: Mapping[str, Any]) -> None:
    from mlopsc.stdlib.runtime.engine.writing import write_atomically

    path = _note(spec)
    with suppress(OSError):  # a project that cannot be written to is only not remembered
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps({"program": _program(), **note}).encode(), required=False)


def _note(spec: Spec) -> Path:
    return spec.folder / ".mlops" / "built" / f"{_digest(spec.name)[:16]}.json"


def _program() -> list[Any]:
    """What tells one state of this program from another: its files, their times, and Python."""
    files = [entry for part in _PARTS for entry in _files(_PROGRAM / part)]
    newest = max(entry.stat().st_mtime_ns for entry in files)
    return [_FORMAT, sys.version, len(files), newest]


def _files(folder: Path) -> list[os.DirEntry[str]]:
    found: list[os.DirEntry[str]] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir() and entry.name not in ("runtime", "__pycache__"):  # the runtime compiles nothing
                found += _files(Path(entry.path))
            elif entry.is_file():
                found.append(entry)
    return found


def _are_there(folder: Path, outputs: Mapping[str, str]) -> bool:
    from mlopsc.compiler.cli.outputs import read_text

    return all(_digest(read_text(folder / path) or "") == digest for path, digest in outputs.items())


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
