"""The rule `gate-without-champion`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Edit, Fix
from mlopsc.compiler.lint.rule import LintedProgram, LintRule, after, next_line
from mlopsc.compiler.semantics.model import RuleModel
from mlopsc.compiler.text import Location


class GateWithoutChampion(
    LintRule,
    id="L007",
    name="gate-without-champion",
    principle=6,
    earns="no model lands that is worse than the one before",
):
    """A release goes through a gate that compares models with numbers only. A model that is clearly worse than the
    one in service then replaces it as long as it stays within those numbers. `champion` is the same metric of the
    model in service, on the same rows; the first model, which has none to beat, passes the rule.

    wrong:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 45 at 95%
    }

    release api {
      model = demand
      gate  = gate
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 45 at 95%
      require mae(test) <= champion at 95%
    }

    release api {
      model = demand
      gate  = gate
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Gates of releases with metrics and none that is compared with the champion's."""
        for environment, release in program.stages("release"):
            gate = environment.stages.get(str(release.value("gate")))
            rules = [rule for rule in gate.rules if program.is_of_predictions(rule)] if gate is not None else []
            if gate is not None and rules and not any(_compares_with_champion(rule) for rule in rules):
                yield self.found(
                    gate.at,
                    f"the gate `{gate.name}` never compares a model with the one in service",
                    label="a worse model may pass",
                    hint="Add a rule such as `require mae(test) <= champion at 95%`.",
                    fixes=[fix for rule in rules for fix in _with_champion(rule)][:1],
                )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """Comparisons with the champion in gates."""
        for _, gate in program.stages("test"):
            yield from (rule.at for rule in gate.rules if _compares_with_champion(rule))


def _compares_with_champion(rule: RuleModel) -> bool:
    return any(comparison.limit.baseline == "champion" for comparison in rule.comparisons)


def _with_champion(rule: RuleModel) -> Iterator[Fix]:
    """The same metric, not worse than the champion's; how much worse would do is for the user to say."""
    operator = rule.comparisons[0].operator if len(rule.comparisons) == 1 else "=="
    measured, found, _ = rule.subject_at.text.partition(operator)
    if found and operator in ("<", "<=", ">", ">="):
        new = f"require {measured.strip()} {operator} champion at 95%"
        yield Fix(f"Add `{new}`", (Edit(after(rule.at), next_line(rule.at, new)),))
