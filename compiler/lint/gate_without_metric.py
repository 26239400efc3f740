"""The rule `gate-without-metric`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Label
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.text import Location


class GateWithoutMetric(
    LintRule, id="L006", name="gate-without-metric", principle=5, earns="a gate asks how good the predictions are"
):
    """A release goes through a gate that asks nothing about predictions: tests of the code and latency say how a
    model runs, never whether it is any good, so a model of noise would pass.

    wrong:
    ```mlops
    test gate {
      model = demand
      require latency(p95) <= 20ms
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
      require latency(p95) <= 20ms
      require mae(test) <= champion + 5% at 95%
    }

    release api {
      model = demand
      gate  = gate
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Gates of releases without a rule about a metric."""
        for environment, release in program.stages("release"):
            gate = environment.stages.get(str(release.value("gate")))
            if gate is not None and not any(program.is_of_predictions(rule) for rule in gate.rules):
                yield self.found(
                    gate.at,
                    f"the gate `{gate.name}` of `{release.name}` asks nothing about predictions",
                    label="a model of noise would pass",
                    hint="Add a `require` with a metric, such as `require mae(test) <= champion + 5% at 95%`.",
                    related=[Label(release.settings["gate"].at, "what relies on it")],
                )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """What gates ask of predictions."""
        for _, gate in program.stages("test"):
            yield from (rule.at for rule in gate.rules if program.is_of_predictions(rule))
