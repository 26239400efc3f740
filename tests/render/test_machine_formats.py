"""Messages as programs read them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from render_samples import on_line, unknown_column, unpinned_data

from mlopsc.compiler.render.github import render_github
from mlopsc.compiler.render.records import render_json
from mlopsc.compiler.render.sarif import render_sarif

Golden = Callable[[Path, str], None]
HERE = Path(__file__).parent
MESSAGES = [unknown_column(), unpinned_data()]


def test_json(golden: Golden) -> None:
    golden(HERE / "golden" / "messages.json", render_json(MESSAGES))


def test_json_without_findings_says_so() -> None:
    assert json.loads(render_json([])) == {
        "version": 1,
        "counts": {"error": 0, "warning": 0, "info": 0},
        "diagnostics": [],
    }


def test_sarif(golden: Golden) -> None:
    golden(HERE / "golden" / "messages.sarif", render_sarif(MESSAGES, "0.1.0"))


def test_sarif_refers_to_its_rules_and_places() -> None:
    log = json.loads(render_sarif([*MESSAGES, unknown_column()], "0.1.0"))
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["E203", "L101"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        for region in _regions(result):
            assert region["startLine"] >= 1
            assert (region["endLine"], region["endColumn"]) > (region["startLine"], region["startColumn"])


def _regions(value: Any) -> list[dict[str, int]]:
    if isinstance(value, list):
        return [region for part in value for region in _regions(part)]
    if not isinstance(value, dict):
        return []
    found = [value[key] for key in ("region", "deletedRegion") if key in value]
    return found + [region for part in value.values() for region in _regions(part)]


def test_sarif_paths_are_uris() -> None:
    log = json.loads(render_sarif(MESSAGES, "0.1.0", lambda path: f"a b\\{path}"))
    related = log["runs"][0]["results"][0]["relatedLocations"][1]
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/shared%20files/%C3%B1.mlops"


def test_annotations(golden: Golden) -> None:
    golden(HERE / "golden" / "messages.github.txt", render_github(MESSAGES))


def test_an_annotation_cannot_hold_a_second_command() -> None:
    told = render_github([on_line("a = 1", "1", "50%\r\n::error::no")], lambda _: "a:b,c.mlops")
    assert told.count("\n") == 1
    assert told.startswith("::error file=a%3Ab%2Cc.mlops,line=1,endLine=1,col=5,endColumn=5,title=")
    assert told.endswith("::a fact%0A50%25\u240d%0A::error::no\n")
