"""The rule `group-across-splits`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Label
from mlopsc.compiler.lint.random_over_time import AT_RANDOM
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.semantics.model import StageModel
from mlopsc.compiler.text import Location


class GroupAcrossSplits(LintRule, id="L015", name="group-across-splits"):
    """Several rows belong to one user, patient or machine, and the split divides them at random. The same one is then
    learnt from and tested on: the model recognises it, and the gate takes that for skill. `by_group` keeps all rows
    of one on the same side.

    wrong:
    ```mlops
    data rides {
      source = csv("rides.csv")
      time   = at
      unit   = user
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
      unit   = user
      target = bikers
      schema {
        at:     timestamp
        user:   category
        temp:   float in 0..1
        bikers: int in 0..
      }
      check rows >= 100
      split = by_group(column = user, train = 70%, validation = 10%, test = 20%)
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Data with a group, by role or by `unit`, and a random split."""
        for _, stage in program.stages("data"):
            split, group = stage.value("split"), _group(stage)
            if group is not None and isinstance(split, dict) and split["function"] in AT_RANDOM:
                name, at = group
                yield self.found(
                    stage.settings["split"].value_at,
                    f"rows of one `{name}` are divided at random, so that the gate tests on what was learnt from",
                    label=f"divides each `{name}`",
                    hint=f"Write `by_group(column = {name}, …)` with the same shares.",
                    related=[Label(at, "keeps rows together")],
                )


def _group(stage: StageModel) -> tuple[str, Location] | None:
    unit = stage.value("unit")
    if isinstance(unit, str):
        return unit, stage.settings["unit"].at
    return next(((column.name, column.at) for column in stage.columns if column.role == "group"), None)
