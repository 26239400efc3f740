"""The user's modules inside a model."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import pytest

from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.model.code import Snapshot, take_snapshot

STEPS = """
import lib.base
import lib.deep as deep
from lib import base as again
from plain import mod

def find():
    from lib.base import BASE
    return lib.base.BASE, deep.BASE, again.BASE, BASE, mod.WORD
"""


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_two_versions_of_one_module_live_side_by_side(tmp_path: Path) -> None:
    write(
        tmp_path, {"features.py": "from helper import SIZE\nclass Step:\n    size = SIZE\n", "helper.py": "SIZE = 1\n"}
    )
    first = take_snapshot(tmp_path, ["features.py:Step"])
    old = first.load("features.py:Step")
    (tmp_path / "helper.py").write_text("SIZE = 2\n")
    second = take_snapshot(tmp_path, ["features.py:Step"])
    new = second.load("features.py:Step")
    assert (old.size, new.size) == (1, 2)
    assert old.__module__ != new.__module__
    assert "features" not in sys.modules
    assert "helper" not in sys.modules


def test_every_way_to_import_a_module_of_the_project_leads_into_the_snapshot(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "lib/__init__.py": "",
            "lib/deep/__init__.py": "from ..base import BASE\n",
            "lib/base.py": "BASE = 'base'\n",
            "plain/mod.py": "WORD = 'plain'\n",
            "steps.py": STEPS,
        },
    )
    code = take_snapshot(tmp_path, ["steps.py:find"])
    moved = Snapshot(code.files)
    for path in sorted(tmp_path.rglob("*.py")):
        path.unlink()
    assert moved.load("steps.py:find")() == ("base", "base", "base", "base", "plain")


def test_only_what_is_imported_is_kept(tmp_path: Path) -> None:
    write(tmp_path, {"features.py": "import os\nimport pandas\nclass Step: ...\n", "other.py": "X = 1\n"})
    assert set(take_snapshot(tmp_path, ["features.py:Step"]).files) == {"features.py"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("class Other: ...\n", "`features.py` has no `Step`"),
        ("import nowhere_at_all\n", "`features.py` cannot be imported: ModuleNotFoundError"),
        ("class Step(:\n", "`features.py` cannot be imported: SyntaxError"),
        ("raise RuntimeError('no luck')\n", "`features.py` cannot be imported: RuntimeError: no luck"),
    ],
)
def test_a_module_that_cannot_be_used_is_told(tmp_path: Path, text: str, told: str) -> None:
    write(tmp_path, {"features.py": text})
    with pytest.raises(StageFailure) as raised:
        take_snapshot(tmp_path, ["features.py:Step"]).load("features.py:Step")
    assert raised.value.message.startswith(told)


def test_a_missing_module_is_told(tmp_path: Path) -> None:
    with pytest.raises(StageFailure, match=r"there is no module `features\.py`"):
        take_snapshot(tmp_path, ["features.py:Step"])


def test_a_traceback_shows_the_lines_of_a_module_that_is_only_in_the_snapshot() -> None:
    fail = Snapshot({"features.py": "def fail():\n    raise ValueError('here')\n"}).load("features.py:fail")
    with pytest.raises(ValueError, match="here") as raised:
        fail()
    assert "raise ValueError('here')" in "".join(traceback.format_exception(raised.value))
