"""The rule `unstated-unit`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Edit, Fix, Label, Severity
from mlopsc.compiler.lint.rule import LintedProgram, LintRule, after, next_line


class UnstatedUnit(LintRule, id="L017", name="unstated-unit", severity=Severity.INFO):
    """Rows have a time, a gate asks for proof, and nothing says what counts as one independent observation. Weeks do
    then, because neighbouring rows are alike: of a year of hours, 52 observations are left. If days are alike no
    longer than a day, `block(1d)` proves more with the same rows; if one user has many rows, `unit = user` is right;
    `unit = row` is for rows that know nothing of each other. The fix writes down what holds already.

    wrong:
    ```mlops
    data rides {
      source = csv("rides.csv")
      time   = at
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
        """Data with `time` and without `unit` whose rows prove something in a gate."""
        for environment, gate in program.stages("test"):
            model = environment.stages.get(str(gate.value("model")))
            data = environment.stages.get(str(model.value("data"))) if model is not None else None
            proofs = [rule for rule in gate.rules if "at" in rule.clauses]
            if data is not None and proofs and "time" in data.settings and "unit" not in data.settings:
                time = data.settings["time"]
                edit = Edit(after(time.at), next_line(time.at, "unit = block(7d)"))
                yield self.found(
                    time.at,
                    f"nothing says what counts as one independent observation of `{data.name}`: weeks do",
                    label="no `unit`",
                    hint="Write `unit = block(7d)`, or what is right here.",
                    related=[Label(proofs[0].at, "proven by so many observations")],
                    fixes=[Fix("Write down what holds: `unit = block(7d)`", (edit,), safe=True)],
                )
