"""`mlops.lock`: what is written, what is kept, and what happens to a damaged one."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from engine_project import Project

from mlopsc.stdlib.runtime.engine.lock import Lock
from mlopsc.stdlib.runtime.store.faults import OperationError

RIDES = {"hash": "ab" * 32, "rows": 8_645, "splits": {"train": 6_051, "test": 1_729}, "source": {"kind": "files"}}
ALL = frozenset({"rides", "wetter-größe", "weather"})


def lock(folder: Path, environment: str = "dev") -> Lock:
    """The lock of a folder."""
    return Lock(folder, "bike", environment)


def test_pins_are_sorted_and_read_back(tmp_path: Path) -> None:
    awkward: dict[str, Any] = {
        "hash": 'a"b\\c\x7f\n',
        "rows": 1,
        "share": 0.5,
        "fresh": True,
        "empty": {},
        "gone": None,
    }
    lock(tmp_path).update({"wetter-größe": awkward, "rides": RIDES}, ALL)
    text = (tmp_path / "mlops.lock").read_text(encoding="utf-8")
    assert text.index("[bike.dev.rides]") < text.index('[bike.dev."wetter-größe"]')
    assert "splits = { test = 1729, train = 6051 }\n" in text
    kept = {name: value for name, value in awkward.items() if value is not None}
    assert tomllib.loads(text)["bike"]["dev"] == {"rides": RIDES, "wetter-größe": kept}
    assert lock(tmp_path).pin("rides") == RIDES
    assert lock(tmp_path).pin("weather") is None


def test_environments_and_pipelines_leave_each_other_alone(tmp_path: Path) -> None:
    lock(tmp_path).update({"rides": RIDES}, ALL)
    lock(tmp_path, "prod").update({"rides": {**RIDES, "rows": 9_000}}, ALL)
    Lock(tmp_path, "taxi", "dev").update({"rides": {"rows": 1}}, ALL)
    assert lock(tmp_path).pin("rides") == RIDES
    assert lock(tmp_path, "prod").pin("rides") == {**RIDES, "rows": 9_000}


def test_unchanged_pins_leave_the_file_as_it_is(tmp_path: Path) -> None:
    lock(tmp_path).update({"rides": RIDES, "weather": {"rows": 2}}, ALL)
    before = (tmp_path / "mlops.lock").stat()
    lock(tmp_path).update({"rides": RIDES}, ALL)
    assert (tmp_path / "mlops.lock").stat() == before
    lock(tmp_path).update({"rides": {"hash": RIDES["hash"]}}, ALL)
    assert lock(tmp_path).pin("rides") == {"hash": RIDES["hash"]}


def test_stages_that_are_gone_are_dropped(tmp_path: Path) -> None:
    lock(tmp_path).update({"rides": RIDES, "weather": {"rows": 2}}, ALL)
    lock(tmp_path).update({"rides": RIDES}, frozenset({"rides"}))
    assert (lock(tmp_path).pin("weather"), lock(tmp_path).pin("rides")) == (None, RIDES)


def test_two_changes_of_different_stages_merge(tmp_path: Path) -> None:
    def git(*words: str) -> int:
        command = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.com", *words]
        return subprocess.run(command, capture_output=True).returncode

    pins = {name: {"hash": name, "rows": 1} for name in ("rides", "stations", "weather")}
    git("init", "-b", "main")
    lock(tmp_path).update(pins, frozenset(pins))
    git("add", "."), git("commit", "-m", "first"), git("checkout", "-b", "other")
    lock(tmp_path).update({"weather": {"hash": "new", "rows": 2}}, frozenset(pins))
    git("commit", "-am", "weather"), git("checkout", "main")
    lock(tmp_path).update({"rides": {"hash": "newer", "rows": 3}}, frozenset(pins))
    git("commit", "-am", "rides")
    assert git("merge", "other") == 0
    assert [(lock(tmp_path).pin(name) or {})["rows"] for name in pins] == [3, 1, 2]


@pytest.mark.parametrize(
    ("text", "fact", "step"),
    [
        (
            "[bike.dev.rides]\n<<<<<<< HEAD\nrows = 1\n=======\nrows = 2\n>>>>>>> x\n",
            "merge conflict in line 2",
            "either",
        ),
        ("[bike.dev.rides\nrows = 1\n", "is damaged", "from the last commit"),
        ("bike = 3\n", "is damaged", "from the last commit"),
    ],
)
def test_a_damaged_lock_is_told_and_stays_as_it_is(project: Project, text: str, fact: str, step: str) -> None:
    file = project.write("mlops.lock", text)
    project.stage("rides")
    with pytest.raises(OperationError, match=fact) as caught:
        project.run()
    assert step in caught.value.hint
    assert file.read_text() == text
    assert not (project.folder / ".mlops" / "runs").exists()


def test_a_lock_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "mlops.lock").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(OperationError, match="cannot be read"):
        lock(tmp_path)


def test_a_run_pins_the_rows_of_its_data_stages(project: Project) -> None:
    project.stage("rides", do="pin", rows=8_645)
    project.stage("demand", "rides", kind="train")
    project.run()
    pin = lock(project.folder).pin("rides")
    assert pin == {"rows": 8_645, "hash": "ab"}
    assert lock(project.folder).pin("demand") is None
    (project.folder / "mlops.lock").unlink()
    project.run()
    assert lock(project.folder).pin("rides") == pin
