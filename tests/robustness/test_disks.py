"""Disks that are full or read-only, and files where folders should be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from robust_projects import Disk, Project, spec

MANY = "id,x,y\n" + "".join(f"{n},{n * 0.37},{n % 7}\n" for n in range(20_000))


@pytest.mark.parametrize(
    ("built", "kilobytes", "told"),
    [
        (False, 0, "`deploy/tiny/"),
        (True, 0, ".mlops/runs/1/run.json` cannot be written"),
        (True, 80, "No space left on device"),
    ],
    ids=["building", "beginning", "storing"],
)
def test_a_full_disk_loses_nothing(disk: Disk, built: bool, kilobytes: int, told: str) -> None:
    project = Project(disk.folder / "project")
    project.write("rows.csv", MANY)
    if built:
        assert project.call("build").code == 0
    disk.leave(kilobytes)
    done = project.call("run")
    assert done.code == 4
    assert "No space left on device" in done.told
    assert "free some space" in done.told
    assert told in done.told
    assert not (project.folder / "mlops.lock").exists()
    project.check_whole()
    disk.free()
    again = project.call("run")
    assert (again.code, again.worked) == (0, ["rows"])
    project.check_whole()


def test_a_full_disk_keeps_the_spec_that_is_formatted(disk: Disk) -> None:
    project = Project(disk.folder / "project")
    text = spec().replace("  check", "\n\n\n   check")
    project.write("pipeline.mlops", text)
    disk.leave(0)
    done = project.call("fmt")
    assert done.code == 4
    assert "`pipeline.mlops` cannot be written: No space left on device" in done.err
    assert (project.folder / "pipeline.mlops").read_text() == text
    project.check_whole()


def test_a_read_only_store_gives_what_it_has(disk: Disk, project: Project) -> None:
    project.write("pipeline.mlops", spec(environment=f'store = "{disk.folder}/store"'))
    assert project.call("run").code == 0
    disk.remount("ro")
    try:
        assert project.call("run").worked == []
        pinned = (project.folder / "mlops.lock").read_bytes()
        project.write("rows.csv", "id,x,y\n1,1,1\n")
        done = project.call("run")
        assert done.code == 4
        assert f"the store `{disk.folder}/store` cannot be written: Read-only file system" in done.out
        assert "help: make the folder writable and readable for you, or name another `store`" in done.out
        assert (project.folder / "mlops.lock").read_bytes() == pinned
    finally:
        disk.remount("rw")
    assert project.call("run").worked == ["rows"]


def test_a_read_only_project_can_be_looked_at(disk: Disk) -> None:
    project = Project(disk.folder / "project")
    assert project.call("run").code == 0
    disk.remount("ro")
    try:
        for arguments in (["check"], ["why"], ["runs"], ["data"], ["graph"]):
            assert project.call(*arguments).code == 0
        done = project.call("run")
        assert done.code == 4
        assert ".mlops/runs` cannot be written: Read-only file system" in done.err
        assert "help: change the permissions there" in done.err
    finally:
        disk.remount("rw")
    project.check_whole()


@pytest.mark.parametrize(
    ("path", "command", "told"),
    [
        (".mlops", "run", "/.mlops`, which is a file"),
        ("deploy", "build", "move away `deploy`, which is a file"),
        (".mlops/store/tmp", "run", "/.mlops/store` cannot be written: Not a directory"),
    ],
)
def test_a_file_where_a_folder_should_be(project: Project, path: str, command: str, told: str) -> None:
    file = project.write(path, "mine")
    done = project.call(command)
    assert done.code == 4
    assert told in done.told
    assert "cannot be written: Not a directory" in done.told
    assert file.read_text() == "mine"
    for look in ("why", "runs", "data"):
        assert project.call(look).code == 0
    file.unlink()
    assert project.call(command).code == 0


def test_a_folder_where_a_file_should_be_keeps_all_files_of_a_build_as_they_were(project: Project) -> None:
    project.call("build")
    before = {path: path.read_bytes() for path in project.files("deploy")}
    blocked = project.folder / "deploy/tiny/manifest.json"
    blocked.unlink()
    blocked.mkdir()
    project.write("pipeline.mlops", spec(check="rows >= 2"))
    done = project.call("build")
    assert done.code == 4
    assert "`deploy/tiny/manifest.json` cannot be written: Is a directory" in done.err
    assert "help: move away `deploy/tiny/manifest.json`, which is a folder" in done.err
    assert all(path.read_bytes() == content for path, content in before.items() if path != blocked)


@pytest.mark.parametrize("trouble", ["no home", "a file", "garbage", "nowhere to write"])
def test_a_cache_that_cannot_be_used_only_costs_time(project: Project, tmp_path: Path, trouble: str) -> None:
    environment = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(tmp_path / "cache")}
    match trouble:
        case "no home":
            environment = {"PATH": os.environ["PATH"], "HOME": "/nowhere"}
        case "a file":
            (tmp_path / "cache").write_text("")
        case "garbage":
            project.call("check", environment=environment)
            cached = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
            assert cached
            for path in cached:
                path.write_bytes(b"\0garbage")
        case _:
            environment["XDG_CACHE_HOME"] = "/proc/self"
    done = project.call("check", environment=environment)
    assert (done.code, done.err) == (0, "")
