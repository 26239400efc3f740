"""A train stage as `pipeline.json` declares it, with the rows that it learns from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mlopsc.stdlib.metrics import Accuracy, MeanAbsoluteError
from mlopsc.stdlib.runtime.data.tables import Table, load_table
from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.metrics import AnyMetric, read_metric
from mlopsc.stdlib.runtime.model.code import take_snapshot
from mlopsc.stdlib.runtime.model.fitting import Recipe, task_of, with_target
from mlopsc.stdlib.train import PythonEstimator, PythonFeatures, Train

_VERBS = {"minimize": "lower", "maximize": "higher"}
_NOISE = 1e-9


@dataclass(frozen=True)
class Objective:
    """What candidates are compared by; `rule` is "" where the spec names nothing and it is only reported."""

    metric: AnyMetric
    better: str
    rule: str = ""
    text: str = ""

    def is_better(self, one: float, other: float) -> bool:
        """Whether a score beats another by more than the last digits, which differ from machine to machine."""
        gain = other - one if self.better == "lower" else one - other
        return gain > _NOISE * max(abs(one), abs(other))


@dataclass(frozen=True)
class TrainStage:
    """The stage's declaration and the rows of its data that have a target."""

    context: StageContext
    settings: Train
    table: Table
    dropped: int

    @cached_property
    def objective(self) -> Objective:
        """What is minimised or maximised; without such a rule, `mae` of numbers or `accuracy` of classes."""
        for rule in self.context.stage.get("rules", ()):
            if rule["verb"] in _VERBS:
                metric = read_metric(rule["subject"], self.context.pipeline, self.context.project)
                if metric.on == "test":
                    raise StageFailure("a search may not see the test split", "use `validation`", rule=rule["id"])
                return Objective(metric, _VERBS[rule["verb"]], rule["id"], rule["text"])
        if task_of(self.table) == "regression":
            return Objective(MeanAbsoluteError(on="validation"), "lower")
        return Objective(Accuracy(on="validation"), "higher")

    @property
    def has_validation(self) -> bool:
        """Whether the data has a validation split."""
        return "validation" in self.table.splits

    @property
    def released_on(self) -> tuple[str, ...]:
        """The splits that the model is fitted on; all rows only after the gate, which then does it (`refit = all`)."""
        refitted = self.has_validation and self.settings.refit != "never"
        return ("train", "validation") if refitted else ("train",)

    def recipe(self, parameters: Mapping[str, Any]) -> Recipe:
        """What a candidate's parameters make of the declaration."""
        return make_recipe(self.context, self.settings, parameters, self.context.seed)


def open_stage(context: StageContext) -> TrainStage:
    """The train stage that runs."""
    settings = read_settings(context.stage)
    table = load_table(context, settings.data)
    complete = with_target(table)
    return TrainStage(context, settings, complete, len(table) - len(complete))


def read_settings(stage: Mapping[str, Any]) -> Train:
    """The settings of a train stage, as it stands in `pipeline.json`."""
    return Train.model_validate(stage.get("settings", {}))


def make_recipe(context: StageContext, settings: Train, parameters: Mapping[str, Any], seed: int) -> Recipe:
    """What is fitted by these settings with these parameters, with the code as it is now."""
    parts = (settings.estimator, settings.features)
    references = [one.name for one in parts if isinstance(one, PythonEstimator | PythonFeatures)]
    return Recipe(settings, parameters, seed, take_snapshot(context.project, references))
