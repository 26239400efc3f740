"""What stands in for Azure refuses what Azure refuses; else a delivery that is run would prove too much."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

STAND_INS = Path(__file__).parent / "stand_ins"
SOMEBODY = {"ACTING_CLIENT": "shop-prod-train", "AZURE_STORAGE_ANON": "false", "AZURE_TOKEN_CREDENTIALS": "dev"}
READ = """from pathlib import Path
from mlopsc.stdlib.runtime.store.opening import open_store
store = open_store("abfs://store@shop.dfs.core.windows.net/v1", Path("project"))
print(store.put_if_absent("index/a", b"1"), store.put_if_absent("index/a", b"2"), store.get("index/a"), store.get("b"))
"""
PLANNER = {"ARM_CLIENT_ID": "shop-prod-ci-plan", "ARM_USE_OIDC": "true", "TF_CLI_ARGS_plan": "-lock=false"}
APPLIER = {"ARM_CLIENT_ID": "shop-prod-ci-apply", "ARM_USE_OIDC": "true"}


@pytest.fixture
def azure(tmp_path: Path) -> Path:
    """An account with a container."""
    (tmp_path / "azure" / "shop" / "store").mkdir(parents=True)
    (tmp_path / "tfplan").write_bytes(b"a plan")
    return tmp_path


def said(azure: Path, command: list[str], given: dict[str, str]) -> tuple[int, str]:
    outside = {"PATH": os.environ["PATH"], "ACTING_AZURE": str(azure / "azure"), "ACTING_STATES": str(azure), **given}
    done = subprocess.run(
        [sys.executable, *command], cwd=azure, env=outside, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def az(azure: Path, verb: str, **given: str) -> tuple[int, str]:
    where = ["--auth-mode", "login", "--account-name", "shop", "--container-name", given.pop("container", "store")]
    more = ["--overwrite", "false"] if verb == "upload" else []
    command = ["storage", "blob", verb, *where, "--name", "a/plan", "--file", "tfplan", *more]
    return said(azure, [str(STAND_INS / "login/bin/az"), *command], {**SOMEBODY, **given})


def test_a_plan_comes_back_and_is_never_replaced(azure: Path) -> None:
    assert az(azure, "upload") == (0, "")
    (azure / "tfplan").unlink()
    assert az(azure, "download") == (0, "")
    assert (azure / "tfplan").read_bytes() == b"a plan"
    assert "FileExistsError" in az(azure, "upload")[1]


@pytest.mark.parametrize(
    ("given", "words"),
    [({"ACTING_CLIENT": ""}, "az login"), ({"container": "tfplan"}, "container does not exist")],
    ids=str,
)
def test_nobody_and_nowhere_keep_nothing(azure: Path, given: dict[str, str], words: str) -> None:
    assert words in az(azure, "upload", **given)[1]


@pytest.mark.parametrize(
    ("who", "said_of"),
    [("shop-image", "password of shop-image\n"), ("shop-prod-ci-apply", "Access was denied"), ("", "az login")],
    ids=str,
)
def test_one_identity_alone_is_let_into_the_registry(azure: Path, who: str, said_of: str) -> None:
    command = [str(STAND_INS / "login/bin/az"), "acr", "login", "--name", "shop", "--expose-token"]
    assert said_of in said(azure, [*command, "--query", "accessToken"], {**SOMEBODY, "ACTING_CLIENT": who})[1]


def test_a_store_is_read_by_who_has_logged_in(azure: Path) -> None:
    packages = {"PYTHONPATH": str(STAND_INS / "packages")}
    assert said(azure, ["-c", READ], {**packages, **SOMEBODY}) == (0, "True False b'1' None\n")
    code, words = said(azure, ["-c", READ], {**packages, **SOMEBODY, "AZURE_STORAGE_ANON": ""})
    assert code == 1
    assert "cannot be opened: Public access is not permitted" in words


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (PLANNER, ""),
        ({**PLANNER, "TF_CLI_ARGS_plan": ""}, "acquiring the state lock"),
        (APPLIER, ""),
        ({**APPLIER, "TF_CLI_ARGS_plan": "-lock=false"}, "planned without a lock"),
        ({**APPLIER, "ARM_USE_OIDC": ""}, "unable to build authorizer"),
    ],
    ids=str,
)
def test_terraform_locks_the_state_unless_it_may_not(azure: Path, given: dict[str, str], words: str) -> None:
    backend = {"terraform": {"backend": {"azurerm": {"key": "shop/prod.tfstate"}}}}
    (azure / "main.tf.json").write_text(json.dumps(backend), encoding="utf-8")
    code, out = said(azure, [str(STAND_INS / "setup-terraform/bin/terraform"), "plan", "-out=plan"], given)
    assert (code, words in out) == (1 if words else 0, True), out
