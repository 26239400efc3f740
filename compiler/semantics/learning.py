"""Whether there is something to learn: a target, features, and an estimator for what the target is."""

from __future__ import annotations

from mlopsc.compiler.schema.declarations import StageKind
from mlopsc.compiler.schema.types import EstimatorName, type_of
from mlopsc.compiler.semantics import messages_columns
from mlopsc.compiler.semantics import messages_learning as messages
from mlopsc.compiler.semantics.context import Context, DataView
from mlopsc.compiler.semantics.judging import tasks_of
from mlopsc.compiler.semantics.merging import Merged
from mlopsc.compiler.semantics.model import ColumnModel


def judge_data(data: DataView, context: Context) -> None:
    """Report a target that cannot be one: a column with another role, or of a type that nothing predicts."""
    target, setting = data.target, data.settings.get("target")
    if target is None or setting is None:
        return
    word = str(target.type["function"])
    if target.role is not None:
        context.report(messages.target_with_role(setting.value_at, target.name, target.role, target.at))
    elif word and tasks_of(context.program.registry).get(word) is None:
        fitting = [name for name, task in tasks_of(context.program.registry).items() if task]
        context.report(messages.target_of_type(setting.value_at, target.name, word, fitting, target.at))


def judge_learning(merged: Merged, kind: type[StageKind], context: Context) -> None:
    """Report what the data of a stage lacks, and an estimator that does not fit its target."""
    data = context.view.only_data if context.view else None
    if data is None or not data.is_complete or data.stage == merged.name:
        return
    lacking = [need for need in kind.data_needs if need not in data.written]
    if lacking and not merged.is_abstract:
        for need in lacking:
            found = messages_columns.data_lacks(merged.header_at, f"`{merged.name}`", need, data.stage, data.at)
            context.findings.report_once(f"{data.stage} lacks {need}", found)
        return
    if kind.feature_step:
        _hold_features(merged, kind.feature_step in merged.settings, data, context)
        _hold_estimator(data, context)


def judge_predicting(merged: Merged, learned: DataView | None, context: Context) -> None:
    """Report columns that the model learned from and that the rows to predict for do not have.

    Texts and times reach a model through a feature step alone, which may leave them out: nothing is said of these.
    """
    data = context.view.only_data if context.view else None
    if data is None or learned is None or not data.is_complete or not learned.is_complete:
        return
    types = context.program.registry.column_types
    kinds = [(one, types.get(str(one.type["function"]))) for one in _features(learned, context)]
    certain = [one for one, kind in kinds if kind is not None and kind.direct]
    names = {one.name for one in certain} - _left_out(learned)
    if missing := [one.name for one in certain if one.name in names and one.name not in data.columns]:
        found = messages.unlearned_rows(merged.header_at, merged.name, learned.stage, data.stage, missing, data.at)
        context.report(found)


def _left_out(data: DataView) -> set[str]:
    """The time of the rows, and a column that is their key by itself: no features."""
    return {*_named(data, "time"), *(_named(data, "key") if len(_named(data, "key")) == 1 else ())}


def _features(data: DataView, context: Context) -> list[ColumnModel]:
    """The columns that an estimator may see."""
    barred = context.program.registry.schema_field.not_features
    target = data.target
    return [
        column
        for column in data.columns.values()
        if column.role not in barred and (target is None or column.name != target.name)
    ]


def _hold_features(merged: Merged, has_step: bool, data: DataView, context: Context) -> None:
    types = context.program.registry.column_types
    features = _features(data, context)
    usable = [
        column
        for column in features
        if has_step or str(column.type["function"]) not in types or types[str(column.type["function"])].direct
    ]
    if not usable:
        context.report(
            messages.no_features(merged.header_at, merged.name, data.stage, [one.name for one in features], data.at)
        )
        return
    left_out = _left_out(data)
    for column in features:
        is_used = column not in usable and column.role not in context.program.registry.schema_field.only_in_steps
        if is_used and column.name not in left_out:
            context.report(messages.indirect_feature(column.at, column.name, str(column.type["function"]), merged.name))


def _named(data: DataView, setting: str) -> list[str]:
    """The columns that a setting of the data names."""
    found = data.settings.get(setting)
    value = found.value if found else None
    return [str(one) for one in value] if isinstance(value, list) else [value] if isinstance(value, str) else []


def _hold_estimator(data: DataView, context: Context) -> None:
    """An estimator predicts numbers or classes; so does the target ask for."""
    view = context.view
    task = data.task(tasks_of(context.program.registry))
    target = data.target
    if view is None or task is None or target is None:
        return
    for setting in view.settings.values():
        name = _estimator_named(setting.value, context)
        info = context.program.project.estimator(name) if name else None
        if info is None or info.task == "other" or (info.task == "regression") == (task == "regression"):
            continue
        twin = _twin(name, context)
        kind = str(target.type["function"])
        context.report(messages.wrong_estimator(setting.value_at, name, info.task, target.name, kind, target.at, twin))


def _estimator_named(value: object, context: Context) -> str:
    """The name of the estimator that a call gives, if its function takes one."""
    if not isinstance(value, dict) or "function" not in value:
        return ""
    for function in context.program.registry.functions:
        if function.word == value["function"]:
            for word, parameter in function.accepts().items():
                if isinstance(type_of(parameter), EstimatorName):
                    return str(value.get(word, ""))
    return ""


def _twin(name: str, context: Context) -> str:
    """The estimator of the same family for the other task: `Ridge…Regressor` and `…Classifier`."""
    for one, other in (("Regressor", "Classifier"), ("Classifier", "Regressor")):
        twin = name.replace(one, other)
        if twin != name and context.program.project.estimator(twin) is not None:
            return twin
    return ""
