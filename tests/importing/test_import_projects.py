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


HOUSES = """price,area,rooms,garden,sold,street,kind
100.5,30.0,2,true,2024-01-05,,flat
200.5,40.5,3,false,2024-02-06,Main Street 1,house
"""


@pytest.mark.parametrize("path", ["data/prepared/rows.csv", "data/houses.csv"])
def test_with_the_rows_there_only_the_limit_is_missing(path: str, imports: Import, folder: Path) -> None:
    (folder / path).parent.mkdir(parents=True)
    (folder / path).write_text(HOUSES, "utf-8")
    done: Imported = imports(files="houses")
    schema = done.spec.partition("schema {")[2].partition("#")[0].split("\n")
    assert [" ".join(line.split()) for line in schema if line.strip()] == [
        *("price: float", "area: float", "rooms: int", "garden: bool", "sold: timestamp role ignore"),
        *("street: category, missing <= 50%", "kind: category"),
    ]
    errors = done.errors(**{"data/houses.csv": HOUSES})
    assert [one.code.id for one in errors] == ["E206"]
    assert done.errors(done.spec.replace(" limit at", " 45 at"), **{"data/houses.csv": HOUSES}) == []


@pytest.mark.parametrize("text", ["", "a,a\n1,2\n", "a,\n1,2\n", "a`b\n1\n", "a,b\n1\n", '"' + "x" * 200_000, "\x00"])
def test_rows_that_say_nothing(text: str, imports: Import, folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data/houses.csv").write_text(text, "utf-8")
    assert "decide: each column that the model may see" in imports(files="houses").spec
