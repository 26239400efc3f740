"""Rows that are not as they should be."""

from __future__ import annotations

import csv

import pytest
from robust_projects import COLUMNS, CSV, Project, derived, spec

AFTER = derived("after", "rows")


@pytest.mark.parametrize(
    ("rows", "text", "told"),
    [
        ("id,x\n1,0.5\n", spec(), ["the rows of `rows` have no column `y`", "help: the rows have `id`, `x`", ":11:5"]),
        ("id,x,y\n", spec(), ["`rows.csv` has a header but no rows", "help: put rows into it", ":7:3"]),
        ("", spec(), ["`rows.csv` is empty", "help: put a header and rows into it", ":7:3"]),
        (CSV + "4,5\n", spec(), ["`rows.csv` line 5: 2 fields, but the header has 3 fields", "help: correct", ":7:3"]),
        (bytes(range(256)), spec(), ["`rows.csv` is not text: line 1 has a zero byte", "help: name a CSV", ":7:3"]),
        (CSV.encode("utf-16"), spec(), ["`rows.csv` is UTF-16", 'help: say so: `encoding = "utf-16"`', ":7:3"]),
        (
            b"id,x,y\n1,\xe9,2\n",
            spec(),
            ["`rows.csv` is not UTF-8: line 2 has the byte 0xe9", "help: save it as UTF-8, or say what it is", ":7:3"],
        ),
        ('id,x,y\n1,"0,5\n', spec(), ["`rows.csv` line 2: a quote is opened and never closed", "help: write a quote"]),
    ],
    ids=["missing column", "no rows", "empty", "ragged", "binary", "utf-16", "latin-1", "open quote"],
)
def test_rows_that_cannot_be_read(project: Project, rows: str | bytes, text: str, told: list[str]) -> None:
    project.write("pipeline.mlops", text)
    project.write("rows.csv", rows)
    done = project.call("run")
    assert done.code == 1
    for words in told:
        assert words in done.out
    assert "next: mend it and run again" in done.out
    assert not (project.folder / "mlops.lock").exists()
    assert project.stored("index") == []
    project.check_whole()


def test_wrong_types_are_shown_and_listed_in_a_file(project: Project) -> None:
    project.write("rows.csv", f"id,x,y\n1,abc,0\n2,1.5,1.5\n3,,{'9' * 2_000_000}\n")
    done = project.call("run")
    assert done.code == 1
    for words in ("`x` is not `float` in 1 of 3 rows", "row 1: `abc`", ":10:5", "`y` is not `int` in 2 of 3 rows"):
        assert words in done.out
    assert "`x` is missing in 1 of 3 rows (33.33%), allowed is none" in done.out
    assert len(done.out) < 5_000
    path = ".mlops/runs/1/rows.failing_rows.csv"
    assert f"all failing rows are in `{path}`" in done.out
    csv.field_size_limit(10_000_000)
    with (project.folder / path).open(newline="") as file:
        found = [(row["row"], row["breaks"]) for row in csv.DictReader(file)]
    assert found == [("1", "schema.x"), ("2", "schema.y"), ("3", "schema.y"), ("3", "schema.x")]
    assert not (project.folder / "mlops.lock").exists()
    again = project.call("run")
    assert (again.code, again.worked) == (1, [])


def test_duplicate_keys_are_shown(project: Project) -> None:
    project.write("pipeline.mlops", spec("key = id"))
    project.write("rows.csv", CSV + "1,9,9\n")
    done = project.call("run")
    assert done.code == 1
    assert "2 of 4 rows share their key, `id`, with another row\n      row 1: `1`\n      row 4: `1`" in done.out
    assert "--> pipeline.mlops:8:3" in done.out


def test_an_extra_column_is_dropped_and_listed_and_runs_nothing_else(project: Project) -> None:
    project.write("pipeline.mlops", spec(more=AFTER))
    assert project.call("run").worked == ["rows", "after"]
    project.write("rows.csv", "id,x,y,z\n1,0.5,0,7\n2,1.5,1,8\n3,2.5,0,9\n")
    done = project.call("run")
    assert (done.code, done.worked) == (0, ["rows"])
    assert "not in the schema and dropped: `z`" in done.out
    assert "dropped, because the schema does not name them: z" in project.call("data", "show", "rows").out
    project.write("pipeline.mlops", spec(check="rows >= 2", more=AFTER))
    assert project.call("run").worked == ["rows"]


def test_a_huge_field_is_a_field_and_windows_lines_are_lines(project: Project) -> None:
    project.write("pipeline.mlops", spec(columns=f"{COLUMNS}\n    t: text"))
    rows = f'\ufeffid,x,y,t\n1,0.5,0,"{"ä" * 2_000_000}"\n2,1.5,1,b\n'.replace("\n", "\r\n")
    project.write("rows.csv", rows)
    done = project.call("run")
    assert done.code == 0
    assert "2 rows, 4 columns from rows.csv" in done.out
    assert len(done.out) < 5_000
