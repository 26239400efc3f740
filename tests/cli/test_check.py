"""`mlopsc check`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import SPEC, Done, start

Call = Callable[..., Done]
WRONG = SPEC.replace("target = price", "target = prise").replace("minimize mae", "minimize maee")
BIKE = Path(__file__).parents[2] / "examples" / "bike-demand"


def test_a_sound_spec(project: Path, call: Call) -> None:
    assert call("check") == Done(0, "orders: 3 stages, 1 environment, no findings\n", "")
    assert call("check", str(project)) == call("check", "pipeline.mlops") == call("check")


def test_the_example_is_sound(call: Call) -> None:
    done = call("check", str(BIKE), "--strict")
    assert done == Done(0, "bike_demand: 5 stages, 2 environments, no findings\n", "")


def test_mistakes_are_shown_with_their_place_and_counted(project: Path, call: Call) -> None:
    (project / "pipeline.mlops").write_text(WRONG, encoding="utf-8")
    done = call("check")
    assert done.code == 1
    assert " --> pipeline.mlops:7:12\n" in done.out
    assert "7 |   target = prise\n  |            ^^^^^ " in done.out
    assert done.out.count("error[") == 2
    assert done.out.splitlines()[-1].startswith("2 errors in 1 file")
    assert done.err == ""


def test_paths_are_those_of_the_current_folder(project: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "pipeline.mlops").write_text(WRONG, encoding="utf-8")
    monkeypatch.chdir(project.parent)
    assert f" --> {project.name}/pipeline.mlops:7:12\n" in call("check", project.name).out


def test_warnings_count_only_when_strict(project: Path, call: Call) -> None:
    (project / "pipeline.mlops").write_text(SPEC + "\nunused = 5\n", encoding="utf-8")
    done = call("check")
    assert done.code == 0
    assert "warning[L" in done.out
    assert done.out.splitlines()[-1] == "1 warning in 1 file"
    assert call("check", "--strict").code == 1


def test_what_the_local_runner_cannot_do_is_found_by_check(project: Path, call: Call) -> None:
    text = SPEC.replace('Regression")', 'Regression")\n  calibrate = isotonic')
    (project / "pipeline.mlops").write_text(text, encoding="utf-8")
    assert "error[E601]" in call("check").out


def test_fixes_are_made_until_none_is_left(project: Path, call: Call) -> None:
    habits = SPEC.replace('source = csv("orders.csv")', 'source: csv("orders.csv")').replace("60%,", "60 %,")
    (project / "pipeline.mlops").write_text(habits, encoding="utf-8")
    (project / "pipeline.mlops").chmod(0o640)
    assert call("check").code == 1
    done = call("check", "--fix")
    assert done == Done(0, "fixed 2 mistakes; orders: 3 stages, 1 environment, no findings\n", "")
    assert (project / "pipeline.mlops").read_text(encoding="utf-8") == SPEC
    assert (project / "pipeline.mlops").stat().st_mode & 0o777 == 0o640
    assert call("check", "--fix").out == "orders: 3 stages, 1 environment, no findings\n"


def test_fixes_reach_the_files_that_a_spec_uses(project: Path, call: Call) -> None:
    head, tail = SPEC.split("train prices")
    (project / "pipeline.mlops").write_text(f'use "shared rows.mlops"\n\ntrain prices{tail}', encoding="utf-8")
    (project / "shared rows.mlops").write_text(head.replace("60%,", "60 %,"), encoding="utf-8")
    assert call("check", "--fix").out.startswith("fixed 1 mistake; ")
    assert (project / "shared rows.mlops").read_text(encoding="utf-8") == head


def test_stdin(project: Path) -> None:
    habits = SPEC.replace("60%,", "60 %,").encode()
    done = start("check", "-", folder=project, stdin=habits)
    assert done.code == 1
    assert " --> <stdin>:16:" in done.out
    done = start("check", "-", "--fix", folder=project, stdin=habits)
    assert (done.code, done.out) == (0, SPEC)
    assert done.err.endswith("no findings\n")


def test_formats_for_programs(project: Path, call: Call) -> None:
    (project / "pipeline.mlops").write_text(WRONG, encoding="utf-8")
    found = json.loads(call("check", "--format", "json").out)
    assert found["counts"] == {"error": 2, "warning": 0, "info": 0}
    assert found["diagnostics"][0]["start"] == {"line": 7, "column": 12, "offset": WRONG.index("prise")}
    log = json.loads(call("check", "--format", "sarif").out)
    assert log["version"] == "2.1.0"
    assert len(log["runs"][0]["results"]) == 2
    annotations = call("check", "--format", "github").out
    assert annotations.startswith("::error file=pipeline.mlops,line=7,endLine=7,col=12,endColumn=16,title=")


def test_formats_for_programs_say_so_when_there_is_nothing(project: Path, call: Call) -> None:
    assert json.loads(call("check", "--format", "json", str(project)).out)["diagnostics"] == []
    assert json.loads(call("check", "--format", "sarif").out)["runs"][0]["results"] == []
