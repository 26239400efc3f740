"""`mlopsc verify`: after a real apply on this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Done
from deployments_of_shop import FOLDER, KEPT, TARGETS, TERRAFORM, terraform, with_environments

from mlopsc.stdlib.runtime.store import opening
from mlopsc.stdlib.runtime.store.faults import StoreError

Call = Callable[..., Done]
pytestmark = TERRAFORM


@pytest.fixture
def applied(project: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose production has been applied."""
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", os.devnull)
    with_environments(project)
    assert call("build", *TARGETS).code == 0
    terraform(project, "init")
    terraform(project, "apply", "-auto-approve")
    return project


def test_all_is_well(applied: Path, call: Call) -> None:
    done = call("verify", "prod")
    assert done.out.splitlines() == [
        "ok    state: 2 resources, read just now",
        "ok    drift: Terraform finds nothing to change",
        "ok    outputs: store",
        "ok    store: .mlops/prod can be written; nothing was",
    ]
    assert done.code == 0
    assert not (applied / ".mlops/prod").exists()


def test_nothing_has_been_applied(applied: Path, call: Call) -> None:
    terraform(applied, "destroy", "-auto-approve")
    done = call("verify", "prod")
    assert done.code == 4
    assert done.out == ("fail  state: nothing has been applied\n      next: `mlopsc plan prod`, then apply it\n")


def test_what_was_built_and_not_applied_is_drift(applied: Path, call: Call) -> None:
    with_environments(applied, KEPT.replace(".mlops/prod", ".mlops/elsewhere"))
    call("build", *TARGETS)
    done = call("verify", "prod")
    assert done.code == 4
    assert "fail  drift: it is not as the spec says: " in done.out
    assert "      next: `mlopsc plan prod` says how it differs\n" in done.out


def test_what_somebody_took_away(applied: Path, call: Call) -> None:
    terraform(applied, "state", "rm", "terraform_data.release_api")
    done = call("verify", "prod")
    assert done.code == 4
    assert "fail  drift: it is not as the spec says: terraform_data.release_api\n" in done.out


def test_an_output_that_is_not_there(applied: Path, call: Call) -> None:
    state = applied / FOLDER / "terraform.tfstate"
    content = json.loads(state.read_bytes())
    content["outputs"] = {}
    state.write_text(json.dumps({**content, "serial": content["serial"] + 1}), encoding="utf-8")
    done = call("verify", "prod")
    assert done.code == 4
    assert "fail  outputs: missing: store\n" in done.out


def test_a_store_that_does_not_answer(applied: Path, call: Call) -> None:
    (applied / ".mlops").mkdir(exist_ok=True)
    (applied / ".mlops/prod").write_text("a file where a folder should be", encoding="utf-8")
    done = call("verify", "prod")
    assert done.code == 4
    assert "fail  store: .mlops/prod cannot be written\n" in done.out


class Azure:
    """A store on Azure that refuses whoever asks, for a reason."""

    url = "abfs://store@shop.dfs.core.windows.net"

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def get(self, key: str) -> bytes | None:
        cause = OSError(key)
        cause.error_code = self.reason  # type: ignore[attr-defined]
        raise StoreError(f"the store `{self.url}` cannot be read: it was refused", "ask for the role") from cause


def test_a_store_that_whoever_applied_may_not_read(applied: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    assert applied.exists()
    told = {"AuthorizationPermissionMismatch": (0, "warn  store"), "AuthorizationFailure": (4, "fail  store")}
    for reason, (code, words) in told.items():
        monkeypatch.setattr(opening, "open_store", lambda *_, reason=reason: Azure(reason))
        done = call("verify", "prod")
        assert (done.code, words in done.out) == (code, True), done.out


def test_what_machines_read(applied: Path, call: Call) -> None:
    assert applied.exists()
    done = call("verify", "prod", "--json")
    assert [one["status"] for one in json.loads(done.out)] == ["ok"] * 4


def test_files_that_are_not_those_of_the_spec_stop_it(applied: Path, call: Call) -> None:
    with_environments(applied, KEPT.replace(".mlops/prod", ".mlops/elsewhere"))
    assert call("verify", "prod").code == 1
