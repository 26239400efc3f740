"""What the environment before has made is taken from there: a model is trained once, and moves by its hash."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from engine_project import Project, worked

from mlopsc.stdlib.runtime.store.opening import BEFORE

ALL = ["rides", "demand", "gate"]


@pytest.fixture
def before(chain: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store of an environment in which the chain has been run; this one has an empty store of its own."""
    chain.run()
    place = tmp_path / "before"
    shutil.move(chain.folder / ".mlops" / "store", place)
    monkeypatch.setenv(BEFORE, str(place))
    return place


def test_what_was_made_before_is_not_made_again(chain: Project, before: Path) -> None:
    result = chain.run()
    assert worked(result) == []
    assert all(summary.cached for summary in result.stages)
    shutil.rmtree(before)
    assert chain.output(result, "gate") == "3"
    assert worked(chain.run()) == []


def test_what_differs_is_made_here_from_what_was_made_before(chain: Project, before: Path) -> None:
    assert before.exists()
    chain.stage("gate", "demand", kind="test", value=7)
    assert worked(chain.run()) == ["gate"]


def test_what_is_forced_is_made_here(chain: Project, before: Path) -> None:
    assert before.exists()
    assert worked(chain.run(force=("demand",)))[0] == "demand"


def test_an_object_that_is_damaged_there_is_not_taken(chain: Project, before: Path) -> None:
    for path in (before / "objects" / "sha256").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(b"0")
    result = chain.run()
    assert result.exit_code == 4
    assert not any(summary.record for summary in result.stages)


def test_a_store_that_knows_nothing_changes_nothing(
    chain: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BEFORE, str(tmp_path / "nothing"))
    assert worked(chain.run()) == ALL
