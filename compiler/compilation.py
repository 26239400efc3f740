"""The composition root: a spec, the words of the language and the project's files become messages and outputs.

Every phase is computed once, when somebody asks, and reads nothing but the workspace. Phases are imported when they
are needed: formatting needs no checker, and checking no intermediate representation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from posixpath import normpath
from typing import TYPE_CHECKING, TypeVar

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.program import Program, read_program, with_packages
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.syntax.messages import syntax_diagnostics
from mlopsc.compiler.text import Location, SourceFile, Span
from mlopsc.compiler.workspace import MemoryWorkspace, Workspace

if TYPE_CHECKING:
    from mlopsc.compiler.ir.model import Pipeline
    from mlopsc.compiler.ir.origins import Origins
    from mlopsc.compiler.lint.coverage import Score
    from mlopsc.compiler.lint.options import Options
    from mlopsc.compiler.semantics.memory import Memory
    from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel
    from mlopsc.targets import Build, OutputFile, Target

Result = TypeVar("Result")


class Compilation:
    """One state of a spec and of the project around it. Nothing it does raises, whatever the spec holds."""

    def __init__(
        self,
        workspace: Workspace,
        registry: Registry,
        main: str = "pipeline.mlops",
        known: Mapping[str, ast.File] | None = None,
        memory: Memory | None = None,
    ) -> None:
        """`known` are trees of an earlier state, by path: what has not changed since is not parsed again.

        With the `memory` of an earlier state it is not checked again either; that state is void then.
        """
        self.workspace = workspace
        self.main = normpath(main)
        self._registry = registry
        self._known = known or {}
        self._memory = memory
        self._internal: list[Diagnostic] = []
        self._refusals: dict[tuple[str, ...], list[Diagnostic]] = {}
        self._emitted: dict[tuple[str, ...], list[OutputFile]] = {}

    def edited(self, path: str, text: str) -> Compilation:
        """The state after an edit of a file that need not be saved; only what the edit touched is parsed again."""
        workspace = (
            self.workspace if isinstance(self.workspace, MemoryWorkspace) else MemoryWorkspace({}, self.workspace)
        )
        known = {file.source.path: file for file in self.files}
        return Compilation(workspace.written(path, text), self._registry, self.main, known)

    @property
    def files(self) -> tuple[ast.File, ...]:
        """The parsed files: the main one first, and those that it uses; those that cannot be read are missing."""
        return self._program.files

    @property
    def registry(self) -> Registry:
        """The declarations in force, those of installed packages included where the spec names any."""
        return self._declared[0]

    @property
    def is_standard(self) -> bool:
        """Whether the spec gets by with the declarations it was compiled with, and names no installed package's."""
        return self.registry is self._registry

    @cached_property
    def model(self) -> SemanticModel:
        """What the program means, as far as it could be understood."""
        from mlopsc.compiler.semantics.analysis import analyse
        from mlopsc.compiler.semantics.model import SemanticModel
        from mlopsc.compiler.semantics.reader import WorkspaceReader

        return self._guarded(
            "checking",
            lambda: analyse(self.files, self.registry, WorkspaceReader(self.workspace), memory=self._memory),
            SemanticModel(self.files, self.registry, None, {}, {}, {}, ()),
        )

    def focused(self, stages: Collection[str]) -> SemanticModel:
        """What is known of a few stages and of what they read; it takes less time than all, and says nothing wrong."""
        from mlopsc.compiler.semantics.analysis import analyse
        from mlopsc.compiler.semantics.model import SemanticModel
        from mlopsc.compiler.semantics.reader import WorkspaceReader

        return self._guarded(
            "checking",
            lambda: analyse(self.files, self.registry, WorkspaceReader(self.workspace), stages),
            SemanticModel(self.files, self.registry, None, {}, {}, {}, ()),
        )

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything there is to say about the spec itself, in the order of files and text.

        The linter speaks only where there is no error: half a program would mislead it.
        """
        found = [*self._program.problems, *self._declared[1]]
        for file in self.files:
            found += syntax_diagnostics(file)
        found += self.model.diagnostics
        if not any(diagnostic.is_error for diagnostic in [*found, *self._internal]):
            found += self._linted
        return self._in_order([*found, *self.options[1], *self._internal])

    @cached_property
    def principles(self) -> tuple[Score, ...]:
        """How far the program follows each of the seven principles; none where there is an error."""
        if self.has_errors:
            return ()
        from mlopsc.compiler.lint.coverage import coverage

        options = self.options[0]
        return self._guarded("scoring", lambda: coverage(self.model, self.workspace.exists, options), ())

    @cached_property
    def options(self) -> tuple[Options, tuple[Diagnostic, ...]]:
        """What `[tool.mlopsc]` of the project says of the linter, and what is wrong with it."""
        from mlopsc.compiler.lint import names
        from mlopsc.compiler.lint.options import Options, options_of

        nothing: tuple[Options, tuple[Diagnostic, ...]] = (Options(), ())
        return self._guarded("reading options", lambda: options_of(self.workspace, self.main, names()), nothing)

    @property
    def has_errors(self) -> bool:
        """Whether anything in the spec keeps it from being built."""
        return any(diagnostic.is_error for diagnostic in self.diagnostics)

    @property
    def environments(self) -> tuple[EnvironmentModel, ...]:
        """The environments in the order of `follows`."""
        return tuple(sorted(self.model.environments.values(), key=lambda environment: environment.rank))

    @cached_property
    def pipelines(self) -> Mapping[str, Pipeline]:
        """The pipeline of each environment, in the order of `follows`; none where there is an error."""
        if self.has_errors:
            return {}
        from mlopsc.compiler.ir.lower import lower

        return self._guarded(
            "lowering", lambda: {one.name: lower(self.model, one) for one in self.environments}, dict[str, "Pipeline"]()
        )

    @cached_property
    def origins(self) -> Mapping[str, Origins]:
        """Where the parts of each environment's pipeline were written."""
        from mlopsc.compiler.ir.origins import origins

        return {one.name: origins(self.model, one) for one in self.environments}

    @cached_property
    def builds(self) -> Mapping[str, Build]:
        """What targets are given of each environment, in the order of `follows`; none where there is an error."""
        from mlopsc.targets import Build

        functions, model, project = self.registry.runtimes, self.model, self.workspace.folder
        return {
            name: Build(pipeline, self.origins[name], self.main, functions, model, project)
            for name, pipeline in self.pipelines.items()
        }

    def diagnostics_for(self, targets: Sequence[str]) -> tuple[Diagnostic, ...]:
        """As `diagnostics`, and what the targets cannot express; raises UnknownTargetError."""
        refusals = self._refused(tuple(targets))
        return self._in_order([*self.diagnostics, *refusals, *self._internal])

    def emit(self, targets: Sequence[str]) -> list[OutputFile]:
        """The files of all environments; none where `diagnostics_for` then has an error. Raises UnknownTargetError."""
        names = tuple(targets)
        if names not in self._emitted:
            stopped = any(found.is_error for found in self.diagnostics_for(names))
            self._emitted[names] = [] if stopped else self._guarded("emitting", lambda: self._unrefused(names), [])
        return self._emitted[names] if not any(found.is_error for found in self.diagnostics_for(names)) else []

    @cached_property
    def _program(self) -> Program:
        return self._guarded(
            "parsing",
            lambda: read_program(self.workspace, self._registry, self.main, self._known),
            Program((), ()),
        )

    @cached_property
    def _declared(self) -> tuple[Registry, list[Diagnostic]]:
        nothing: list[Diagnostic] = []
        return self._guarded(
            "loading packages", lambda: with_packages(self._registry, self.files), (self._registry, nothing)
        )

    @property
    def _linted(self) -> list[Diagnostic]:
        from mlopsc.compiler.lint import lint

        options = self.options[0]
        return self._guarded("linting", lambda: lint(self.model, self.workspace.exists, options), [])

    def _refused(self, names: tuple[str, ...]) -> list[Diagnostic]:
        if names not in self._refusals:
            targets = [_load(name) for name in names]
            self._refusals[names] = self._guarded("checking targets", lambda: self._refusals_of(targets), [])
        return self._refusals[names]

    def _refusals_of(self, targets: list[Target]) -> list[Diagnostic]:
        if self.has_errors:
            return []
        return [found for target in targets for one in self.environments for found in target.check(self.model, one)]

    def _unrefused(self, names: tuple[str, ...]) -> list[OutputFile]:
        """What the targets write; what one of them refuses while it writes counts as if it had done so before."""
        from mlopsc.targets import RefusedError

        try:
            return self._written(names)
        except RefusedError as refused:
            self._refusals[names] = [*self._refused(names), *refused.found]
            return []

    def _written(self, names: tuple[str, ...]) -> list[OutputFile]:
        return [replace(file, target=name) for name in names for file in _load(name).emit([*self.builds.values()])]

    def _in_order(self, found: list[Diagnostic]) -> tuple[Diagnostic, ...]:
        """Each message once, by file (in the order in which they are used) and place."""
        places = {file.source.path: number for number, file in enumerate(self.files)}
        unique = {(one.code.id, one.location.file.path, one.location.span, one.message): one for one in found}
        return tuple(
            sorted(unique.values(), key=lambda one: (places.get(one.location.file.path, len(places)), one.order))
        )

    def _guarded(self, phase: str, work: Callable[[], Result], otherwise: Result) -> Result:
        """The result of a phase; an exception in it becomes a message and the result `otherwise`."""
        try:
            return work()
        except Exception as error:
            from mlopsc.compiler.internal import internal_error_at

            start = self.files[0].source if "_program" in vars(self) and self.files else SourceFile(self.main, "")
            self._internal.append(internal_error_at(Location(start, Span(0, 0)), phase, error))
            return otherwise


def _load(name: str) -> Target:
    from mlopsc.targets import load

    return load(name)
