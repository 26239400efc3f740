"""`mlopsc forget`, as a user runs it."""

from __future__ import annotations

import math
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from logged import NOON, answer, told

from mlopsc.compiler.cli.deployments import deployment_of
from mlopsc.compiler.cli.spec import locate
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.service.keys import VARIABLE, log_secret, unit_of
from mlopsc.stdlib.runtime.service.reading import ServiceLog
from mlopsc.stdlib.runtime.service.writing import LogWriter

SPEC = """pipeline shop { owner = "shop@example.com" }

data customers {
  source = csv("customers.csv")
  target = left

  schema {
    customer: text role id
    minutes:  float
    left:     bool
  }

  check rows >= 1

  split = random(train = 60%, validation = 20%, test = 20%)
}

train churn {
  data      = customers
  estimator = sklearn("linear_model.LogisticRegression")
  minimize log_loss(validation)
}

test gate {
  model = churn
  require roc_auc(test) >= 0.6
}

release crm {
  model  = churn
  gate   = gate
  assign = customer
}
"""


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    """A release with three requests, two of them of customer 4711, and feedback on one."""
    (tmp_path / "pipeline.mlops").write_text(SPEC)
    (tmp_path / "customers.csv").write_text("customer,minutes,left\na,1,true\n")
    (tmp_path / "requirements.txt").write_text("scikit-learn\n")
    found = deployment_of(locate(str(tmp_path / "pipeline.mlops")), None, None)
    secret = log_secret(tmp_path)
    writer = LogWriter(found)
    writer.add(
        answer(f"{i}", NOON, unit=unit_of(secret, key), prediction=True) for i, key in enumerate((4711, 1, 4711))
    )
    writer.add([told("0", True), told("1", False)])
    assert writer.close() == 0
    return found


def forget(deployment: Deployment, *arguments: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
    """The command, on a terminal where something is typed."""
    command = [sys.executable, "-m", "mlopsc.compiler.cli", "forget", *arguments]
    environment = {**os.environ, "NO_COLOR": "1"}
    if typed is None:
        return subprocess.run(
            command, cwd=deployment.project, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
    ours, theirs = pty.openpty()
    os.write(ours, typed.encode())
    done = subprocess.run(
        command, cwd=deployment.project, env=environment, capture_output=True, text=True, stdin=theirs
    )
    os.close(ours)
    os.close(theirs)
    return done


def kept(deployment: Deployment) -> list[str]:
    return sorted(ServiceLog(deployment).requests(0.0, math.inf)["id"])


def test_a_key_is_forgotten_and_once_more_finds_nothing(deployment: Deployment) -> None:
    done = forget(deployment, "4711", "--yes")
    assert (done.returncode, done.stdout) == (0, "deleted 2 rows of the request log and 1 of feedback\n")
    assert kept(deployment) == ["1"]
    again = forget(deployment, "4711", "pipeline.mlops", "--yes")
    assert (again.returncode, again.stdout) == (0, "deleted 0 rows of the request log and 0 of feedback\n")


def test_it_asks_first(deployment: Deployment) -> None:
    done = forget(deployment, "4711", typed="n\n")
    assert (done.returncode, kept(deployment)) == (0, ["0", "1", "2"])
    assert "Delete all that `crm` in local has logged for `4711`, for good?" in done.stdout
    assert "nothing was deleted" in done.stdout
    assert forget(deployment, "4711", typed="y\n").returncode == 0
    assert kept(deployment) == ["1"]


def test_where_nobody_can_be_asked_it_wants_a_yes(deployment: Deployment) -> None:
    done = forget(deployment, "4711")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert kept(deployment) == ["0", "1", "2"]


def test_another_secret_does_not_pass_for_clean(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "another secret of a length")
    done = forget(deployment, "4711", "--yes")
    assert done.returncode == 4
    assert "1 file could not be searched" in done.stderr
    assert "MLOPSC_LOG_SECRET" in done.stderr
    assert kept(deployment) == ["0", "1", "2"]


def test_rows_that_routers_hold_are_told_of(deployment: Deployment) -> None:
    writer = LogWriter(deployment)
    assert writer.flush()
    done = forget(deployment, "1", "--yes")
    writer.close()
    assert "run this again after that" in done.stdout
    assert kept(deployment) == ["0", "2"]
