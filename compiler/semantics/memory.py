"""What is kept of a checked program for its next state: a stage that an edit does not touch is not checked again.

What is found in a stage rests on its blocks and those of the stages that it reads, on the names in them, on the
constants that it uses, and on what the project has on disk. The first is the key by which a result is kept; a result is
forgotten when a name that its text holds has come, gone or moved; and the others are asked again.
"""

from __future__ import annotations

import re
from collections import UserDict
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from mlopsc.compiler.records import Entity, Record
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.semantics.findings import Notes
from mlopsc.compiler.semantics.merging import Merged
from mlopsc.compiler.semantics.project import ProjectReader, PythonProblem, PythonSignature
from mlopsc.compiler.semantics.quantities import Value
from mlopsc.compiler.semantics.scopes import ConstantDefinition, Program, Scope
from mlopsc.compiler.semantics.stages import check_stage
from mlopsc.compiler.semantics.views import Checked
from mlopsc.compiler.syntax import ast

_WORD = re.compile(r"\w+|[^\w\s]")


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
    """What came of checking a stage, which rests on the `answers` of the project and on constants, by name.

    `words` are those of all that was read of the program: every name that it could rest on is made of them.
    """

    checked: Checked
    notes: Notes
    answers: Mapping[tuple[str, str], object]
    constants: Mapping[str, object]
    words: frozenset[str]

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


class _Names(Record):
    """What stages know of the rest of a program: `places` are what has a name, and where; `others` is all else."""

    places: dict[str, list[object]]
    others: list[object]

    def differing(self, after: _Names) -> set[str]:
        """The words of the names that have come, gone or moved."""
        names = {*self.places, *after.places}
        return {
            word
            for name in names
            if self.places.get(name) != after.places.get(name)
            for word in _WORD.findall(name) or [name]
        }


class Memory:
    """What is kept from one state of a program to the next. Only one state is in force, the one begun last."""

    def __init__(self) -> None:
        self.states = 0
        """How many states there were since all was checked."""
        self._registry: Registry | None = None
        self._names: _Names = _Names({}, [])
        self._chunks: dict[str, tuple[ast.Chunk, ...]] = {}
        self._origins: dict[str, tuple[ast.Origin, ...]] = {}
        self._scopes: dict[str, Scope] = {}
        self._before: dict[tuple[object, ...], _Outcome] = {}
        self._now: dict[tuple[object, ...], _Outcome] = {}

    def begin(self, files: Sequence[ast.File], registry: Registry) -> None:
        """A new state: what rests on a name that has come, gone or moved since the last one is forgotten."""
        self._origins = {file.source.path: self._moved(file) for file in files}
        self._chunks = {file.source.path: file.chunks for file in files}
        before, self._names = self._names, _names(files, self._origins, registry)
        if before.others != self._names.others or registry != self._registry:
            self.states, self._before = 0, {}
        changed = before.differing(self._names)
        if changed:
            self._before = {key: one for key, one in self._before.items() if one.words.isdisjoint(changed)}
        self._registry, self._now = registry, {}
        self.states += 1

    def _moved(self, file: ast.File) -> tuple[ast.Origin, ...]:
        """The origins of a file's chunks: of those that were there before, the same ones, moved to where they are."""
        chunks, origins = self._chunks.get(file.source.path, ()), self._origins.get(file.source.path, ())
        if len(chunks) == len(file.chunks):
            found = list(origins)
        else:
            known = {id(chunk): origin for chunk, origin in zip(chunks, origins, strict=True)}
            found = [known.pop(id(one), ast.Origin(file.source, 0)) for one in file.chunks]
        for origin, start in zip(found, file.starts, strict=True):
            origin.move(file.source, start)
        return tuple(found)

    def origins(self, file: ast.File) -> tuple[ast.Origin, ...]:
        """What turns the spans of a file's chunks into locations, in this state and in later ones."""
        return self._origins[file.source.path]

    def scope(self, path: str) -> Scope:
        """An empty scope for the names of a file, the same in every state: what is kept sees the names as they are."""
        return self._scopes.setdefault(path, Scope(path)).empty()

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
    read = [part.at.text for part in merged.parts] + [one.home.at(one.setting).text for one in values.asked]
    return _Outcome(checked, notes, asking.answers, constants, frozenset(_WORD.findall("\n".join(read))))


def _content(constant: ConstantDefinition, program: Program) -> object:
    """What a constant holds, to be compared: a call is what is written, for it is checked where it is used."""
    value = program.values.get(constant)
    if value is None or value.dimension != "call":
        return repr(value)
    call, home = value.content
    return home.origin, id(call), call


def _names(files: Sequence[ast.File], origins: Mapping[str, Sequence[ast.Origin]], registry: Registry) -> _Names:
    """Of blocks and constants the name counts, of a metric or a `use` all of it."""
    found = _Names({}, [])
    for file in files:
        found.others.append(file.source.path)
        for chunk, origin in zip(file.chunks, origins[file.source.path], strict=True):
            for item in chunk.items:
                match item:
                    case ast.Block(kind=kind) if (
                        block := registry.blocks.get(kind.text)
                    ) and block.defines is not None:
                        found.others.append((origin, chunk.text))
                    case ast.Block(label=ast.Ref() as label):
                        found.places.setdefault(label.parts[0].text, []).append((origin, item.kind, label, item.header))
                    case ast.Setting(name=name):
                        found.places.setdefault(name.text, []).append((origin, name, isinstance(item.value, ast.Call)))
                    case ast.Rule(verb=ast.Name(text="use")):
                        found.others.append((origin, chunk.text))
    return found
