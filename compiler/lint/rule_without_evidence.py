"""The rule `rule-without-evidence`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Severity
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.lint.undecidable_comparison import is_independent
from mlopsc.compiler.semantics.model import EnvironmentModel, RuleModel, StageModel

_CANARY = "Write `strategy = canary(steps = [5%, 25%, 100%], every = 1d)`."
_ROOTS = frozenset({"rmse"})
"""Metrics that are the root of a mean over rows."""


class RuleWithoutEvidence(LintRule, id="L012", name="rule-without-evidence", severity=Severity.ERROR):
    """A release has a rule that nothing in its rollout could ever decide, or a rollout that no rule ends.

    What a guard watches and a requirement compares are the answers of two versions side by side, added up day after
    day. So `direct` has no rules, because it leaves nothing to compare with; `blue_green` has guards on the new
    version alone, while the old one is kept; in `shadow` predictions can be compared only where an answer cannot
    change what happens; `ab` and `shadow` go on until a `require … within` ends them. A metric is compared if it is a
    mean over rows, or the root of one: `mae`, `rmse`, `accuracy`, `log_loss`. Rates of errors are compared by a
    factor, `champion * 2`, and times with a number.

    wrong:
    ```mlops
    release api {
      model = demand
      gate  = gate
      guard error_rate <= 1%
    }
    ```

    right:
    ```mlops
    release api {
      model    = demand
      gate     = gate
      strategy = canary(steps = [5%, 25%, 100%], every = 1d)
      guard error_rate <= 1%
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Guards and requirements of releases, beside the strategy and what their subjects are."""
        for environment, release in program.stages("release"):
            strategy = _strategy(release)
            for rule in release.rules:
                if found := _fault(program, environment, release, rule, strategy):
                    message, hint = found
                    yield self.found(rule.at, message, label="never decided", hint=hint)
            requires = any(rule.verb == "require" for rule in release.rules)
            if strategy in ("ab", "shadow") and not requires:
                yield self.found(
                    release.settings["strategy"].value_at,
                    f"`{strategy}` goes on until a requirement is decided, and `{release.name}` has none",
                    label="never ends",
                    hint="Write `require mae(feedback) <= champion at 95% within 28d`, or another such rule.",
                )


def _fault(
    program: LintedProgram, environment: EnvironmentModel, release: StageModel, rule: RuleModel, strategy: str
) -> tuple[str, str] | None:
    """What is wrong with a rule, and what to write."""
    is_metric = program.is_of_predictions(rule)
    if strategy == "direct":
        return "`direct` moves all traffic at once: nothing is left to compare with, and no rollout to watch", _CANARY
    if strategy == "blue_green" and (is_metric or rule.verb == "require" or _is_relative(rule)):
        return "in `blue_green` the old model is ready and answers nothing: there is nothing to compare with", _CANARY
    if strategy == "blue_green" and "keep" not in _parameters(release):
        return "`blue_green` says nothing of how long the old model is kept, and so how long this is watched", (
            "Write `blue_green(keep = 1d)`."
        )
    if strategy == "shadow" and (is_metric or rule.verb == "require") and not is_independent(environment, release):
        return (
            "in `shadow` only the old model's answers are acted on, so what turned out says nothing of the new one's",
            "Say `outcome = independent` of the data if answers cannot change it, or compare by `ab` or `canary`.",
        )
    return _fault_of_words(program, rule, is_metric=is_metric)


def _fault_of_words(program: LintedProgram, rule: RuleModel, *, is_metric: bool) -> tuple[str, str] | None:
    """What is wrong with what a rule compares."""
    word = str((rule.subject or {}).get("function"))
    measured = program.measured(rule)
    if is_metric and word not in _ROOTS and not getattr(measured, "mean_of_rows", False):
        return f"`{word}` is no mean over rows, so days of service cannot be added up", (
            "Compare by `mae`, `rmse`, `accuracy`, `log_loss`, `brier` or another mean."
        )
    limits = [comparison.limit for comparison in rule.comparisons]
    if any(isinstance(limit.baseline, dict) for limit in limits):
        return "in service a version is compared with the champion or a number", "Write `champion`, or a number."
    if word == "latency" and _is_relative(rule):
        return "times are held against a number in service", "Write `latency(p95) <= 200ms`, or your limit."
    if word == "error_rate" and _is_relative(rule) and any(limit.offset for limit in limits):
        return "rates of errors are compared by a factor", "Write `error_rate <= champion * 2`, or your factor."
    if rule.verb == "require" and "within" not in rule.clauses:
        return "nothing says by when this must be decided, so the release could wait for ever", "Add `within 28d`."
    return None


def _strategy(release: StageModel) -> str:
    value = release.value("strategy")
    return str(value["function"]) if isinstance(value, dict) else "direct"


def _parameters(release: StageModel) -> dict[str, object]:
    value = release.value("strategy")
    return dict(value) if isinstance(value, dict) else {}


def _is_relative(rule: RuleModel) -> bool:
    return any(comparison.limit.baseline == "champion" for comparison in rule.comparisons)
