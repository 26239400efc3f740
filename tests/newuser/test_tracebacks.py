"""An error in the user's own code is shown by their own lines; what libraries did in between only lengthens it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlopsc.stdlib.runtime.engine.usercode import load_callable, user_traceback


def raised(project: Path, code: str) -> str:
    """What is shown of the error that the function `work` of a project raises."""
    (project / "own_code.py").write_text(code, encoding="utf-8")
    try:
        load_callable(project, "own_code.py:work")()
    except Exception as error:
        return user_traceback(error, project)
    raise AssertionError("it raises nothing")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose module is imported anew."""
    monkeypatch.setattr("sys.path", [*sys.path])
    monkeypatch.delitem(sys.modules, "own_code", raising=False)
    return tmp_path


def test_frames_of_libraries_are_left_out(project: Path) -> None:
    code = "import pandas as pd\ndef work():\n    return pd.DataFrame({'a': [1]})['nothing']\n"
    told = raised(project, code)
    assert [line.strip() for line in told.splitlines() if "File" in line] == [
        f'File "{project / "own_code.py"}", line 3, in work'
    ]
    assert told.endswith("KeyError: 'nothing'")
    assert "direct cause" not in told


def test_an_error_that_led_to_another_is_kept_where_it_is_the_users(project: Path) -> None:
    code = "def work():\n    try: 1 / 0\n    except Exception as e:\n        raise ValueError('so') from e\n"
    told = raised(project, code)
    assert told.index("ZeroDivisionError") < told.index("direct cause") < told.index("ValueError: so")


def test_without_a_line_of_the_user_all_is_shown(tmp_path: Path) -> None:
    try:
        int("x")
    except ValueError as error:
        told = user_traceback(error, tmp_path)
    assert Path(__file__).name in told
    assert told.endswith("ValueError: invalid literal for int() with base 10: 'x'")
