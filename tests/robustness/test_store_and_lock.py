"""Entries of the cache, of the history and of the lock that are damaged, and two runs at once."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from robust_projects import CSV, PATIENCE, Project, derived, spec


def spoil(path: Path) -> None:
    """Turn one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def test_a_damaged_record_is_named_and_made_again(project: Project) -> None:
    project.call("run")
    (record,) = project.stored("index")
    spoil(record)
    assert "its record in the store is damaged" in project.call("why").out
    done = project.call("run")
    assert done.code == 0
    assert "rows: starts (its record in the store is damaged)" in done.out
    assert project.call("run").worked == []
    assert len(project.stored("index")) == 2


def test_a_damaged_object_is_found_out_when_it_is_read_and_made_again(project: Project) -> None:
    project.call("run")
    for path in project.stored("objects"):
        spoil(path)
    shown = project.call("data", "show", "rows")
    assert shown.code == 4
    assert "the profile of `rows` was damaged in the store" in shown.err
    assert "help: `mlopsc run` makes it again" in shown.err
    project.write("pipeline.mlops", spec(more=derived("after", "rows")))
    done = project.call("run")
    assert done.code == 0
    assert "rows: starts (its output `profile` is gone from the store)" in done.out
    assert project.call("data", "show", "rows").code == 0
    project.check_whole()


def test_a_damaged_input_is_made_again_on_the_way(project: Project) -> None:
    project.call("run")
    for path in project.stored("objects"):
        spoil(path)
    project.write("pipeline.mlops", spec(more=derived("after", "rows")))
    done = project.call("run")
    assert (done.code, done.worked) == (0, ["after", "rows", "after"])
    project.check_whole()


def test_damaged_memories_cost_nothing_but_time(project: Project) -> None:
    project.call("run")
    pinned = (project.folder / "mlops.lock").read_bytes()
    damaged = [path for path in project.files(".mlops") if path.suffix == ".json" and "store" not in path.parts]
    assert {"run.json", "tiny.dev.json"} < {path.name for path in damaged}
    for path in damaged:
        path.write_bytes(b"\0{")
    assert project.call("run").worked == []
    assert project.call("runs").out.count("dev") == 1
    assert (project.folder / "mlops.lock").read_bytes() == pinned


@pytest.mark.parametrize(
    ("content", "told", "step"),
    [
        (b"[tiny.dev.rows\n", "`mlops.lock` is damaged: ", "take it from the last commit, or delete it"),
        (b"\xff\xfe\0\0", "`mlops.lock` cannot be read: it is not UTF-8", "take it from the last commit"),
        (b"tiny = 3\n", "its tables are not `[pipeline.environment.stage]`", "take it from the last commit"),
        (None, "`mlops.lock` cannot be read: Is a directory", "which is a folder"),
    ],
    ids=["broken", "binary", "other", "folder"],
)
@pytest.mark.parametrize("command", ["run", "why"])
def test_a_damaged_lock_stays_as_it_is(
    project: Project, command: str, content: bytes | None, told: str, step: str
) -> None:
    lock = project.folder / "mlops.lock"
    if content is None:
        lock.mkdir()
    else:
        lock.write_bytes(content)
    done = project.call(command)
    assert done.code == 4
    assert told in done.err
    assert step in done.err
    assert lock.is_dir() if content is None else lock.read_bytes() == content
    assert not (project.folder / ".mlops/runs").exists()
    assert project.call("doctor").code == 4


def test_a_merge_conflict_in_the_lock_is_told_and_mended_by_taking_a_side(project: Project) -> None:
    def git(*words: str) -> int:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words]
        return subprocess.run(command, cwd=project.folder, capture_output=True, check=False).returncode

    def commit_run(rows: str) -> None:
        project.write("rows.csv", rows)
        assert project.call("run").code == 0
        git("add", "mlops.lock", "rows.csv")
        assert git("commit", "-m", "rows") == 0

    project.write(".gitignore", ".mlops/\norigins.json\n")
    assert git("init", "-b", "main") == 0
    commit_run(CSV)
    git("checkout", "-b", "other")
    commit_run(CSV + "4,4,4\n")
    git("checkout", "main")
    commit_run(CSV + "5,5,5\n")
    assert git("merge", "other") == 1
    git("checkout", "--theirs", "rows.csv")
    done = project.call("run")
    assert done.code == 4
    assert "`mlops.lock` has a merge conflict in line 4" in done.err
    assert "help: keep either side of it, then run again: what holds now is written" in done.err
    git("checkout", "--ours", "mlops.lock")
    assert project.call("run").code == 0
    lock = (project.folder / "mlops.lock").read_text()
    git("checkout", "--theirs", "mlops.lock")
    assert lock == (project.folder / "mlops.lock").read_text()


def test_two_runs_at_once_agree(project: Project) -> None:
    """Two environments, twice each: they share stages, the history and the lock."""
    prod = "environment prod {\n  follows = dev\n  platform = local()\n}\n"
    project.write("pipeline.mlops", spec(more=prod + derived("after", "rows")))
    both = [project.start("run", "-e", name, "--json") for name in ("dev", "prod", "dev")]
    told = [run.communicate(timeout=PATIENCE) for run in both]
    assert [(run.returncode, err) for run, (_, err) in zip(both, told, strict=True)] == [(0, "")] * 3
    numbers = {json.loads(out.splitlines()[0])["number"] for out, _ in told}
    assert numbers == {1, 2, 3}
    assert {path.name for path in project.stored("index")} == {"00000001.json"}
    project.check_whole()
    lock = (project.folder / "mlops.lock").read_text()
    for table in ("dev.rows", "dev.after", "prod.rows", "prod.after"):
        assert f"[tiny.{table}]" in lock
    assert project.call("run", "-e", "prod").worked == []
