"""What is kept of a checked program for its next state: a stage that an edit does not touch is not checked again.

What is found in a stage rests on three things: its blocks and those of the stages that it reads, all names of the
program, and what the project has on disk. The first is the key by which a result is kept, the second is compared as
a whole at the beginning of each state, and the third is asked again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlopsc.compiler.records import Entity
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.semantics.findings import Notes
from mlopsc.compiler.semantics.merging import Merged
from mlopsc.compiler.semantics.project import ProjectReader, PythonProblem, PythonSignature
from mlopsc.compiler.semantics.scopes import Program
from mlopsc.compiler.semantics.stages import check_stage
from mlopsc.compiler.semantics.views import Checked
from mlopsc.compiler.syntax import ast


class _Asking:
    """A reader of the project that remembers what it was asked, and what it answered."""

    def __init__(self, project: ProjectReader) -> None:
        self._project = project
        self.answers: dict[tuple[str, str], object] = {}
        self.estimator = project.estimator
        self.estimators = project.estimators
        self.accepts = project.accepts

    def exists(self, path: str) -> bool:
        found = self.answers["exists", path] = self._project.exists(path)
        return found

    def siblings(self, path: str) -> tuple[str, ...]:
        found = self.answers["siblings", path] = self._project.siblings(path)
        return found

    def signature(self, reference: str) -> PythonSignature | PythonProblem:
        found = self.answers["signature", reference] = self._project.signature(reference)
        return found


class _Outcome(Entity):
    """What came of checking a stage."""

    checked: Checked
    notes: Notes
    answers: Mapping[tuple[str, str], object]

    def holds(self, project: ProjectReader) -> bool:
        """Whether the project would answer as it did. Messages have places of their own, so they are made anew."""
        if self.notes.reports:
            return False
        return all(getattr(project, question)(about) == answer for (question, about), answer in self.answers.items())


class Memory:
    """What is kept from one state of a program to the next. Only one state is in force, the one begun last."""

    def __init__(self) -> None:
        self.states = 0
        """How many states there were since all was checked."""
        self._names: object = None
        self._origins: dict[str, tuple[ast.Origin, ...]] = {}
        self._before: dict[tuple[object, ...], _Outcome] = {}
        self._now: dict[tuple[object, ...], _Outcome] = {}

    def begin(self, files: Sequence[ast.File], registry: Registry) -> None:
        """A new state: nothing is kept when a name has come, gone or changed since the last one."""
        names = registry, [(file.source.path, [_named(chunk, registry) for chunk in file.chunks]) for file in files]
        self.states += 1
        self._now = {}
        if names == self._names:
            for file in files:
                for origin, start in zip(self._origins[file.source.path], file.starts, strict=True):
                    origin.move(file.source, start)
        else:
            self.states = 1
            self._names, self._before = names, {}
            self._origins = {file.source.path: file.origins() for file in files}

    def origins(self, file: ast.File) -> tuple[ast.Origin, ...]:
        """What turns the spans of a file's chunks into locations, in this state and in later ones."""
        return self._origins[file.source.path]

    def checked(
        self, program: Program, merged: Merged, read: Sequence[Checked | None], others: Mapping[str, Checked]
    ) -> Checked:
        """A stage that reads some of the `others`; it is checked unless nothing has changed that it rests on."""
        key = (*((part.home.origin, id(part.node)) for part in merged.parts), *read)
        found = self._now.get(key)
        if found is None:
            found = self._before.get(key)
            if found is None or not found.holds(program.project):
                found = _outcome(program, merged, others)
            self._now[key] = found
            program.findings.adopt(found.notes)
        return found.checked

    def end(self) -> None:
        """All stages of the state have been checked: what it did not need is forgotten."""
        self._before, self._now = self._now, {}


def _outcome(program: Program, merged: Merged, others: Mapping[str, Checked]) -> _Outcome:
    notes, asking = Notes(), _Asking(program.project)
    checked = check_stage(program.changed(findings=notes, project=asking), merged, others)
    return _Outcome(checked, notes, asking.answers)


def _named(chunk: ast.Chunk, registry: Registry) -> Any:
    """What stages know of a chunk that they do not extend: of a metric or a constant all, of other blocks the name."""
    match chunk.items:
        case (ast.Block(kind=kind, label=ast.Ref(parts=(_,)) as label, header=header),):
            block = registry.blocks.get(kind.text)
            if block is not None and block.defines is None:
                return kind, label, header
    return chunk.text
