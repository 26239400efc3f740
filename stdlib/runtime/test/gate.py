"""What a test stage works with: its model, the rows that it is judged on, and what the model says of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from mlopsc.compiler.ir.model import Rule
from mlopsc.stdlib.runtime.data.tables import Table, load_table
from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.dependencies import keep_lock
from mlopsc.stdlib.runtime.engine.outcome import StageRecord
from mlopsc.stdlib.runtime.engine.versions import champion
from mlopsc.stdlib.runtime.metrics import AnyMetric, Predictions
from mlopsc.stdlib.runtime.model.artefact import load_model
from mlopsc.stdlib.runtime.model.fitting import with_target
from mlopsc.stdlib.runtime.model.model import LoadedModel
from mlopsc.stdlib.runtime.model.predictions import predict_rows
from mlopsc.stdlib.runtime.store.faults import OperationError
from mlopsc.stdlib.runtime.store.log import Entry
from mlopsc.stdlib.runtime.train.declared import read_settings
from mlopsc.stdlib.test import Test
from mlopsc.stdlib.train import Train


@dataclass(frozen=True)
class Gate:
    """A test stage that runs.

    `counted` says whether a release reads the environment: then the test split is judged with the refitted model and
    each look is counted; else the validation split, with the candidate, which has not seen it.
    """

    context: StageContext
    settings: Test
    _models: dict[str, LoadedModel] = field(default_factory=dict)
    _predictions: dict[tuple[str, bool], Predictions] = field(default_factory=dict)
    _retrained: dict[str, LoadedModel | OperationError] = field(default_factory=dict)

    @property
    def counted(self) -> bool:
        """Whether this is a look at the test split."""
        return bool(self.context.pipeline["environment"].get("serves", True))

    @property
    def revealed(self) -> bool:
        """Whether the report may show the figures of the test split."""
        return self.settings.reveal or not self.counted

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules to judge."""
        return tuple(Rule.model_validate(rule) for rule in self.context.stage.get("rules", ()))

    @property
    def train_name(self) -> str:
        """The name of the train stage."""
        return str(self.settings.model)

    @property
    def train(self) -> StageRecord:
        """The record of the train stage."""
        return self.context.inputs[self.train_name]

    @cached_property
    def train_settings(self) -> Train:
        """The settings of the train stage."""
        return read_settings(self.train_declaration)

    @property
    def train_declaration(self) -> Mapping[str, Any]:
        """The train stage, as it stands in `pipeline.json`."""
        return _declared(self.context.pipeline, self.train_name)

    @cached_property
    def table(self) -> Table:
        """All rows with a target."""
        return with_target(load_table(self.context, self.train_settings.data))

    @cached_property
    def test_rows(self) -> str:
        """The hash of the set of test rows, whatever their order and whoever looks at them."""
        hashes = np.sort(self.table.split("test").hashes)
        return hashlib.sha256(hashes.astype("<u8").tobytes()).hexdigest()

    @cached_property
    def champion(self) -> Entry | None:
        """The version that the model is compared with; raises StoreError when it cannot be told."""
        logs = self.context.pipeline.get("release_logs", ())
        return champion(self.context.store, self.train_name, self.train.key, logs)

    @cached_property
    def lock_text(self) -> str | None:
        """The dependency lock that the model was trained under, in the store."""
        return keep_lock(self.context.store, self.context.project, self.train.parts.get("dependencies"))

    def split_of(self, metric: AnyMetric) -> str:
        """The split that a rule about this metric is judged on here."""
        return metric.on if self.counted or metric.on != "test" else "validation"

    def model_for(self, split: str) -> LoadedModel:
        """The model that is judged on a split: none is judged on rows that it was refitted on."""
        output = "model" if split == "test" else "candidate"
        if output not in self._models:
            self._models[output] = load_model(self.context.open_input(self.train_name, output))
        return self._models[output]

    def retrained(self, split: str, retrain: Callable[[], LoadedModel]) -> LoadedModel:
        """The champion's recipe, fitted anew once for all rules about a split; raises OperationError each time."""
        if split not in self._retrained:
            try:
                self._retrained[split] = retrain()
            except OperationError as error:
                self._retrained[split] = error
        found = self._retrained[split]
        if isinstance(found, OperationError):
            raise found
        return found

    def without(self, split: str) -> str:
        """Why nothing can be judged where the data has no such split."""
        data = self.train_settings.data
        return (
            f"`{self.context.environment}` judges on `{split}`, and `{data}` has no such split: give it a share of the "
            "rows"
        )

    def rows_of(self, *splits: str) -> Table:
        """The rows of one or several splits."""
        return self.table.split(*splits)

    def predictions(self, split: str, metric: AnyMetric) -> Predictions:
        """What the model says of a split, as the metric needs it."""
        wanted = split, metric.needs == "predictions"
        if wanted not in self._predictions:
            self._predictions[wanted] = predict_rows(self.model_for(split), self.rows_of(split), [metric])
        return self._predictions[wanted]


def open_gate(context: StageContext) -> Gate:
    """The test stage that runs."""
    return Gate(context, Test.model_validate(context.stage.get("settings", {})))


def _declared(pipeline: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(stage for stage in pipeline["stages"] if stage["name"] == name)
    return found
