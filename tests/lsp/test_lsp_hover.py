"""Hover says what every word, value and rule means, with the numbers of the spec and of what was run."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from lsp_editor import Editor
from lsp_project import SPEC
from lsprotocol import types
from test_lsp_completion import EXAMPLES

LOCK = """\
[bikes.dev.rides]
rows = 8645
splits = { gap = 48, test = 1729, train = 6027, validation = 841 }
"""
SERVED = """
environment prod {
  follows  = dev
  platform = local()
  traffic  = 500 / 1d
}

release api {
  model    = demand
  gate     = demand_gate
  strategy = canary(steps = [50%, 100%], every = 14d)
  assign   = season
  require mae(feedback) <= champion + 5% at 95% within 28d
  guard error_rate <= champion * 2
}

monitor live {
  release = api
  watch stable(features) over 7d
  watch mae(feedback) <= 45 over 7d lag 1d
  watch uptime >= 99.9% over 30d
  watch age(rides) <= 2d
  on drift do notify("a@example.com")
}
"""
TEXT = SPEC + SERVED


def hover(editor: Editor, name: str, text: str, found: str) -> str:
    """What is said of the first character of a text."""
    start = text.index(found)
    position = types.Position(text.count("\n", 0, start), start - text.rfind("\n", 0, start) - 1)
    params = types.HoverParams(editor.document(name), position)
    answer = editor.ask(types.TEXT_DOCUMENT_HOVER, params)
    return answer.contents.value if answer else ""


@pytest.fixture
def opened(editor: Editor, project: str) -> str:
    name = f"{project}/pipeline.mlops"
    (editor.folder / project / "mlops.lock").write_text(LOCK, "utf-8")
    assert editor.open(name, TEXT) == []
    return name


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("check rows", ["number of rows", "at least 10", "the run stops"]),
        ("minimize", ["smallest `mae`", "841 rows"]),
        ("require mae(test)", ["at most 45", "5% of cases", "first at 96%", "later one at 99.75%", "`test` had 1,729"]),
        ("require mae(test)", ["8 units of `block(7d)`", "If it is 33 in truth, about 51 rows", "Smallest visible"]),
        ("require mae(feedback)", ["5% above", "still open after 28d, the old version stays", "7 at least"]),
        ("require mae(feedback)", ["In `prod`, with 500 requests a day", "rows a version"]),
        ("guard", ["2 times that of the model in service", "chance of 5%", "20 bad calls"]),
        ("watch stable", ["`drift`", "every 7d", "7.8% of the looks", "20 earlier looks, 140 days"]),
        ("watch mae", ["`quality`", "100 labelled"]),
        ("watch uptime", ["43.2 minutes", "14.4 times"]),
        ("watch age", ["at most 2d", "no chance"]),
        ("on drift", ["`watch stable(features)`", 'notify("a@example.com")']),
        ("drift do", ["Raised by `watch stable(features)`"]),
        ("7d)\n\n  schema", ["length = 7d", "`7d` is 1 week"]),
        ("20%, gap", ["test = 20%", "only the gate sees"]),
        ("1d)\n}", ["gap = 1d", "left unused"]),
        ("0.5)", ["alpha", "`linear_model.Ridge`"]),
        ("test) <=", ["only the gate sees", "1,729 rows when last read"]),
        ("0..23", ["hr: int in 0..23", "a run stops"]),
        ("schema", ["what is not declared here"]),
        ('"rides.csv"', ["one row and four columns", "`season`"]),
        ("rides {", ["8,645 rows when last read"]),
    ],
)
def test_what_is_said(editor: Editor, opened: str, found: str, said: list[str]) -> None:
    told = hover(editor, opened, TEXT, found)
    assert [one for one in said if one not in told] == [], told


def test_what_was_found_last_is_said(editor: Editor, project: str) -> None:
    """By a run folder and a record as a run leaves them; the figures of a counted look stay hidden."""
    from mlopsc.stdlib.runtime.engine.index import find, save
    from mlopsc.stdlib.runtime.engine.outcome import StageRecord, Verdict
    from mlopsc.stdlib.runtime.store.local import LocalStore

    folder, key = editor.folder / project, "ab" * 32
    judgement = {"rows": 1729, "units": 11, "sigma": 42.4, "design_effect": 18.7, "rows_needed": 9_000}
    rule = {"rule": "require mae(test)", "verdict": "undecided", "judgements": [judgement]}
    store = LocalStore(folder / ".mlops/store")
    save(store, find(store, key), StageRecord("demand_gate", "test", key, Verdict.UNDECIDED, facts={"rules": [rule]}))
    run = folder / ".mlops/runs/3"
    run.mkdir(parents=True)
    stage = {"stage": "demand_gate", "kind": "test", "outcome": "undecided", "cached": False, "seconds": 1, "key": key}
    about = {"number": 3, "pipeline": "bikes", "environment": "dev", "began": 1_795_439_966, "stages": [stage]}
    (run / "run.json").write_text(json.dumps(about), "utf-8")
    (folder / "mlops.lock").write_text(LOCK, "utf-8")
    name = f"{project}/pipeline.mlops"
    editor.open(name)
    told = hover(editor, name, SPEC, "require mae")
    assert "1,729 in 11 units" in told
    assert "if errors spread as they did when last judged. There are enough." in told
    assert "beats the limit by about 11" in told
    assert "**Last judged**: undecided, about 9,000 rows would decide" in told
    assert "Last result: undecided in run 3 (dev, 2026-11-2" in hover(editor, name, SPEC, "demand_gate")


@pytest.mark.parametrize("damage", ["not json", "[]", '{"stages": 4}', ""])
def test_a_damaged_history_is_no_history(editor: Editor, project: str, damage: str) -> None:
    run = editor.folder / project / ".mlops/runs/3"
    run.mkdir(parents=True)
    (run / "run.json").write_text(damage, "utf-8")
    (editor.folder / project / "mlops.lock").write_text("[bikes\n", "utf-8")
    name = f"{project}/pipeline.mlops"
    assert editor.open(name) == []
    assert "is known once `mlopsc run`" in hover(editor, name, SPEC, "require mae")
    assert "Last result" not in hover(editor, name, SPEC, "demand_gate")


@pytest.mark.parametrize("example", ["bike-demand", "flight-delays"])
def test_every_word_and_value_of_an_example_has_its_hover(editor: Editor, example: str) -> None:
    shutil.copytree(
        EXAMPLES / example, Path(editor.folder / example), ignore=shutil.ignore_patterns("deploy", ".mlops")
    )
    name = f"{example}/pipeline.mlops"
    text = (EXAMPLES / example / "pipeline.mlops").read_text("utf-8")
    editor.open(name)
    silent = []
    for match in re.finditer(r'#[^\n]*|"[^"\n]*"|[\w.%]+', text):
        if match.group()[0] != "#":
            start = match.start() + (match.group()[0] == '"')
            position = types.Position(text.count("\n", 0, start), start - text.rfind("\n", 0, start) - 1)
            params = types.HoverParams(editor.document(name), position)
            if editor.ask(types.TEXT_DOCUMENT_HOVER, params) is None:
                silent.append((position.line + 1, match.group()))
    assert silent == []
