"""The rules of the fourth principle: experiments are tracked, and can be repeated."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Edit, Fix, Severity
from mlopsc.compiler.lint.principle import PrincipleRule
from mlopsc.compiler.lint.rule import LintedProgram
from mlopsc.compiler.semantics.estimators import estimator
from mlopsc.compiler.semantics.model import StageModel
from mlopsc.compiler.text import Location, Span

_DRAWN = ("ensemble.", "tree.", "neural_network.", "linear_model.SGD")
"""Estimators that draw lots as they are fitted; for others, `random_state` matters for some solvers only."""


class UnseededEstimator(
    PrincipleRule,
    id="L029",
    name="unseeded-estimator",
    severity=Severity.INFO,
    principle=4,
    earns="a training can be repeated and gives the same model",
):
    """An estimator draws lots while it is fitted, and nothing fixes them. The same code on the same rows gives another
    model each time: nobody can tell an improvement from luck, or show later how a model came about.

    wrong:
    ```mlops
    train risk {
      data      = rides
      features  = python("features.py:Calendar")
      estimator = sklearn("ensemble.RandomForestRegressor")
      minimize mae(validation)
    }
    ```

    right:
    ```mlops
    train risk {
      data      = rides
      features  = python("features.py:Calendar")
      estimator = sklearn("ensemble.RandomForestRegressor", random_state = 7)
      minimize mae(validation)
    }
    ```
    """

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Estimators of scikit-learn that draw lots and have no `random_state`."""
        for _, stage in program.stages("train"):
            if _is_drawn(stage) and not _is_seeded(stage):
                at = stage.settings["estimator"].value_at
                end = Location(at.file, Span(at.span.end - 1, at.span.end - 1))
                fixes = (
                    [Fix("Add `random_state = 7`", (Edit(end, ", random_state = 7"),))] if at.text[-1:] == ")" else []
                )
                yield self.found(
                    at,
                    f"`{stage.name}` gives another model each time it is trained",
                    label="no `random_state`",
                    hint="Add `random_state = 7`, or any other number.",
                    fixes=fixes,
                )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """Estimators that are seeded, or draw no lots."""
        for _, stage in program.stages("train"):
            if "estimator" in stage.settings and (_is_seeded(stage) or not _is_drawn(stage)):
                yield stage.settings["estimator"].at


class UntrackedTraining(
    PrincipleRule,
    id="L038",
    name="untracked-training",
    severity=Severity.INFO,
    principle=4,
    earns="every training is recorded",
):
    """A train stage says `track = false`: what was tried, with which rows and parameters, and how well it did, is
    recorded nowhere, so that the same things are tried again.

    wrong:
    ```mlops
    train risk {
      data      = rides
      features  = python("features.py:Calendar")
      estimator = sklearn("linear_model.Ridge")
      track     = false
      minimize mae(validation)
    }
    ```

    right:
    ```mlops
    train risk {
      data      = rides
      features  = python("features.py:Calendar")
      estimator = sklearn("linear_model.Ridge")
      minimize mae(validation)
    }
    ```
    """

    def missing(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Train stages that are not tracked."""
        for _, stage in program.stages("train"):
            if stage.value("track") is False:
                yield self.found(
                    stage.settings["track"].at,
                    f"nothing records what was tried for `{stage.name}`",
                    label="not tracked",
                    hint="Remove it: runs are recorded unless it says otherwise.",
                )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """Train stages that are tracked."""
        for _, stage in program.stages("train"):
            if stage.value("track") is not False:
                yield stage.at


def _estimator(stage: StageModel) -> dict[str, object]:
    value = stage.value("estimator")
    return dict(value) if isinstance(value, dict) else {}


def _is_drawn(stage: StageModel) -> bool:
    found = _estimator(stage)
    name = str(found.get("name", ""))
    known = estimator(name) if found.get("function") == "sklearn" and name.startswith(_DRAWN) else None
    return known is not None and "random_state" in known.parameters


def _is_seeded(stage: StageModel) -> bool:
    parameters = _estimator(stage).get("parameters")
    return isinstance(parameters, dict) and parameters.get("random_state") is not None
