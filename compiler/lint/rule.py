"""What a rule of the linter is given, and what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from mlopsc.compiler.diagnostics import Code, Diagnostic, Fix, Label, Severity
from mlopsc.compiler.schema.declarations import Subject
from mlopsc.compiler.semantics.model import EnvironmentModel, RuleModel, SemanticModel, StageModel
from mlopsc.compiler.text import Location


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

    def has(self, kind: str) -> bool:
        """Whether the program has a stage of that kind."""
        return any(True for _ in self.stages(kind))

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
    """A rule of the linter. Its docstring is its page, `name` reads well after "allow", `code` follows from both."""

    code: ClassVar[Code]

    def __init_subclass__(cls, id: str, name: str, severity: Severity = Severity.WARNING) -> None:
        super().__init_subclass__()
        cls.code = Code(id, name, severity)

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """What the rule finds; the same thing may be found once for each environment."""
        raise NotImplementedError

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
