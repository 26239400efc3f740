"""The example of flights as a user meets it: right, formatted, built, run in production's way, rehearsed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from example_runs import EXAMPLES, RIGHT, copied, mlopsc

EXAMPLE = EXAMPLES / "flight-delays"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example as it is committed, without what runs left there."""
    return copied("flight-delays", tmp_path_factory.mktemp("example"))


@pytest.fixture(scope="module")
def ran(copy: Path) -> Path:
    """The same after a run as production would do it."""
    done = mlopsc(copy, "run", "--environment", "prod")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the model is version 1 of `delay`" in done.stdout
    return copy


@pytest.mark.parametrize("words", RIGHT, ids=" ".join)
def test_the_example_is_right_formatted_and_built(copy: Path, words: tuple[str, ...]) -> None:
    done = mlopsc(copy, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stdout
    assert "info" not in done.stdout


def test_its_own_tests_pass_and_need_nothing_of_the_compiler() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(command, cwd=EXAMPLE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not [file for file in EXAMPLE.glob("*.py") if "mlopsc" in file.read_text(encoding="utf-8")]


def test_the_gate_opens_on_the_real_rows_and_a_second_run_does_nothing(ran: Path) -> None:
    done = mlopsc(ran, "run", "--environment", "prod")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 cached" in done.stdout


def test_the_rows_are_those_that_the_lock_pins(ran: Path) -> None:
    assert (ran / "mlops.lock").read_text(encoding="utf-8") == (EXAMPLE / "mlops.lock").read_text(encoding="utf-8")


def test_a_model_that_never_sees_a_late_flight_stays_out(tmp_path: Path) -> None:
    """The planted defect: most flights are on time, so whoever always says so is right more often than not."""
    other = copied("flight-delays", tmp_path)
    spec = (other / "pipeline.mlops").read_text(encoding="utf-8")
    begin, end = spec.index("  estimator"), spec.index("  minimize")
    dummy = '  estimator = sklearn("dummy.DummyClassifier", strategy = "prior")\n  track = false\n'
    (other / "pipeline.mlops").write_text(spec[:begin] + dummy + spec[end:], encoding="utf-8")
    done = mlopsc(other, "run", "--environment", "prod")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "✗ require recall(test) >= 50% at 95%" in done.stdout


@pytest.mark.integration
def test_a_week_of_its_production_is_quiet(ran: Path) -> None:
    done = mlopsc(ran, "rehearse", "prod", "--days", "7")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "version 1 answers everything" in done.stdout
    assert "event" not in done.stdout.partition("What the spec did")[0]
