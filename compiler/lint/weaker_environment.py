"""The rule `weaker-environment`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mlopsc.compiler.diagnostics import Diagnostic, Label
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.semantics.model import ComparisonModel, EnvironmentModel, RuleModel, StageModel
from mlopsc.compiler.text import Location


class WeakerEnvironment(
    LintRule,
    id="L009",
    name="weaker-environment",
    principle=2,
    earns="an environment asks for no less than the one before",
):
    """An environment asks for less than the one that it follows: a looser limit, a lower level, more looks at the test
    rows, figures that are shown where they were not, all traffic at once instead of a comparison, or no approval where
    the other has one. A model reaches it only after the other, so what it asks for beyond decides; asking for less
    is seldom meant. (A rule that is waived gives its reason already.)

    wrong:
    ```mlops
    environment prod {
      follows = dev
      override gate { require mae(test) <= 60 at 95% }
    }
    ```

    right:
    ```mlops
    environment prod {
      follows = dev
      override gate { require mae(test) <= 40 at 95% }
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Environments beside those that they follow."""
        for environment in program.model.environments.values():
            followed = program.model.environments.get(str(_value(environment, "follows")))
            if followed is not None:
                yield from self._approval(environment, followed)
                yield from self._rules(environment, followed)

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """Environments that follow others."""
        for environment in program.model.environments.values():
            if "follows" in environment.settings:
                yield environment.at

    def _approval(self, environment: EnvironmentModel, followed: EnvironmentModel) -> Iterator[Diagnostic]:
        if _value(followed, "approvers") and not _value(environment, "approvers"):
            yield self.found(
                environment.at,
                f"`{environment.name}` needs no approval, and `{followed.name}`, which it follows, does",
                label="no `approvers`",
                related=[Label(followed.settings["approvers"].at, "needed here")],
            )

    def _rules(self, environment: EnvironmentModel, followed: EnvironmentModel) -> Iterator[Diagnostic]:
        for stage in environment.stages.values():
            before = followed.stages.get(stage.name)
            known = {rule.id: rule for rule in before.rules} if before is not None else {}
            if before is not None:
                yield from self._settings(environment, stage, before)
            for rule in stage.rules:
                stricter = known.get(rule.id)
                if stricter is not None and _is_weaker(rule, stricter):
                    yield self.found(
                        rule.at,
                        f"`{rule.id}` asks for less in `{environment.name}` than in `{followed.name}`",
                        label="weaker than the environment that it follows",
                        related=[Label(stricter.at, f"in `{followed.name}`")],
                    )

    def _settings(self, environment: EnvironmentModel, stage: StageModel, before: StageModel) -> Iterator[Diagnostic]:
        for name, is_weaker in _WEAKER.items():
            setting = stage.settings.get(name)
            if setting is not None and is_weaker(stage.value(name), before.value(name)):
                yield self.found(
                    setting.at,
                    f"`{name}` of `{stage.name}` asks for less in `{environment.name}` than in the environment before",
                    label="weaker than the environment that it follows",
                    related=[Label(before.settings[name].at if name in before.settings else before.at, "as it was")],
                )


def _compares(strategy: object) -> bool:
    return isinstance(strategy, dict) and strategy.get("function") in ("canary", "ab", "shadow")


_LOOKS = 5
"""How often a gate may look unless it says so."""
_WEAKER: Mapping[str, Callable[[Any, Any], bool]] = {
    "max_looks": lambda now, before: (now or _LOOKS) > (before or _LOOKS),
    "reveal": lambda now, before: now is True and before is not True,
    "strategy": lambda now, before: _compares(before) and not _compares(now),
}


def _value(environment: EnvironmentModel, setting: str) -> object:
    found = environment.settings.get(setting)
    return found.value if found is not None else None


def _is_weaker(rule: RuleModel, other: RuleModel) -> bool:
    pairs = zip(rule.comparisons, other.comparisons, strict=False)
    return _level(rule) < _level(other) or any(_is_looser(one, two) for one, two in pairs)


def _level(rule: RuleModel) -> float:
    level = rule.clauses.get("at")
    return float(level) if isinstance(level, int | float) else 0.0


def _is_looser(one: ComparisonModel, other: ComparisonModel) -> bool:
    """Whether a limit of the same form leaves more room, with the other part of it equal."""
    if one.operator != other.operator or one.limit.baseline != other.limit.baseline:
        return False
    sign = 1 if one.operator in ("<", "<=") else -1 if one.operator in (">", ">=") else 0
    moved = sign * (one.limit.factor - other.limit.factor), sign * (one.limit.offset - other.limit.offset)
    return max(moved) > 0 and min(moved) >= 0
