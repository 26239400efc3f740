"""Reading `pipeline.json`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from engine_project import FUNCTIONS, Project

from mlopsc.stdlib.runtime.engine.plan import load_plan
from mlopsc.stdlib.runtime.store.faults import OperationError

DOCUMENT = {"ir": 1, "name": "bike", "environment": {"name": "dev"}, "stages": []}


@pytest.mark.parametrize(
    ("text", "fact", "step"),
    [
        (None, "cannot be read", "run `mlopsc build`"),
        ("{", "is not JSON", "to write it again"),
        ("[]", "is not a pipeline", "to write it again"),
        ('{"ir": 1}', "is not a pipeline", "to write it again"),
        (json.dumps({**DOCUMENT, "ir": 2}), "has version 2 of the format", "install the mlopsc that wrote it"),
    ],
)
def test_what_is_no_pipeline_is_refused(tmp_path: Path, text: str | None, fact: str, step: str) -> None:
    path = tmp_path / "pipeline.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(OperationError, match=fact) as caught:
        load_plan(path, FUNCTIONS)
    assert step in caught.value.hint


def test_kinds_that_do_not_run_here_are_left_out(chain: Project) -> None:
    chain.stage("api", "demand", "gate", kind="release")
    chain.stage("late", "rides", "api", kind="test")
    plan = load_plan(chain.document, FUNCTIONS)
    assert [(stage.name, stage.inputs) for stage in plan.stages][2:] == [("gate", ("demand",)), ("late", ("rides",))]


@pytest.mark.parametrize(
    ("name", "fact"),
    [("api", "`api` is a `release` stage, which a run does not do"), ("dema", "`bike` has no stage `dema`")],
)
def test_a_stage_that_cannot_be_run_is_told(chain: Project, name: str, fact: str) -> None:
    chain.stage("api", kind="release")
    for options in ({"only": (name,)}, {"force": (name,)}):
        with pytest.raises(OperationError) as caught:
            chain.run(**options)
        assert caught.value.message == fact
        assert caught.value.hint == "it runs `rides`, `demand`, `gate`"


def test_a_timeout_is_a_duration(chain: Project) -> None:
    chain.stage("rides", timeout="2min")
    stages = load_plan(chain.document, FUNCTIONS).stages
    assert [stage.timeout for stage in stages] == [120.0, None, None]
