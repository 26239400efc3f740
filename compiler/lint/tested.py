"""The rules of the fifth principle: code, data and the quality of models are tested."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Severity
from mlopsc.compiler.lint.principle import PrincipleRule
from mlopsc.compiler.lint.rule import LintedProgram, word_of
from mlopsc.compiler.semantics.model import ColumnModel, StageModel
from mlopsc.compiler.text import Location


class UntestedCode(
    PrincipleRule,
    id="L039",
    name="untested-code",
    severity=Severity.INFO,
    principle=5,
    earns="tests of the code must pass before a model does",
):
    """A gate runs no tests of the project's code. Features and transformations are code like any other; a mistake in
    them makes every row wrong in the same way, which no metric on those rows shows.

    wrong:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 45 at 95%
      require mae(test) <= champion + 5% at 95%
      require mae(test) <= 60 at 95% by user
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require pytest("tests/")
      require mae(test) <= 45 at 95%
      require mae(test) <= champion + 5% at 95%
      require mae(test) <= 60 at 95% by user
    }
    ```
    """

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Gates without tests."""
        for _, gate in program.stages("test"):
            if not any(word_of(rule) == "pytest" for rule in gate.rules):
                yield self.found(
                    gate.at,
                    f"`{gate.name}` lets models in without a test of the code that makes them",
                    label="no `pytest`",
                    hint='Add `require pytest("tests/")`.',
                )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """The tests that gates run."""
        for _, gate in program.stages("test"):
            yield from (rule.at for rule in gate.rules if word_of(rule) == "pytest")


class UncheckedData(
    PrincipleRule,
    id="L040",
    name="unchecked-data",
    severity=Severity.INFO,
    principle=5,
    earns="what is true of the rows is checked before anything learns from them",
):
    """Rows are counted and nothing else is asked of them: no column has a range, a list of values or a limit of
    missing ones, and no `check` looks at what they hold. A file with the right columns and wrong numbers passes.

    wrong:
    ```mlops
    data weather {
      source = csv("weather.csv")
      schema {
        at:   timestamp
        rain: float
      }
      check rows >= 100
    }
    ```

    right:
    ```mlops
    data weather {
      source = csv("weather.csv")
      schema {
        at:   timestamp
        rain: float in 0..500
      }
      check rows >= 100
    }
    ```
    """

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Data stages that only count."""
        for _, stage in program.stages("data"):
            if not any(True for _ in _looks(stage)):
                yield self.found(
                    stage.at,
                    f"nothing is asked of the rows of `{stage.name}` but how many there are",
                    label="any numbers pass",
                    hint="Give columns a range, as in `temp: float in 0..1`, or add a `check`.",
                )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """Checks and ranges."""
        for _, stage in program.stages("data"):
            yield from _looks(stage)


class UnjudgedGroups(
    PrincipleRule,
    id="L041",
    name="unjudged-groups",
    severity=Severity.INFO,
    principle=5,
    earns="a model must be good enough for each group by itself",
):
    """A gate judges a model on all rows together. It can be good there and bad for one kind of customer, region or
    day, which a mean hides. `by COLUMN` asks it of each value of a column.

    wrong:
    ```mlops
    test gate {
      model = demand
      require pytest("tests/")
      require mae(test) <= 45 at 95%
      require mae(test) <= champion + 5% at 95%
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require pytest("tests/")
      require mae(test) <= 45 at 95%
      require mae(test) <= champion + 5% at 95%
      require mae(test) <= 60 at 95% by user
    }
    ```
    """

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Gates in which no rule has `by`."""
        for _, gate in program.stages("test"):
            if not any("by" in rule.clauses for rule in gate.rules):
                yield self.found(
                    gate.at,
                    f"`{gate.name}` judges all rows together, however bad a model is for some of them",
                    label="no `by`",
                    hint=f"Add a rule such as `{_example(program, gate)} by COLUMN`.",
                )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """Rules that judge groups."""
        for _, gate in program.stages("test"):
            yield from (rule.at for rule in gate.rules if "by" in rule.clauses)


def _example(program: LintedProgram, gate: StageModel) -> str:
    """A rule of the gate about predictions with a number for a limit, else one that could be there."""
    numbers = (one for one in gate.rules if program.is_of_predictions(one) and one.comparisons)
    found = next((one for one in numbers if one.comparisons[0].limit.baseline is None), None)
    return found.text.partition(" assuming ")[0] if found is not None else "require mae(test) <= 60 at 95%"


def _looks(stage: StageModel) -> Iterator[Location]:
    """Where a data stage asks something of what rows hold."""
    yield from (rule.at for rule in stage.rules if rule.verb == "check" and word_of(rule) != "rows")
    yield from (column.at for column in stage.columns if _is_bounded(column))


def _is_bounded(column: ColumnModel) -> bool:
    return column.low is not None or column.high is not None or column.values is not None or column.missing > 0
