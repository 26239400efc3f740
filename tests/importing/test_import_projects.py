"""Whole projects of other tools: what is written is formatted, and right once a person has decided."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from golden import Golden
from imported import PROJECTS, Import, Imported

from mlopsc.compiler.cli.main import run

COLUMNS = {"houses": "area: float in 0..", "credit": "income: float in 0..", "rides": "hr: int in 0..23"}
FUNCTION = "def {}(rows):\n    return rows\n"


@pytest.mark.parametrize("project", sorted(COLUMNS))
def test_what_is_written_is_as_it_was_looked_at(project: str, imports: Import, golden: Golden) -> None:
    done: Imported = imports("--name", project, files=project)
    assert (done.code, done.err) == (0, "")
    golden(PROJECTS / f"{project}.mlops.txt", done.spec)
    golden(PROJECTS / f"{project}.report.txt", done.out)


@pytest.mark.parametrize("project", sorted(COLUMNS))
def test_what_is_written_is_formatted_and_every_error_is_at_a_decision(project: str, imports: Import) -> None:
    done: Imported = imports(files=project)
    assert run(["fmt", "--check"]) == 0
    lines = done.spec.splitlines()
    assert {one.code.id for one in done.errors()} <= {"E206", "E223", "E224", "E514"}
    for one in done.errors():
        assert one.hint or one.fixes, one.message
        if one.code.id != "E514":  # no columns: it is told at the stage that learns from them
            marked = lines[one.location.position.line - 1]
            assert "# decide: " in marked or "source" in marked, one.message


@pytest.mark.parametrize("project", sorted(COLUMNS))
def test_once_a_person_has_decided_the_spec_is_right(project: str, imports: Import) -> None:
    done: Imported = imports(files=project)
    decided = done.spec.replace(" limit at", " 90% at" if project == "credit" else " 45 at")
    decided = re.sub(r"    # decide: each column .*", f"    {COLUMNS[project]}", decided)
    path, name = re.findall(r'transform = python\("(.+):(\w+)"\)', decided)[0]
    files = {path: FUNCTION.format(name), "data/houses.csv": ""}
    assert [(one.code.id, one.message) for one in done.errors(decided, **files)] == []


@pytest.mark.parametrize("project", sorted(COLUMNS))
def test_the_report_tells_places_that_are_there(project: str, imports: Import, folder: Path) -> None:
    done: Imported = imports("--json", files=project)
    report = json.loads(done.out)
    assert report["spec"] == "pipeline.mlops"
    for note in [*report["understood"], *report["left"]]:
        line = (folder / note["file"]).read_text("utf-8").splitlines()[note["line"] - 1]
        named = re.findall(r"`([^`]+)`", note["what"])
        assert line.strip()
        assert note["what"]
        assert note["outcome"]
        if note["what"].startswith("step `") and "@" not in named[0]:
            assert line.strip().startswith(f"{named[0].rpartition('/')[2]}:"), note
    for decision in report["decisions"]:
        assert decision["what"] in done.spec.splitlines()[decision["line"] - 1]
    assert [one["principle"] for one in report["missing"]] == sorted(one["principle"] for one in report["missing"])
    assert all(one["title"] and one["next"] for one in report["missing"])
