"""`mlopsc release` from a model that was really trained, in a project as a user has it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from releases import DAY, Clock
from test_approvals import LEADS, list_signers, new_key

from mlopsc.compiler.cli.main import run

SPEC = """pipeline orders {
  owner = "shop@example.com"
}

environment dev { platform = local() }

environment prod {
  follows   = dev
  platform  = local()
  approvers = ["@example-org/ml-leads"]
}

data orders {
  source = csv("orders.csv")
  target = price

  schema {
    weight: float in 0..100
    items:  int in 1..
    price:  float in 0..
  }

  check rows >= 100
  split = random(train = 60%, validation = 20%, test = 20%)
}

train prices {
  data      = orders
  estimator = sklearn("linear_model.Ridge", alpha = 1.0)
  minimize mae(validation)
}

test gate {
  model = prices
  require mae(test) <= 5 at 95%
}

release shop {
  model    = prices
  gate     = gate
  strategy = canary(steps = [10%, 100%], every = 1d)
  guard error_rate <= champion * 2
}
"""
Call = Callable[..., tuple[int, str, str]]


def start_process(*arguments: str, folder: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "mlopsc.compiler.cli", *arguments]
    done = subprocess.run(command, cwd=folder, env={**os.environ, "NO_COLOR": "1"}, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A project with one version that passed the gate of `prod`, and the end of what `run` said."""
    folder = tmp_path_factory.mktemp("trained") / "orders"
    folder.mkdir()
    (folder / "pipeline.mlops").write_text(SPEC)
    (folder / "requirements.txt").write_text("scikit-learn\n")
    lines = ["weight,items,price"]
    for i in range(2000):
        weight, items = (i * 37 % 100) / 2, 1 + i % 7
        lines.append(f"{weight},{items},{3 * weight + 10 * items + (i * 53 % 11) / 10}")
    (folder / "orders.csv").write_text("\n".join([*lines, ""]))
    code, told = start_process("run", "-e", "prod", folder=folder)
    assert code == 0, told
    return folder, told


@pytest.fixture
def shop(trained: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, in which commands are called."""
    folder = tmp_path / "shop"
    shutil.copytree(trained[0], folder)
    list_signers(folder, leads=new_key(tmp_path, "lead"))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NO_COLOR", "1")
    return folder


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs `mlopsc release …`: its exit code, and what it wrote."""

    def call_it(*arguments: str) -> tuple[int, str, str]:
        code = run(["release", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call_it


def aliases(folder: Path) -> dict[str, int]:
    script = (
        "import json, sys, mlflow; mlflow.set_tracking_uri(sys.argv[1]); "
        "print(json.dumps(mlflow.MlflowClient().get_registered_model('orders.prices').aliases))"
    )
    command = [sys.executable, "-c", script, f"sqlite:///{folder}/.mlops/mlflow.db"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {alias: int(version) for alias, version in found.items()}


def test_run_says_how_a_version_comes_into_service(trained: tuple[Path, str]) -> None:
    last = trained[1].strip().splitlines()[-1]
    assert last == "next: `mlopsc release start -e prod` brings version 1 of `prices` into service"


def test_a_version_comes_into_service_and_the_log_answers_the_auditor(
    shop: Path, call: Call, clock: Clock, tmp_path: Path
) -> None:
    assert aliases(shop) == {"challenger-prod": 1}, "no release has said yet that it serves"
    code, told, _ = call("start")
    assert (code, told.splitlines()[0]) == (0, "entry 1, start: version 1 waits for its approval")
    assert call("start")[1] == "nothing to do: it is under way or in service already\n"
    code, told, _ = call("tick")
    assert (code, told) == (
        0,
        f"nothing to do: version 1 waits for its approval\n  waits for the approval of `{LEADS}`\n",
    )
    assert call("approve", "1", "--key", str(tmp_path / "lead"))[0] == 0
    assert "due: first release: version 1 answers everything" in call("status")[1]
    clock.move(DAY / 2)
    assert call("tick", "--json")[0] == 0
    assert "serves: version 1 100%" in call("status", "-e", "prod")[1]
    assert aliases(shop) == {"champion-prod": 1}
    clock.move(DAY)
    code, told, _ = call("history", "--at", "2025-03-01")
    assert code == 0
    assert "version 1 100%" in told
    assert f"approved  {LEADS}, 2025-03-01 00:00 (entry 2; the signature holds)" in told
    data = start_process("data", folder=shop)[1].splitlines()[-1].split()[1]
    assert f"data      orders {data}" in told
    assert call("history", "--at", "2025-02-28")[1] == "nothing served in prod then\n"
    assert call("history", "--at", "2025-03-01T13:00")[1].count("to now") == 1
    assert "first release" in call("history")[1]
    found = json.loads(call("history", "--at", "2025-03-01", "--json")[1])
    assert found["versions"]["1"]["approvals"][0]["approver"] == LEADS
    assert start_process("run", "-e", "prod", folder=shop)[1].strip().splitlines()[-1].startswith("next: `mlopsc runs`")


def test_json_tells_what_lines_do(shop: Path, call: Call) -> None:
    (shop / ".mlops" / "mlflow.db").unlink()  # so that no alias follows, which takes longer than all the rest
    entry = json.loads(call("start", "--json")[1])["entry"]
    assert (entry["sequence"], entry["kind"]) == (1, "start")
    assert json.loads(call("tick", "--json")[1])["waiting_for"] == [f"the approval of `{LEADS}`"]
    status = json.loads(call("status", "--json")[1])
    assert (status["release"], status["environment"], status["state"]["phase"]) == ("shop", "prod", "waiting")
    rolled = json.loads(call("rollback", "--json", "--reason", "not now")[1])["entry"]
    assert (rolled["kind"], rolled["state"]["phase"]) == ("rollback", "empty")
    assert [one["kind"] for one in json.loads(call("history", "--json")[1])["entries"]] == ["start", "rollback"]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("start", "9"), 4, "`prices` has no version 9"),
        (("start", "newest"), 2, "a version is a number, and `newest` is none"),
        (("start", "1", "2"), 2, "one version at a time"),
        (("tick", "3"), 2, "this takes no version"),
        (("status", "-e", "prd"), 2, "there is no environment `prd`"),
        (("status", "--release", "api"), 4, "`orders` has no release `api`"),
        (("rollback",), 4, "nothing has served in `prod` yet"),
        (("approve",), 4, "no version waits for an approval"),
        (("history", "--at", "3 March"), 2, "`3 March` is no date"),
        (("approve", "-e", "dev"), 4, "`dev` names no approvers"),
        (("go",), 2, "there is no command `go`"),
    ],
)
def test_mistakes_are_told(shop: Path, call: Call, arguments: tuple[str, ...], code: int, told: str) -> None:
    found, out, err = call(*arguments)
    assert found == code, out + err
    assert told in err
    assert not (shop / ".mlops" / "store" / "release").exists()


def test_completion_knows_releases_and_commands(shop: Path) -> None:
    script = "import sys; sys.argv[0] = 'mlopsc'; from mlopsc.compiler.cli.main import main; main()"

    def completed(words: str) -> str:
        asked = {"_MLOPSC_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        command = [sys.executable, "-c", script]
        return subprocess.run(command, cwd=shop, env={**os.environ, **asked}, capture_output=True, text=True).stdout

    assert "rollback" in completed("mlopsc release ro")
    assert completed("mlopsc release status --release s").strip() == "plain,shop"


def test_a_tracker_that_is_not_there_costs_a_line(shop: Path, call: Call) -> None:
    (shop / ".mlops" / "mlflow.db").write_bytes(b"no database")
    code, out, err = call("start")
    assert code == 0
    assert out.startswith("entry 1, start:")
    assert err.startswith("warning: experiments were not recorded in")
