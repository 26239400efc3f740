"""Specs that no person wrote, and those that another editor wrote; `tests/cli/test_bad_input.py` has more."""

from __future__ import annotations

import pytest
from robust_projects import Project, spec


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{" * 10_000_000, "`pipeline.mlops` is too large for a spec: 10,000,000 bytes, where 4,000,000 are allowed"),
        (b"{" * 3_900_000, "this is nested or chained deeper than 64 levels"),
        (f"{spec()}x = {'(' * 100_000}".encode(), "this is nested or chained deeper than 64 levels"),
        (f"{spec()}x = {'1+' * 50_000}1\n".encode(), "this is nested or chained deeper than 64 levels"),
        (f"{spec()}x = [{'1, ' * 50_000}1]\n".encode(), "the constant `x` is used nowhere"),
    ],
    ids=["too large", "braces", "brackets", "chain", "list"],
)
def test_a_spec_that_no_person_wrote_is_told_in_a_few_lines(project: Project, content: bytes, told: str) -> None:
    project.write("pipeline.mlops", content)
    done = project.call("check")
    assert done.code == (0 if "constant" in told else 1)
    assert told in done.out
    assert "--> pipeline.mlops:" in done.out
    assert " = help: " in done.out or " = fix: " in done.out
    assert len(done.out) < 2_000


def test_a_spec_with_the_marks_of_another_editor_runs_and_keeps_its_line_ends(project: Project) -> None:
    text = spec(columns="id: int role id\n    x: float\n    `y`: int")
    content = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    project.write("pipeline.mlops", content)
    assert project.call("run").code == 0
    assert project.call("fmt").code == 0
    written = (project.folder / "pipeline.mlops").read_bytes()
    assert written.count(b"\r\n") == written.count(b"\n") > 10
    assert project.call("fmt", "--check").code == 0
    assert project.call("run").worked == []
