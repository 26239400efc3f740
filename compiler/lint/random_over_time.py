"""The rule `random-over-time`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Label
from mlopsc.compiler.lint.rule import LintedProgram, LintRule

AT_RANDOM = frozenset({"random", "stratified"})


class RandomOverTime(LintRule, id="L014", name="random-over-time"):
    """Rows that happened one after another are divided at random. The hour before and the hour after each test row
    are then among the rows that were learnt from, and a model that only remembers them looks good. `by_time` learns
    from the past and tests on what came later. Where rows truly have nothing to do with their neighbours,
    `unit = row` says so.

    wrong:
    ```mlops
    data rides {
      source = csv("rides.csv")
      time   = at
      unit   = block(7d)
      target = bikers
      schema {
        at:     timestamp
        user:   category
        temp:   float in 0..1
        bikers: int in 0..
      }
      check rows >= 100
      split = random(train = 70%, validation = 10%, test = 20%)
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("rides.csv")
      time   = at
      unit   = block(7d)
      target = bikers
      schema {
        at:     timestamp
        user:   category
        temp:   float in 0..1
        bikers: int in 0..
      }
      check rows >= 100
      split = by_time(train = 70%, validation = 10%, test = 20%)
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Data with a `time` and a random split, unless its unit is the row or a column."""
        for _, stage in program.stages("data"):
            split, unit = stage.value("split"), stage.value("unit")
            by_block = unit is None or (isinstance(unit, dict) and unit.get("function") == "block")
            if "time" in stage.settings and by_block and isinstance(split, dict) and split["function"] in AT_RANDOM:
                yield self.found(
                    stage.settings["split"].value_at,
                    f"rows of `{stage.name}` that are neighbours in time are divided at random",
                    label="the future is learnt from",
                    hint="Write `by_time(…)` with the same shares, or `unit = row` if rows know nothing of each other.",
                    related=[Label(stage.settings["time"].at, "when each row happened")],
                )
