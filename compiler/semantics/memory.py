"""What is kept of a checked program for its next state: a stage that an edit does not touch is not checked again.

What is found in a stage rests on its blocks and those of the stages that it reads, on all names of the program, on the
constants that it uses, and on what the project has on disk. The first is the key by which a result is kept, the second
is compared as a whole at the beginning of each state, and the others are asked again.
"""

from __future__ import annotations

from collections import UserDict
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from mlopsc.compiler.records import Entity
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.semantics.findings import Notes
from mlopsc.compiler.semantics.merging import Merged
from mlopsc.compiler.semantics.project import ProjectReader, PythonProblem, PythonSignature
from mlopsc.compiler.semantics.quantities import Value
from mlopsc.compiler.semantics.scopes import ConstantDefinition, Program
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


class _Values(UserDict[ConstantDefinition, Value]):
    """The values of constants, and for which of them somebody has asked."""

    def __init__(self, values: MutableMapping[ConstantDefinition, Value]) -> None:
        self.data = values  # type: ignore[assignment]
        self.asked: set[ConstantDefinition] = set()

    def get(self, key: ConstantDefinition, default: Any = None) -> Any:
        self.asked.add(key)
        return self.data.get(key, default)


class _Outcome(Entity):
    """What came of checking a stage, which rests on the `answers` of the project and on constants, by name."""

    checked: Checked
    notes: Notes
    answers: Mapping[tuple[str, str], object]
    constants: Mapping[str, object]

    def holds(self, program: Program) -> bool:
        """Whether all would answer as they did. Messages have places of their own, so they are made anew."""
        if self.notes.reports:
            return False
        for name, content in self.constants.items():
            constant = program.constants.get(name)
            if constant is None or _content(constant, program) != content:
                return False
        project = program.project
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
            if found is None or not found.holds(program):
                found = _outcome(program, merged, others)
            self._now[key] = found
            program.findings.adopt(found.notes)
        return found.checked

    def end(self) -> None:
        """All stages of the state have been checked: what it did not need is forgotten."""
        self._before, self._now = self._now, {}


def _outcome(program: Program, merged: Merged, others: Mapping[str, Checked]) -> _Outcome:
    notes, asking, values = Notes(), _Asking(program.project), _Values(program.values)
    checked = check_stage(program.changed(findings=notes, project=asking, values=values), merged, others)
    constants = {one.name: _content(one, program) for one in values.asked}
    if any(program.constants.get(one.name) is not one for one in values.asked):
        constants[""] = None  # another has its name, which is a mistake: nothing is kept
    return _Outcome(checked, notes, asking.answers, constants)


def _content(constant: ConstantDefinition, program: Program) -> object:
    """What a constant holds, to be compared: a call is what is written, for it is checked where it is used."""
    value = program.values.get(constant)
    if value is None or value.dimension != "call":
        return repr(value)
    call, home = value.content
    return home.origin, id(call), call


def _named(chunk: ast.Chunk, registry: Registry) -> Any:
    """What all stages know of a chunk: of blocks and constants the name, and of a metric or a `use` all of it."""
    match chunk.items:
        case (ast.Block(kind=kind, label=ast.Ref(parts=(_,)) as label, header=header),):
            block = registry.blocks.get(kind.text)
            if block is not None and block.defines is None:
                return kind, label, header
        case (ast.Setting(name=name, value=value),):
            return name, isinstance(value, ast.Call)
    return chunk.text
