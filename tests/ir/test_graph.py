"""Questions about the graph of a pipeline."""

from __future__ import annotations

import pytest

from mlopsc.compiler.ir.graph import (
    Lineage,
    ancestors,
    critical_path,
    descendants,
    differences,
    graph_of,
    levels,
    lineage,
)
from mlopsc.compiler.ir.model import Environment, Pipeline, Stage


def pipeline(*stages: Stage) -> Pipeline:
    return Pipeline(name="p", environment=Environment(name="dev"), stages=stages)


def stage(name: str, *inputs: str, kind: str = "data", files: tuple[str, ...] = ()) -> Stage:
    return Stage(name=name, kind=kind, inputs=inputs, files=files)


DIAMOND = pipeline(
    stage("rides", files=("rides.csv",)),
    stage("weather", files=("weather.csv", "prep.py")),
    stage("both", "rides", "weather", files=("prep.py",)),
    stage("model", "both", kind="train"),
    stage("gate", "model", "both", kind="test"),
    stage("other", "weather"),
)


def test_what_a_stage_comes_from_and_where_it_goes() -> None:
    assert ancestors(DIAMOND, "model") == ("rides", "weather", "both")
    assert descendants(DIAMOND, "weather") == ("both", "model", "gate", "other")
    assert lineage(DIAMOND, "both") == Lineage(
        "both", ("prep.py", "rides.csv", "weather.csv"), ("rides", "weather"), ("model", "gate")
    )
    with pytest.raises(KeyError):
        ancestors(DIAMOND, "nothing")


def test_levels_are_what_could_run_side_by_side() -> None:
    assert levels(DIAMOND) == (("rides", "weather"), ("both", "other"), ("model",), ("gate",))
    assert levels(pipeline()) == ()


def test_the_critical_path_is_the_slowest_chain_not_the_longest() -> None:
    assert critical_path(DIAMOND, {"rides": 1, "weather": 2, "both": 1, "model": 5, "gate": 0.5}) == (
        "weather",
        "both",
        "model",
        "gate",
    )
    assert critical_path(DIAMOND, {"other": 99})[:2] == ("weather", "other")
    assert critical_path(pipeline(), {}) == ()


def test_equivalent_graphs_differ_in_nothing_whatever_the_order() -> None:
    shuffled = pipeline(*reversed(DIAMOND.stages))
    assert differences(graph_of(DIAMOND), graph_of(shuffled)) == ()


def test_every_kind_of_difference_is_said() -> None:
    other = pipeline(
        stage("rides"), stage("both", "rides"), stage("model", "both", kind="test"), stage("gate", "model", "rides")
    )
    found = "\n".join(differences(graph_of(DIAMOND), graph_of(other)))
    assert "only one has the stage `weather`" in found
    assert "`model` is `train` in one and `test` in the other" in found
    assert "only in one does `gate` read `rides`" in found
