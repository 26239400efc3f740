"""The bike-sharing example as a user meets it: right, formatted, built, run in production's way on the real rows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from example_runs import EXAMPLES, RIGHT, copied, facts, mlopsc

EXAMPLE = EXAMPLES / "bike-demand"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example as it is committed, without what runs left there."""
    return copied("bike-demand", tmp_path_factory.mktemp("example"))


@pytest.fixture(scope="module")
def ran(copy: Path) -> Path:
    """The same after a run as production would do it."""
    done = mlopsc(copy, "run", "--environment", "prod")
    assert done.returncode == 0, done.stdout + done.stderr
    return copy


@pytest.mark.parametrize("words", RIGHT, ids=" ".join)
def test_the_example_is_right_formatted_and_built(copy: Path, words: tuple[str, ...]) -> None:
    done = mlopsc(copy, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stdout
    assert "info" not in done.stdout


def test_the_gate_opens_on_the_real_rows(ran: Path) -> None:
    done = mlopsc(ran, "run", "--environment", "prod", "--force", "demand_gate")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "judges `demand` on test: 1,729 rows in 11 units" in done.stdout
    assert "✓ require mae(test) <= 45 at 95% assuming 33" in done.stdout
    assert "api (`mlopsc release`), live (`mlopsc monitor`)" in done.stdout


def test_a_second_run_does_nothing(ran: Path) -> None:
    done = mlopsc(ran, "run", "--environment", "prod")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 cached" in done.stdout


def test_the_rows_are_those_that_the_lock_pins(ran: Path) -> None:
    assert "rows = 8645" in (EXAMPLE / "mlops.lock").read_text(encoding="utf-8")
    assert "rows = 8645" in (ran / "mlops.lock").read_text(encoding="utf-8")
    assert facts(ran, "rides")["kind"] == "data"


def test_a_worse_model_stays_out(ran: Path) -> None:
    """The planted defect: a model that always answers the same must not pass the gate that the real one passes."""
    spec = (ran / "pipeline.mlops").read_text(encoding="utf-8")
    begin, end = spec.index("  estimator"), spec.index("  minimize")
    dummy = '  estimator = sklearn("dummy.DummyRegressor", strategy = "median")\n  track = false\n'
    other = ran.parent / "worse"
    shutil.copytree(ran, other)
    (other / "pipeline.mlops").write_text(spec[:begin] + dummy + spec[end:], encoding="utf-8")
    done = mlopsc(other, "run", "--environment", "prod")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "✗ require mae(test) <= 45 at 95% assuming 33" in done.stdout
    assert "look 2 of 5" in done.stdout
