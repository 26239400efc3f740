"""Completion knows the place: what is offered is what could be written there, and not much else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from lsp_asking import Asking
from lsp_editor import Editor, apply
from lsp_project import SPEC, write_project
from lsprotocol import types

EXAMPLES = Path(__file__).parents[2] / "examples"

PLACES = [
    ("", "|", {"data", "train", "pipeline", "environment", "use"}, {"require", "source"}),
    ("  target = bikers\n", "  ta|\n", {"target", "transform", "check"}, {"source", "time", "require", "schema"}),
    ("data      = rides", "data = |", {"rides"}, {"demand", "demand_gate"}),
    ("data      = rides", "data = ri|", {"rides"}, {"demand"}),
    ("model = demand", "model = |", {"demand"}, {"rides"}),
    ("  minimize", "  se|\n  minimize", {"search", "features"}, {"data", "estimator", "require", "minimize"}),
    ("mae(test)", "mae(|)", {"train", "validation", "test"}, {"feedback", "rides"}),
    ("mae(test) <= limit", "|", {"mae", "rmse", "latency", "pytest"}, {"rides", "csv"}),
    ("<= limit at", "<= | at", {"champion", "naive", "limit"}, {"mae"}),
    ("at 95% assuming 33", "at 95% |", {"assuming", "by"}, {"at", "over"}),
    (", gap = 1d)", ", |)", {"gap"}, {"mae", "random"}),
    (
        "split = by_time(train = 70%, validation = 10%, test = 20%, gap = 1d)",
        "split = |",
        {"by_time", "random"},
        {"csv"},
    ),
    ('csv("rides.csv")', "|", {"csv", "parquet", "sql"}, {"by_time"}),
    ('csv("rides.csv")', 'csv("ri|")', {"rides.csv"}, {"mae"}),
    ('csv("rides.csv")', 'csv("ri|', {"rides.csv"}, {"mae"}),
    (
        "  target = bikers",
        '  transform = python("prep.py:|")\n  target = bikers',
        {"prep.py:widen", "prep.py:Calendar"},
        set(),
    ),
    (
        "  target = bikers",
        '  transform = python("|")\n  target = bikers',
        {"prep.py:widen"},
        {"rides.csv", "prep.py:Calendar"},
    ),
    ("target = bikers", "target = |", {"bikers", "hr", "season"}, {"rides"}),
    ("season: category", "season: |", {"category", "int", "timestamp"}, {"mae"}),
    ("season: category", "season: category, |", {"role", "missing"}, {"require"}),
    ('"linear_model.Ridge"', '"linear|"', {"linear_model.Ridge", "ensemble.RandomForestRegressor"}, {"rides.csv"}),
    ("alpha = 0.5", "|", {"fit_intercept", "alpha"}, {"mae"}),
    ("platform = local()", "|", {"follows", "platform", "approvers"}, {"source"}),
    ("platform = local()", "platform = |", {"local", "aws", "azure"}, {"csv"}),
    ("platform = local()", "follows = |", {"dev"}, {"rides"}),
    ("# a comment", "# a com|", set(), {"data", "source"}),
]


@pytest.fixture
def asking(tmp_path: Path) -> Asking:
    return Asking(write_project(tmp_path), "pipeline.mlops", SPEC)


@pytest.mark.parametrize(("old", "new", "offered", "not_offered"), PLACES)
def test_what_is_offered(asking: Asking, old: str, new: str, offered: set[str], not_offered: set[str]) -> None:
    text = SPEC + "# a comment\n"
    assert old in text
    marked = text.replace(old, new, 1) if old else text + new
    asking.set(marked.replace("|", "", 1))
    found = set(asking.names(marked.index("|")))
    assert offered <= found
    assert not not_offered & found


def test_events_and_actions_of_a_monitor(asking: Asking) -> None:
    text = SPEC + (
        "\nrelease api {\n  model = demand\n  gate = demand_gate\n  strategy = direct\n}\n\nmonitor live {\n"
        '  release = api\n  watch stable(features) over 7d as rain\n  on | do notify("a@example.com")\n}\n'
    )
    asking.set(text.replace("|", ""))
    assert {"drift", "quality", "rain", "labels_late"} <= set(asking.names(text.index("|")))
    text = text.replace('on | do notify("a@example.com")', "on drift do |")
    asking.set(text.replace("|", ""))
    assert {"retrain", "notify", "rollback", "run"} <= set(asking.names(text.index("|")))


def test_an_editor_completes(editor: Editor, project: str) -> None:
    name = f"{project}/pipeline.mlops"
    text = SPEC.replace("data      = rides", "data      = ri")
    editor.open(name, text)
    line = text.split("\n").index("  data      = ri")
    params = types.CompletionParams(editor.document(name), types.Position(line, 16))
    found = editor.ask(types.TEXT_DOCUMENT_COMPLETION, params)
    chosen = next(one for one in found.items if one.label == "rides")
    assert apply(text, [chosen.text_edit]) == SPEC
    setting = editor.ask(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionParams(editor.document(name), types.Position(line, 2))
    )
    assert any(one.documentation for one in setting.items)


def broken(text: str, seed: int) -> str:
    """A text with a few characters lost and doubled."""
    chance = random.Random(seed)
    for _ in range(6):
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice(["", text[at] * 2, "{", '"', "(", "\n", "é🚲"]) + text[at + 1 :]
    return text
