"""What a rule of the linter is given, and what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from mlopsc.compiler.diagnostics import Code, Diagnostic, Fix, Label, Severity
from mlopsc.compiler.schema.declarations import Subject
from mlopsc.compiler.schema.values import Duration
from mlopsc.compiler.semantics.model import EnvironmentModel, RuleModel, SemanticModel, StageModel
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Location, Span

_DAY = 86_400
_MONTH_DAYS = 30.44


@dataclass(frozen=True)
class LintedProgram:
    """What is looked at: a program without errors, and whether the project has a file or folder."""

    model: SemanticModel
    exists: Callable[[str], bool]

    def stages(self, kind: str) -> Iterator[tuple[EnvironmentModel, StageModel]]:
        """The stages of a kind, in each environment."""
        for environment in self.model.environments.values():
            for stage in environment.stages.values():
                if stage.kind.word == kind:
                    yield environment, stage

    def chunks(self) -> Iterator[tuple[ast.File, ast.Chunk, int]]:
        """The top-level items of all files as they were parsed, and where each begins."""
        for file in self.model.files:
            for chunk, start in zip(file.chunks, file.starts, strict=True):
                yield file, chunk, start

    def has(self, kind: str) -> bool:
        """Whether the program has a stage of that kind."""
        return any(True for _ in self.stages(kind))

    @property
    def at(self) -> Location:
        """Where to speak of the program as a whole: its `pipeline`, else the beginning of its main file."""
        pipeline = self.model.pipeline
        return pipeline.at if pipeline else Location(self.model.files[0].source, Span(0, 0))

    @property
    def is_deployed(self) -> bool:
        """Whether it leaves the machine that it was written on: it names a cloud, or where its code lives."""
        pipeline = self.model.pipeline
        environments = self.model.environments.values()
        return (pipeline is not None and "github" in pipeline.settings) or any(map(platform_of, environments))

    def measured(self, rule: RuleModel) -> type[Subject] | None:
        """The declaration of what stands on the left of a rule."""
        if rule.subject is None:
            return None
        found = self.model.registry.function(str(rule.subject["function"]), rule.declaration.subjects)
        return found if found is not None and issubclass(found, Subject) else None

    def is_of_predictions(self, rule: RuleModel) -> bool:
        """Whether a rule is about how good predictions are: a metric, the project's own included."""
        if rule.subject is not None and rule.subject["function"] in self.model.metrics:
            return True
        measured = self.measured(rule)
        return measured is not None and bool(measured.tasks)


class LintRule:
    """A rule of the linter. Its docstring is its page, `name` reads well after "allow", `code` follows from both.

    A rule that stands for one of the seven principles has its number, and says in a few words what holds where it
    finds nothing (`earns`).
    """

    code: ClassVar[Code]
    principle: ClassVar[int] = 0
    earns: ClassVar[str] = ""

    def __init_subclass__(
        cls, id: str = "", name: str = "", severity: Severity = Severity.WARNING, principle: int = 0, earns: str = ""
    ) -> None:
        super().__init_subclass__()
        cls.principle, cls.earns = principle, earns
        if id:
            cls.code = Code(id, name, severity)

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """What the rule finds; the same thing may be found once for each environment."""
        raise NotImplementedError

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """For a rule of a principle: where the program falls short of it, wherever it runs."""
        yield from self.check(program)

    def earned(self, program: LintedProgram) -> Iterator[Location]:  # noqa: ARG002 (rules of no principle earn nothing)
        """For a rule of a principle: the lines by which the program has what the rule asks for."""
        yield from ()

    def found(
        self,
        at: Location,
        message: str,
        *,
        label: str = "",
        hint: str = "",
        related: Iterable[Label] = (),
        fixes: Iterable[Fix] = (),
        severity: Severity | None = None,
    ) -> Diagnostic:
        """A message of this rule."""
        return Diagnostic(self.code, at, message, label, tuple(related), hint, tuple(fixes), severity)


def after(at: Location) -> Location:
    """The empty place right behind another."""
    return Location(at.file, at.span._replace(start=at.span.end))


def next_line(at: Location, text: str) -> str:
    """`text` on a line of its own that begins in the same column as `at`, to be put in at the end of `at`."""
    return f"\n{' ' * (at.position.column - 1)}{text}"


def platform_of(environment: EnvironmentModel) -> str:
    """The cloud that an environment lives in; empty for this machine."""
    found = environment.settings.get("platform")
    word = str(found.value["function"]) if found is not None and isinstance(found.value, dict) else "local"
    return "" if word == "local" else word


def word_of(rule: RuleModel) -> str:
    """What stands on the left of a rule: `mae`, `uptime`, …; empty for events."""
    return str((rule.subject or {}).get("function", ""))


def days_of(duration: object) -> float | None:
    """A length of time in days, a month as 30.44 of them; None for what is none."""
    if not isinstance(duration, str):
        return None
    parsed = Duration.parse(duration)
    return parsed.seconds / _DAY + parsed.months * _MONTH_DAYS
