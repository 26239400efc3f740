"""Finds what a spec says that the local runner does not do yet, so that nothing is ever ignored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.schema.calls import argument_calls, call_of
from mlopsc.compiler.schema.declarations import Declaration, Function
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.semantics.model import EnvironmentModel, RuleModel, SemanticModel, StageModel
from mlopsc.compiler.text import Location
from mlopsc.targets.local.messages import not_run_yet


def refused(model: SemanticModel, environment: EnvironmentModel) -> Iterator[Diagnostic]:
    """What the stages say that run would have to leave out; stages of a kind that nothing runs are not looked at."""
    for stage in environment.stages.values():
        if stage.kind.runtime:
            yield from _in_settings(stage, model.registry)
            for rule in stage.rules:
                yield from _in_rule(rule, model.registry)


def _in_settings(stage: StageModel, registry: Registry) -> Iterator[Diagnostic]:
    settings = stage.settings
    unrun = _fields(stage.kind, settings)
    for word in unrun:
        yield not_run_yet(settings[word].at, f"`{word}` of a `{stage.kind.word}` stage", "Leave the setting out.")
    values = {word: setting.value for word, setting in settings.items() if word not in unrun}
    for word, (declaration, call) in argument_calls(stage.kind, values, registry):
        yield from _in_call(declaration, call, settings[word].value_at, registry)


def _in_rule(rule: RuleModel, registry: Registry) -> Iterator[Diagnostic]:
    if not rule.declaration.runs:
        yield not_run_yet(rule.at, f"the rule `{rule.verb}`", "Leave the rule out.")
        return
    unrun = _fields(rule.declaration, rule.clauses)
    for word in unrun:
        yield not_run_yet(rule.clause_at.get(word, rule.at), f"the clause `{word}`", "Leave the clause out.")
    clauses = {word: value for word, value in rule.clauses.items() if word not in unrun}
    for word, (declaration, call) in argument_calls(rule.declaration, clauses, registry):
        yield from _in_call(declaration, call, rule.clause_at.get(word, rule.at), registry)
    if rule.subject is not None:
        word = str(rule.subject["function"])
        for declaration, call in call_of(rule.subject, word, rule.declaration.subjects, registry):
            yield from _in_call(declaration, call, rule.subject_at, registry)


def _in_call(
    declaration: type[Function], call: Mapping[str, Any], at: Location, registry: Registry
) -> Iterator[Diagnostic]:
    if not declaration.runs:
        yield not_run_yet(at, f"`{declaration.word}(…)`", _alternatives(declaration, registry))
        return
    for word in _fields(declaration, call):
        yield not_run_yet(at, f"`{word}` of `{declaration.word}(…)`", "Leave the parameter out.")


def _fields(declaration: type[Declaration], written: Mapping[str, Any]) -> list[str]:
    """The words that are written and that nothing runs."""
    accepted = declaration.accepts()
    return [word for word in written if word in accepted and not accepted[word].runs]


def _alternatives(declaration: type[Function], registry: Registry) -> str:
    """What runs in the place of a function: the others of its family."""
    family = next(base for base in declaration.__mro__ if "family" in vars(base) and issubclass(base, Function))
    others = sorted(word for word, one in registry.functions_of(family).items() if one.runs)
    return f"These run: {', '.join(f'`{word}`' for word in others)}." if others else "Leave it out."
