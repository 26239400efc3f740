"""The rules of the sixth principle: delivery goes by itself, and only a good model lands."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Severity
from mlopsc.compiler.lint.principle import PrincipleRule
from mlopsc.compiler.lint.rule import LintedProgram, word_of
from mlopsc.compiler.semantics.model import EnvironmentModel, RuleModel, StageModel
from mlopsc.compiler.text import Location

_ON_BOTH = frozenset({"canary", "ab", "shadow"})
"""Strategies in which two versions answer at the same time."""


class ReleaseAtOnce(
    PrincipleRule,
    id="L042",
    name="release-at-once",
    severity=Severity.INFO,
    principle=6,
    earns="a new model proves itself beside the old one",
):
    """A new model gets all traffic at once, so that nothing shows how the old one would have done on the same
    requests, and everybody meets its mistakes. `canary`, `ab` and `shadow` have both answer side by side.

    wrong:
    ```mlops
    release api {
      model    = demand
      gate     = gate
      strategy = blue_green(keep = 1d)
      guard latency(p95) <= 200ms
    }
    ```
    """

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Releases without two versions side by side."""
        for _, release in program.stages("release"):
            if _strategy(release) not in _ON_BOTH:
                setting = release.settings.get("strategy")
                yield self.found(
                    setting.at if setting is not None else release.at,
                    f"a new model of `{release.name}` gets all traffic at once",
                    label="no comparison in service",
                    hint="Write `strategy = canary(steps = [5%, 25%, 100%], every = 1d)`, `ab()` or `shadow()`.",
                )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """Strategies that compare."""
        for _, release in program.stages("release"):
            if _strategy(release) in _ON_BOTH:
                yield release.settings["strategy"].at


class ReleaseWithoutComparison(
    PrincipleRule,
    id="L043",
    name="release-without-comparison",
    severity=Severity.INFO,
    principle=6,
    earns="a comparison in service decides which model stays",
):
    """A release moves traffic to a new model and asks nothing of its answers. The gate judged it on rows of the past;
    whether it is better for the people of today, only a comparison in service tells: `require … within`.

    wrong:
    ```mlops
    release api {
      model    = demand
      gate     = gate
      strategy = canary(steps = [5%, 100%], every = 7d)
      guard error_rate <= champion * 2
    }
    ```
    """

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Releases with two versions side by side, and with rules, of which none is a requirement.

        Of others, `release-at-once` and `no-rollback` speak.
        """
        for environment, release in program.stages("release"):
            verbs = {rule.verb for rule in release.rules}
            if _strategy(release) in _ON_BOTH and verbs and "require" not in verbs:
                example = _comparison(program, environment, release)
                yield self.found(
                    release.at,
                    f"what turns out to be true has no say in `{release.name}`",
                    label="no `require`",
                    hint=f"Add a rule such as `require {example} at 95% within 28d`.",
                )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """What releases require."""
        for _, release in program.stages("release"):
            yield from (rule.at for rule in release.rules if rule.verb == "require")


class NoRollback(
    PrincipleRule, id="L044", name="no-rollback", principle=6, earns="a bad model is taken back by itself"
):
    """Nothing takes a bad model back: no `guard` watches its rollout, no requirement ends it, and no event does
    `rollback`. It stays until somebody notices, and knows how.

    wrong:
    ```mlops
    release api {
      model    = demand
      gate     = gate
      strategy = canary(steps = [5%, 100%], every = 7d)
    }
    ```
    """

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Releases that nothing takes back."""
        for environment, release in program.stages("release"):
            if not any(True for _ in _ways_back(environment, release)):
                yield self.found(
                    release.at,
                    f"nothing takes a bad model of `{release.name}` back",
                    label="no way back",
                    hint="Add `guard error_rate <= champion * 2`, or `on uptime do rollback()` in its monitor.",
                )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """What takes a model back."""
        for environment, release in program.stages("release"):
            yield from (rule.at for rule in _ways_back(environment, release))


def _comparison(program: LintedProgram, environment: EnvironmentModel, release: StageModel) -> str:
    """A metric of the gate, compared with the champion in service."""
    gate = environment.stages.get(str(release.value("gate")))
    for rule in gate.rules if gate is not None else ():
        if program.is_of_predictions(rule) and rule.comparisons:
            higher = rule.comparisons[0].operator in (">", ">=")
            return f"{word_of(rule)}(feedback) {'>= champion * 95%' if higher else '<= champion + 5%'}"
    return "mae(feedback) <= champion + 5%"


def _strategy(release: StageModel) -> str:
    value = release.value("strategy")
    return str(value["function"]) if isinstance(value, dict) else "direct"


def _ways_back(environment: EnvironmentModel, release: StageModel) -> Iterator[RuleModel]:
    yield from (rule for rule in release.rules if rule.verb in ("guard", "require"))
    for monitor in environment.stages.values():
        if monitor.value("release") == release.name:
            yield from (rule for rule in monitor.rules if "rollback" in actions_of(rule))


def actions_of(rule: RuleModel) -> set[str]:
    """The actions of a rule `on`, by name."""
    done = rule.clauses.get("do")
    return {str(one["function"]) for one in (done if isinstance(done, list) else [done]) if isinstance(one, dict)}
