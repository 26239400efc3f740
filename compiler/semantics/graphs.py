"""The graph of stages: its order, circles in it, and what stages ask of each other across it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from mlopsc.compiler.diagnostics import Label
from mlopsc.compiler.schema.types import StageRef, type_of
from mlopsc.compiler.semantics import messages_columns, messages_graph
from mlopsc.compiler.semantics.context import Claim
from mlopsc.compiler.semantics.findings import Findings
from mlopsc.compiler.semantics.index import Namespace
from mlopsc.compiler.semantics.merging import Merged
from mlopsc.compiler.semantics.model import StageModel, names_in
from mlopsc.compiler.semantics.names import leaves
from mlopsc.compiler.semantics.views import Checked
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Location


def named_stages(merged: Merged) -> dict[str, Location]:
    """The stages that the settings of a stage name, and where."""
    found: dict[str, Location] = {}
    accepts = merged.definition.kind.accepts()
    for name, placed in merged.settings.items():
        if name not in accepts or not any(isinstance(one, StageRef) for one in leaves(type_of(accepts[name]))):
            continue
        blocks = placed.home.scope.blocks[Namespace.STAGE]
        for ref in _refs(placed.node.value):
            block = blocks.get(ref.text.removeprefix("stage."))
            if block is not None:
                found.setdefault(block.name, placed.home.at(ref))
    return found


def _refs(node: ast.Expr) -> Iterable[ast.Ref]:
    match node:
        case ast.Ref():
            yield node
        case ast.ListOf(items=items):
            for item in items:
                yield from _refs(item)
        case ast.Group(inner=inner):
            yield from _refs(inner)


def in_order(stages: Mapping[str, Mapping[str, Location]], findings: Findings) -> list[str]:
    """Stages after those that they name, without those that stand in a circle; each circle is reported once."""
    circular: set[str] = set()
    while True:
        graph = {
            name: [one for one in named if one in stages and one not in circular]
            for name, named in stages.items()
            if name not in circular
        }
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            circle = _from_first(list(reversed(error.args[1]))[:-1], list(stages))
            pairs = zip(circle, [*circle[1:], circle[0]], strict=True)
            steps = [Label(stages[one][after], f"`{one}` reads `{after}`") for one, after in pairs]
            findings.report(messages_graph.stage_circle(steps))
            circular.update(circle)


def _from_first(circle: list[str], order: list[str]) -> list[str]:
    """A circle, begun at the stage that is written first."""
    start = min(range(len(circle)), key=lambda number: order.index(circle[number]))
    return circle[start:] + circle[:start]


def judge_graph(stages: Mapping[str, Checked], named: Mapping[str, Mapping[str, Location]], findings: Findings) -> None:
    """Report what stages ask of each other and do not get; `named` are the stages that each names, and where."""
    models = {name: checked.model for name, checked in stages.items()}
    gates = {str(one.value(one.kind.judges)) for one in models.values() if one.kind.judges}
    # Where a gate names no stage that there is, that has been told: what it was meant to judge is not known.
    known = gates if gates <= models.keys() else None
    for name, checked in stages.items():
        _hold_agreement(checked.model, models, findings)
        for claim in checked.trace.claims:
            _hold_claim(claim, stages.get(claim.stage), known, findings)
        for one, at in named[name].items() if not checked.merged.is_abstract else ():
            if one in stages and stages[one].merged.is_abstract:
                findings.report(messages_graph.template_used(at, one, stages[one].model.at))


def _hold_claim(claim: Claim, asked: Checked | None, gates: Container[str] | None, findings: Findings) -> None:
    if asked is None:
        return
    at, stage_at = claim.at, asked.model.at
    if claim.need == "gated":
        if gates is not None and claim.stage not in gates:
            findings.report(messages_graph.ungated(at, claim.function, claim.stage, stage_at))
    elif asked.data is not None and asked.data.is_complete and claim.need not in asked.data.written:
        found = messages_columns.data_lacks(at, f"`{claim.function}`", claim.need, claim.stage, stage_at)
        findings.report_once(f"{claim.stage} lacks {claim.need}", found)


def _hold_agreement(model: StageModel, models: Mapping[str, StageModel], findings: Findings) -> None:
    """Settings that must lead to the same stage do: a release serves the model that its gate judges."""
    if not model.kind.same_stage:
        return
    first, *others = model.kind.same_stage
    wanted = _end_of(model, first, models)
    for path in others:
        found = _end_of(model, path, models)
        if wanted and found and wanted != found:
            setting, through = model.settings[path[0]], models[str(model.value(path[0]))]
            findings.report(
                messages_graph.other_stage(
                    setting.value_at, through.name, through.kind.word, found, wanted, model.settings[first[0]].value_at
                )
            )


def _end_of(model: StageModel, path: tuple[str, ...], models: Mapping[str, StageModel]) -> str:
    """The stage at the end of a path of settings; empty where the path breaks off."""
    at: StageModel | None = model
    for step in path[:-1]:
        names = names_in(at.settings.get(step)) if at else []
        at = models.get(names[0]) if names else None
    names = names_in(at.settings.get(path[-1])) if at else []
    return names[0] if names else ""
