"""The rule `judged-on-seen-rows`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.semantics.model import EnvironmentModel, RuleModel, StageModel


class JudgedOnSeenRows(LintRule, id="L016", name="judged-on-seen-rows"):
    """A gate judges a model by rows that it has seen: those it was fitted on, or those that its candidates were chosen
    by. It does well on them whatever it is worth. Unless `refit = never`, the chosen candidate is fitted again on
    training and validation rows together, so that only `test` is left to judge by. A search that compares its
    candidates on the training rows chooses whichever remembers them best.

    wrong:
    ```mlops
    test gate {
      model = demand
      require mae(validation) <= 45 at 95%
      require mae(test) <= champion + 5% at 95%
    }
    ```

    right:
    ```mlops
    test gate {
      model = demand
      require mae(test) <= 45 at 95%
      require mae(test) <= champion + 5% at 95%
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Metrics of gates on splits that were learnt from, and aims of searches on the training rows."""
        for environment, gate in program.stages("test"):
            for rule in gate.rules:
                if _split(rule) in _seen(environment, gate):
                    yield self.found(
                        rule.subject_at,
                        f"`{gate.value('model')}` has seen the rows of `{_split(rule)}`",
                        label="does well here in any case",
                        hint="Judge by `test`, the rows that nothing has seen.",
                    )
        for _, train in program.stages("train"):
            for rule in train.rules:
                if "search" in train.settings and "folds" not in train.settings and _split(rule) == "train":
                    yield self.found(
                        rule.subject_at,
                        f"the candidates of `{train.name}` are compared on the rows that they are fitted on",
                        label="the best memory wins",
                        hint="Compare on `validation`, or write `folds = 5`.",
                    )


def _split(rule: RuleModel) -> str:
    return str((rule.subject or {}).get("on", ""))


def _seen(environment: EnvironmentModel, gate: StageModel) -> tuple[str, ...]:
    train = environment.stages.get(str(gate.value("model")))
    if train is None:
        return ()
    keeps_validation = train.value("refit") == "never" and "search" not in train.settings
    return ("train",) if keeps_validation else ("train", "validation")
