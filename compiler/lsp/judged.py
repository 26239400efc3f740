"""A rule where it stands, and its parts in words: what is measured, the limit, how sure a verdict must be."""

from __future__ import annotations

from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.records import Record
from mlopsc.compiler.schema.declarations import Subject
from mlopsc.compiler.schema.values import Duration
from mlopsc.compiler.semantics.model import ComparisonModel, EnvironmentModel, RuleModel, StageModel

_OPERATORS = {
    "<=": "at most",
    "<": "below",
    ">=": "at least",
    ">": "above",
    "==": "exactly",
    "!=": "other than",
    "in": "one of",
    "not in": "none of",
}
_DAY = 86_400
_MONTH_DAYS = 30.44
_FEW = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class Judged(Record):
    """A rule, its stage as it is in an environment, and what its left side measures."""

    project: Project
    environment: EnvironmentModel
    stage: StageModel
    rule: RuleModel
    subject: type[Subject] | None

    @property
    def data(self) -> StageModel | None:
        """The data stage that it leads to."""
        stage: StageModel | None = self.stage
        for setting in self.stage.kind.data_through:
            stage = self.environment.stages.get(str(stage.value(setting))) if stage else None
        return stage

    @property
    def split(self) -> str:
        """What its metric is computed on."""
        return str((self.rule.subject or {}).get("on", ""))

    @property
    def comparison(self) -> ComparisonModel | None:
        """Its comparison, where there is just one."""
        return self.rule.comparisons[0] if len(self.rule.comparisons) == 1 else None

    @property
    def level(self) -> float | None:
        """How sure the verdict must be, if it is said."""
        found = self.rule.clauses.get("at")
        return float(found) if isinstance(found, int | float) else None


def rule_at(project: Project, path: str, offset: int) -> Judged | None:
    """The rule around an offset, as it is in the first environment that has it."""
    registry = project.compilation.registry
    for environment in project.compilation.environments:
        for stage in environment.stages.values():
            for rule in stage.rules:
                if rule.at.file.path == path and rule.at.span.start <= offset <= rule.at.span.end:
                    word = str((rule.subject or {}).get("function", ""))
                    found = registry.function(word, rule.declaration.subjects)
                    subject = found if found is not None and issubclass(found, Subject) else None
                    return Judged(project, environment, stage, rule, subject)
    return None


def measured(judged: Judged) -> str:
    """What the left side measures: "`mae` (mean absolute error)", "the number of rows"."""
    word = str((judged.rule.subject or {}).get("function", ""))
    if word == "latency":
        return f"the {(judged.rule.subject or {}).get('percentile')} of `latency`"
    told = judged.subject.summary().rstrip(".") if judged.subject else ""
    if not told:
        return f"`{word}`"
    name, colon, _ = told.partition(":")
    if colon:
        return f"`{word}` ({name[:1].lower()}{name[1:]})"
    return f"`{word}` ({told[:1].lower()}{told[1:]})"


def compared(judged: Judged) -> str:
    """What is asked of it: "is at most 45", "is at most 5% above that of the model in service"."""
    return "is " + " and ".join(f"{_OPERATORS[one.operator]} {_limit(judged, one)}" for one in judged.rule.comparisons)


def _limit(judged: Judged, comparison: ComparisonModel) -> str:
    limit = comparison.limit
    if limit.values is not None:
        return ", ".join(f"`{one}`" for one in limit.values)
    if limit.baseline is None:
        return value(limit.offset, judged.subject)
    match limit.baseline:
        case {"function": "naive", "lag": lag}:
            whose = f"that of predicting the target of {lag} ago"
        case _:
            whose = "that of the model in service"
    if limit.offset:
        return f"{_points(limit.offset, judged.subject)} {whose}"
    change = limit.factor - 1
    if abs(change) < 1e-9:
        return whose
    if limit.factor >= 2:
        return f"{limit.factor:g} times {whose}"
    return f"{share(abs(change))} {'above' if change > 0 else 'below'} {whose}"


def _points(offset: float, subject: type[Subject] | None) -> str:
    is_ratio = subject is not None and subject.measure == "ratio"
    text = f"{abs(offset) * 100:g} points" if is_ratio else f"{abs(offset):g}"
    return f"{text} {'above' if offset > 0 else 'below'}"


def value(number: float, subject: type[Subject] | None) -> str:
    """A number as people write it, in what the subject is measured in."""
    match subject.measure if subject else "number":
        case "ratio":
            return share(number)
        case "duration":
            return str(Duration(seconds=number))
        case "count":
            return f"{number:,.0f}"
    return f"{number:,.0f}" if abs(number) >= 10_000 else f"{number:.4g}"


def share(number: float) -> str:
    """A share as a percentage."""
    return f"{round(number * 100, 4):g}%"


def counted(number: float, noun: str) -> str:
    """ "1,729 rows", "one row"."""
    word = _FEW[int(number)] if 0 <= number <= 10 and float(number).is_integer() else f"{number:,.0f}"
    return f"{word} {noun}{'' if number == 1 else 's'}"


def days_of(duration: object) -> float | None:
    """A length of time in days; None for what is none."""
    if not isinstance(duration, str):
        return None
    parsed = Duration.parse(duration)
    return parsed.seconds / _DAY + parsed.months * _MONTH_DAYS
