"""Nothing that we do warns: imports, and whatever the suite does with our modules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from areas import ROOT
from requirements import PYPROJECT


def test_everything_imports_without_a_warning() -> None:
    program = ROOT / "tests" / "packaging" / "areas.py"
    command = [sys.executable, "-W", "error", program, "run", "dask"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


BODIES = {
    "ours": 'warnings.warn_explicit("old", DeprecationWarning, "data.py", 1, module="mlopsc.stdlib.data")',
    "a test's": 'warnings.warn("old", FutureWarning)',
    "an open file": "open(__file__); gc.collect()",
    "a library's own": 'warnings.warn_explicit("old", DeprecationWarning, "frame.py", 1, module="pandas.core.frame")',
}


@pytest.mark.parametrize(("cause", "fails"), [(cause, cause != "a library's own") for cause in BODIES])
def test_a_warning_that_we_cause_fails_its_test(cause: str, fails: bool, tmp_path: Path) -> None:
    test = tmp_path / "test_planted.py"
    test.write_text(f"import gc, warnings\n\ndef test_planted() -> None:\n    {BODIES[cause]}\n", encoding="utf-8")
    options = ["-p", "no:cacheprovider", "-c", PYPROJECT, "--rootdir", tmp_path, test]
    done = subprocess.run([sys.executable, "-m", "pytest", *options], capture_output=True, text=True, check=False)
    assert done.returncode == (1 if fails else 0), done.stdout + done.stderr
    assert ("1 failed" if fails else "1 passed, 1 warning") in done.stdout
