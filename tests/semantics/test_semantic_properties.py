"""Whatever a spec holds, checking it ends and says each thing once; what is right, the runtime can read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from golden import cases, read_case
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from semantic_projects import FILES, STAGES, completed, described, model_of

from mlopsc.compiler.catalogue import pages
from mlopsc.compiler.schema.declarations import Function
from mlopsc.compiler.semantics.model import SemanticModel, StageModel
from mlopsc.stdlib import registry

BIKE = Path(__file__).parents[2] / "examples" / "bike-demand"
SPECS = [
    (BIKE / "pipeline.mlops").read_text(encoding="utf-8"),
    *(read_case(folder).text for folder in cases("semantics")),
]
TOKEN = re.compile(r"\s+|\w+|[<>=!]=|\.\.|[^\w\s]")
POOL = sorted({token for spec in SPECS for token in TOKEN.findall(spec) if token.strip()})
BIKE_FILES = {path.relative_to(BIKE).as_posix(): path.read_text(encoding="utf-8") for path in BIKE.glob("*.py")}


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A spec with a few tokens removed, doubled, exchanged or put in."""
    tokens = TOKEN.findall(draw(st.sampled_from(SPECS)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(tokens) - 1))
        match draw(st.sampled_from(["remove", "double", "replace", "insert", "swap"])):
            case "remove" if len(tokens) > 1:
                del tokens[at]
            case "double":
                tokens.insert(at, tokens[at])
            case "replace":
                tokens[at] = draw(st.sampled_from(POOL))
            case "insert":
                tokens.insert(at, f" {draw(st.sampled_from(POOL))} ")
            case "swap":
                other = draw(st.integers(0, len(tokens) - 1))
                tokens[at], tokens[other] = tokens[other], tokens[at]
    return "".join(tokens)


def hold(model: SemanticModel) -> None:
    """What is true of every model."""
    found = model.diagnostics
    assert list(found) == sorted(found, key=lambda one: one.order)
    keys = [(one.code.id, one.location.file.path, one.location.span, one.message) for one in found]
    assert len(set(keys)) == len(keys)
    for one in found:
        for place in [
            one.location,
            *(label.location for label in one.related),
            *(e.location for f in one.fixes for e in f.edits),
        ]:
            assert 0 <= place.span.start <= place.span.end <= len(place.file.text)
    for use in model.uses:
        assert use.location.text, use
    assert model.has_errors == any(one.is_error for one in found)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_no_text_makes_checking_fail(text: str) -> None:
    model = model_of(re.sub(r"\buse\b", "usage", text))
    hold(model)
    for offset in range(0, len(text), 37):
        symbol = model.symbol_at("main.mlops", offset)
        if symbol is not None:
            assert model.references(symbol)
        expected = model.expected_at("main.mlops", offset)
        assert expected is None or isinstance(expected.symbols, tuple)


def right_specs() -> dict[str, str]:
    """Specs without a fault: the bike example and the right examples of all pages."""
    found = {"bike": SPECS[0]}
    for code, page in pages().items():
        if code[0] == "E" and code[1] in "2345":
            found |= {f"{code}-{number}": completed(text) for number, text in enumerate(page.right)}
    return found


def test_the_runtime_can_read_what_is_right() -> None:
    for name, text in right_specs().items():
        model = model_of(text, {**BIKE_FILES, "data/bikeshare.csv": ""} if name == "bike" else None)
        assert not model.has_errors, described(list(model.diagnostics))
        hold(model)
        for environment in model.environments.values():
            registry().blocks["environment"].model_validate(
                {key: one.value for key, one in environment.settings.items()}
            )
            for stage in environment.stages.values():
                read_stage(stage)


def read_stage(stage: StageModel) -> None:
    """Reads a stage as the runtime does: from JSON, by its declarations."""
    values = {name: setting.value for name, setting in stage.settings.items()}
    stage.kind.model_validate(json.loads(json.dumps(values)))
    for rule in stage.rules:
        if rule.subject is not None and registry().function(str(rule.subject["function"]), rule.declaration.subjects):
            read_call(rule.subject, rule.declaration.subjects)
        rule.declaration.model_validate(json.loads(json.dumps(rule.clauses)))
        for comparison in rule.comparisons:
            if isinstance(comparison.limit.baseline, dict):
                read_call(comparison.limit.baseline, (Function,))


def read_call(call: Mapping[str, object], families: tuple[type[Function], ...]) -> None:
    functions = [one for one in registry().functions if one.word == call["function"] and issubclass(one, families)]
    fitting = [one for one in functions if set(call) - {"function"} <= set(one.accepts())]
    assert fitting, call
    fitting[0].model_validate(json.loads(json.dumps({key: value for key, value in call.items() if key != "function"})))


def test_the_projects_stages_are_right() -> None:
    model = model_of("pipeline example {}\n" + "".join(STAGES.values()))
    assert not model.diagnostics, described(list(model.diagnostics))
    assert "data/rides.csv" in FILES
