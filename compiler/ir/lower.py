"""Lowers what a program means to the intermediate representation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlopsc.compiler.ir.model import (
    IR_VERSION,
    Column,
    Comparison,
    Environment,
    Frozen,
    Limit,
    Pipeline,
    Rule,
    Settings,
    Stage,
    Waiver,
)
from mlopsc.compiler.schema.declarations import Block
from mlopsc.compiler.semantics.model import (
    ColumnModel,
    ComparisonModel,
    EnvironmentModel,
    MetricModel,
    RuleModel,
    SemanticModel,
    SettingModel,
    StageModel,
)


def lower(model: SemanticModel, environment: EnvironmentModel) -> Pipeline:
    """The pipeline of a program without errors in one of its environments; stages keep the order of the model."""
    blocks = model.registry.blocks
    settings = _settings(model.pipeline.settings, blocks["pipeline"]) if model.pipeline else {}
    language = settings.pop("language", 1)
    return Pipeline(
        ir=IR_VERSION,
        name=model.pipeline.name if model.pipeline else "pipeline",
        language=language,
        settings=settings,
        environment=Environment(
            name=environment.name,
            rank=environment.rank,
            serves=_serves(model, environment),
            settings=_settings(environment.settings, blocks["environment"]),
        ),
        stages=tuple(_stage(stage) for stage in environment.stages.values()),
        metrics=tuple(_metric(metric, blocks["metric"]) for _, metric in sorted(model.metrics.items())),
    )


def _serves(model: SemanticModel, environment: EnvironmentModel) -> bool:
    """Whether a release reads the environment; the first of several only comes before those that serve."""
    has_release = any(stage.kind.word == "release" for stage in environment.stages.values())
    return not (has_release and environment.rank == 0 and len(model.environments) > 1)


def _stage(stage: StageModel) -> Stage:
    return Stage(
        name=stage.name,
        kind=stage.kind.word,
        settings=_settings(stage.settings, stage.kind),
        inputs=stage.inputs,
        rules=tuple(_rule(rule) for rule in stage.rules),
        **_said(
            Stage,
            columns=tuple(_column(column) for column in stage.columns),
            files=tuple(sorted(stage.files)),
            waived=tuple(Waiver(rule=waiver.rule, reason=waiver.reason) for waiver in stage.waived),
        ),
    )


def _settings(settings: Mapping[str, SettingModel], block: type[Block]) -> Settings:
    """What is written, in the order of the declaration: moving a line in a spec changes nothing."""
    return {word: settings[word].value for word in block.accepts() if word in settings}


def _column(column: ColumnModel) -> Column:
    limits = _said(
        Column, low=column.low, high=column.high, values=column.values, role=column.role, missing=column.missing
    )
    return Column(name=column.name, type=column.type, **limits)


def _rule(rule: RuleModel) -> Rule:
    return Rule(
        id=rule.id,
        verb=rule.verb,
        text=rule.text,
        **_said(
            Rule,
            subject=rule.subject,
            events=rule.events,
            comparisons=tuple(_comparison(comparison) for comparison in rule.comparisons),
            clauses=rule.clauses,
        ),
    )


def _comparison(comparison: ComparisonModel) -> Comparison:
    limit = comparison.limit
    said = _said(Limit, baseline=limit.baseline, factor=limit.factor, offset=limit.offset, values=limit.values)
    return Comparison(operator=comparison.operator, limit=Limit(**said))


def _metric(metric: MetricModel, block: type[Block]) -> Settings:
    return {"name": metric.name, **_settings(metric.settings, block)}


def _said(part: type[Frozen], **values: Any) -> dict[str, Any]:
    """The values that are no defaults: the rest is left unset, and so out of the file."""
    return {
        name: value
        for name, value in values.items()
        if value != part.model_fields[name].get_default(call_default_factory=True)
    }
