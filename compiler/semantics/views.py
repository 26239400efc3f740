"""Which columns and splits the names of a stage mean: its own, or those of the data stages that it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from mlopsc.compiler.records import Entity
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Function, StageKind
from mlopsc.compiler.schema.types import type_of
from mlopsc.compiler.semantics.columns import evaluate_columns
from mlopsc.compiler.semantics.context import Context, DataView, Trace
from mlopsc.compiler.semantics.index import Namespace
from mlopsc.compiler.semantics.merging import Merged
from mlopsc.compiler.semantics.model import ColumnModel, SettingModel, StageModel, names_in
from mlopsc.compiler.syntax import ast

if TYPE_CHECKING:
    from pydantic import JsonValue


PREDICTION = "prediction"
"""The column that rules of a stage which predicts see beside those of its data."""


class Checked(Entity):
    """A stage that has been checked: how other stages see its data, if it is a data stage, and what it asks of them."""

    model: StageModel
    merged: Merged
    data: DataView | None
    trace: Trace


class Surroundings(Entity):
    """A stage that is being checked, and the stages of its environment that it could read."""

    merged: Merged
    kind: type[StageKind]
    checked: Mapping[str, Checked]

    def seen(self, context: Context) -> Context:
        """The context in which the settings of the stage are checked."""
        assert context.view is not None
        if self.kind.has_schema:
            return context.changed(view=context.view.changed(data=self._own(context)))
        if self.kind.data_through:
            return context.changed(view=context.view.changed(data=self._with_prediction(self._led_to())))
        return context

    def own_data(self, context: Context, settings: Mapping[str, SettingModel]) -> DataView | None:
        """A data stage whose settings are known, as its rules and other stages see it."""
        view = context.view
        if not self.kind.has_schema or view is None or not view.data:
            return None
        columns: dict[str, ColumnModel] = {}
        for data in view.data:
            columns = {**data.columns, **columns}
        is_complete = all(data.is_complete for data in view.data)
        return self._data(columns, is_complete, settings, self._splits(settings, context))

    def _own(self, context: Context) -> tuple[DataView, ...]:
        """The columns that a data stage declares, else those of the stages that it is derived from."""
        merged = self.merged
        sources = self._named(self.kind.columns_from)
        if merged.has_schema or not sources:
            is_known = merged.has_schema or self.kind.columns_from not in merged.written
            is_complete = is_known and not merged.is_damaged
            return (self._data(evaluate_columns(merged, context), is_complete, {}, None),)
        found = [self.checked[name].data if name in self.checked else None for name in sources]
        known = [data for data in found if data is not None]
        is_complete = len(known) == len(sources) and not merged.is_damaged and all(one.is_complete for one in known)
        if len(known) == 1:
            return (self._data(known[0].columns, is_complete, {}, None),)
        return tuple(data.changed(is_complete=is_complete) for data in known)

    def _data(
        self,
        columns: Mapping[str, ColumnModel],
        is_complete: bool,
        settings: Mapping[str, SettingModel],
        splits: Mapping[str, float] | None,
    ) -> DataView:
        merged = self.merged
        at = merged.definition.name_at
        return DataView(merged.name, at, columns, is_complete, merged.written, settings, splits)

    def _splits(self, settings: Mapping[str, SettingModel], context: Context) -> Mapping[str, float] | None:
        """The splits with their shares; None where they are not known, none where nothing splits the rows."""
        for word, parameter in self.kind.accepts().items():
            type_ = type_of(parameter)
            if isinstance(type_, types.FunctionOf) and type_.family.makes_splits:
                setting = settings.get(word)
                if setting is not None:
                    return _shares(setting.value, type_.family, context)
                return None if word in self.merged.written or self.merged.is_damaged else {}
        return None

    def _led_to(self) -> tuple[DataView, ...] | None:
        """The data stages at the end of the path of settings; None if a mistake is in the way."""
        first, *steps = self.kind.data_through
        names = self._named(first)
        for step in steps:
            names = [name for one in names for name in self.named_by(one, step)]
        found = [self.checked[name].data for name in names if name in self.checked]
        return tuple(one for one in found if one is not None) or None

    def _with_prediction(self, found: tuple[DataView, ...] | None) -> tuple[DataView, ...] | None:
        """The same data with what is predicted for each row, of the type of the target that the model learned."""
        learned = self.learned()
        target = learned.target if learned else None
        if not found or target is None:
            return found
        values = {"name": PREDICTION, "role": None, "missing": 0.0}
        column = target.changed(**values, low=None, high=None)
        return tuple(data.changed(columns={**data.columns, PREDICTION: column}) for data in found)

    def learned(self) -> DataView | None:
        """For a stage that predicts: the data that its model learned from, if it is known."""
        names = self._named(self.kind.predicts) if self.kind.predicts else []
        while names:
            data = next((one.data for name in names if (one := self.checked.get(name)) and one.data), None)
            if data is not None:
                return data
            names = [name for one in names for word in ("model", "data") for name in self.named_by(one, word)]
        return None

    def named_by(self, stage: str, setting: str) -> list[str]:
        """The stages that a setting of another stage names."""
        checked = self.checked.get(stage)
        return names_in(checked.model.settings.get(setting)) if checked else []

    def _named(self, setting: str) -> list[str]:
        """The stages that a setting names, as far as they are right; mistakes are reported when it is checked."""
        placed = self.merged.settings.get(setting)
        if placed is None:
            return []
        node, blocks = placed.node.value, placed.home.scope.blocks[Namespace.STAGE]
        refs = node.items if isinstance(node, ast.ListOf) else (node,)
        words = [one.text.removeprefix("stage.") for one in refs if isinstance(one, ast.Ref)]
        return [blocks[word].name for word in words if word in blocks]


def _shares(value: JsonValue, family: type[Function], context: Context) -> Mapping[str, float]:
    """The shares of a split, defaults included."""
    call = cast("dict[str, JsonValue]", value)
    function = context.program.registry.function(str(call["function"]), (family,))
    accepts = function.accepts() if function else {}
    shares = {word: one for word, one in accepts.items() if type_of(one) == types.Plain("share")}
    return {word: cast(float, call.get(word, one.default)) for word, one in shares.items()}
