"""The rule `row-name-as-feature`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Edit, Fix
from mlopsc.compiler.lint.rule import LintedProgram, LintRule, after
from mlopsc.compiler.semantics.model import StageModel

_NAMES = frozenset({"id", "uuid", "guid", "row_id", "rowid", "row_number", "rownum", "record_id", "index", "row_index"})


class RowNameAsFeature(LintRule, id="L023", name="row-name-as-feature"):
    """A column that only names the row is learnt from, because it has no role. An estimator can remember rows by it,
    and a counter that grows with time tells it when a row happened. `role id` keeps the column beside predictions
    and away from the estimator.

    wrong:
    ```mlops
    data rides {
      source = csv("rides.csv")
      time   = at
      unit   = block(7d)
      target = bikers
      schema {
        id:     int
        at:     timestamp
        user:   category
        temp:   float in 0..1
        bikers: int in 0..
      }
      check rows >= 100
      split = by_time(train = 70%, validation = 10%, test = 20%)
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
        id:     int role id
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
        """Columns of data that is learnt from, named like a row's own name and without a role."""
        for environment, train in program.stages("train"):
            data = environment.stages.get(str(train.value("data")))
            for column in data.columns if data is not None else ():
                is_named = column.name.lower() in _NAMES and column.role is None
                if data is not None and is_named and column.name not in _known(data):
                    role = Edit(after(column.at), " role id")
                    yield self.found(
                        column.at,
                        f"`{train.name}` learns from `{column.name}`, which only names the row",
                        label="a feature, as it has no role",
                        hint="Write `role id`.",
                        fixes=[Fix("Keep it from the estimator: `role id`", (role,))],
                    )


def _known(stage: StageModel) -> set[object]:
    """Columns that settings say the meaning of."""
    key = stage.value("key")
    return {stage.value("target"), stage.value("time"), *(key if isinstance(key, list) else [key])}
