"""`mlopsc plan`: real plans of environments that Terraform keeps on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Done
from deployments_of_shop import FOLDER, KEPT, TARGETS, TERRAFORM, terraform, with_environments

Call = Callable[..., Done]
PLAN = "prod.tfplan"


@pytest.fixture
def shop(project: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that has been built."""
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", os.devnull)
    with_environments(project)
    assert call("build", *TARGETS).code == 0
    return project


@TERRAFORM
def test_the_life_of_an_environment(shop: Path, call: Call) -> None:
    planned = call("plan", "prod", "--out", PLAN)
    assert planned.code == 0, planned.err
    assert planned.out.startswith(
        "make\n"
        "  release api  pipeline.mlops:9:1\n"
        "    terraform_data.release_api  Goes on once it has been started\n"
        "  environment prod: store  pipeline.mlops:6:3\n"
        "    terraform_data.store  Where data, models and records are\n"
    )
    assert "prod: 0 to destroy, 0 to replace, 0 to change, 2 to make; nothing has been applied\n" in planned.out
    command = planned.out.splitlines()[-1].partition("`terraform ")[2].partition("`")[0]
    assert command == f"-chdir={FOLDER} apply ../../../../{PLAN}"
    assert (shop / PLAN).stat().st_mode & 0o077 == 0

    terraform(shop, "apply", f"../../../../{PLAN}")
    assert call("plan", "prod").out == "prod: nothing to change\n"

    with_environments(shop, KEPT.replace(".mlops/prod", ".mlops/elsewhere").replace("release api", "release shop"))
    call("build", *TARGETS)
    changed = call("plan", "prod").out
    assert changed.index("destroy\n  terraform_data.release_api  nothing in the spec\n") < changed.index("change\n")
    assert changed.index("change\n") < changed.index("make\n")
    assert "      input.place: .mlops/prod → .mlops/elsewhere\n" in changed
    assert "prod: 1 to destroy, 0 to replace, 1 to change, 1 to make; nothing has been applied\n" in changed

    terraform(shop, "destroy", "-auto-approve")
    assert "0 to destroy, 0 to replace, 0 to change, 2 to make" in call("plan", "prod").out


@TERRAFORM
def test_what_machines_read(shop: Path, call: Call) -> None:
    assert shop.exists()
    found = json.loads(call("plan", "prod", "--json").out)
    assert found["counts"] == {"destroy": 0, "replace": 0, "forget": 0, "change": 0, "make": 2}
    asked = {one["address"]: one["asked_by"] for one in found["changes"]}
    assert asked["terraform_data.store"] == {
        "part": "environment prod",
        "rule": "store",
        "place": "pipeline.mlops:6:3",
        "purpose": "Where data, models and records are",
    }
    assert (found["passes"], found["weaker"], found["file"]) == (True, [], None)


@TERRAFORM
def test_a_replacement_names_what_forces_it(shop: Path, call: Call) -> None:
    call("plan", "prod", "--out", PLAN)
    terraform(shop, "apply", f"../../../../{PLAN}")
    plan_with(shop, {"triggers_replace": "b"})
    done = call("plan", "prod")
    assert done.code == 0, done.err
    assert done.out.startswith("replace: destroyed, then made anew\n  terraform_data.release_api  release api  ")
    assert "      triggers_replace: (nothing) → b  forces it\n" in done.out
    assert "1 to replace" in done.out


def plan_with(folder: Path, override: dict[str, str]) -> None:
    """Change what the folder declares as a person does who tries something."""
    body = {"resource": {"terraform_data": {"release_api": override}}}
    (folder / FOLDER / "try_override.tf.json").write_text(json.dumps(body), encoding="utf-8")


@TERRAFORM
def test_sensitive_values_are_never_shown(shop: Path, call: Call) -> None:
    plan_with(shop, {"input": '${sensitive("hush-one")}'})
    call("plan", "prod", "--out", PLAN)
    terraform(shop, "apply", f"../../../../{PLAN}")
    plan_with(shop, {"input": '${sensitive("hush-two")}'})
    for arguments in (["--verbose"], ["--json"]):
        done = call("plan", "prod", *arguments)
        assert "(sensitive)" in done.out
        assert "hush" not in done.out + done.err
    assert "hush" not in (shop / ".mlops/terraform/prod.log").read_text(encoding="utf-8")


@TERRAFORM
def test_hostile_text_reaches_no_terminal(shop: Path, call: Call) -> None:
    plan_with(shop, {"input": "\x1b[31mred\u202e"})
    call("plan", "prod", "--out", PLAN)
    terraform(shop, "apply", f"../../../../{PLAN}")
    plan_with(shop, {"input": "plain"})
    out = call("plan", "prod").out
    assert "\x1b" not in out
    assert "\u202e" not in out


@TERRAFORM
def test_a_plan_that_cannot_be_kept(shop: Path, call: Call) -> None:
    assert shop.exists()
    done = call("plan", "prod", "--out", "no/such/folder/p")
    assert done.code == 4
    assert "`no/such/folder/p` cannot be written: No such file or directory" in done.err


def test_files_that_are_not_those_of_the_spec_stop_it(shop: Path, call: Call) -> None:
    with_environments(shop, KEPT.replace(".mlops/prod", ".mlops/other"))
    done = call("plan", "prod")
    assert done.code == 1
    assert " more are not as the spec says, so nothing was asked of Terraform\n" in done.err
    assert done.err.endswith("  = help: `mlopsc build`, then commit what it wrote\n")
    assert not (shop / FOLDER / ".terraform").exists()


def test_a_hand_at_the_committed_file_stops_it(shop: Path, call: Call) -> None:
    main = shop / FOLDER / "main.tf.json"
    main.write_text(main.read_text(encoding="utf-8").replace(".mlops/prod", ".mlops/mine"), encoding="utf-8")
    done = call("plan", "prod")
    assert done.code == 1
    assert f"`{FOLDER}/main.tf.json` is not as the spec says" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["prodd"], 2, "did you mean `prod`?"),
        ([], 2, "Missing argument"),
        (["dev", "prod"], 2, "name the environment"),
        (["prod", "--weaker", " "], 2, "--weaker needs a reason"),
    ],
)
def test_commands_that_are_not_written_right(
    arguments: list[str], code: int, words: str, shop: Path, call: Call
) -> None:
    assert shop.exists()
    done = call("plan", *arguments)
    assert done.code == code
    assert words in done.err


def test_an_environment_that_terraform_does_not_keep(shop: Path, call: Call) -> None:
    with_environments(shop, KEPT.replace("platform = local(terraform = true) }", "platform = local() }"))
    call("build", *TARGETS)
    done = call("plan", "dev")
    assert done.code == 2
    assert "Terraform does not keep `dev`" in done.err
    assert "help: `platform = local(terraform = true)`" in done.err


@TERRAFORM
def test_a_spec_in_another_folder(shop: Path, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    done = call("plan", str(shop / "pipeline.mlops"), "prod")
    assert done.code == 0, done.err
    assert f"{os.path.relpath(shop)}/pipeline.mlops:6:3" in done.out


STUB = """#!{python}
import sys
if sys.argv[1] == "version":
    print('{{"terraform_version": "1.11.4"}}')
elif sys.argv[1] == "show":
    print(open({plan!r}).read())
elif sys.argv[1] == "plan":
    open([one for one in sys.argv if one.startswith("-out=")][0][5:], "w").close()
    sys.exit(2)
"""


@pytest.fixture
def weak(shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A project on whose machine Terraform plans to open a bucket to the world."""
    before = {"bucket": "b", "block_public_acls": True}
    change = {"actions": ["update"], "before": before, "after": {**before, "block_public_acls": False}}
    type_ = "aws_s3_bucket_public_access_block"
    entry = {"address": f"{type_}.store", "mode": "managed", "type": type_, "change": change}
    (tmp_path / "plan.json").write_text(json.dumps({"resource_changes": [entry]}), encoding="utf-8")
    programs = tmp_path / "programs"
    programs.mkdir()
    text = STUB.format(python=sys.executable, plan=str(tmp_path / "plan.json"))
    (programs / "terraform").write_text(text, encoding="utf-8")
    (programs / "terraform").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return shop


WEAKENING = (
    "  public-access  aws_s3_bucket_public_access_block.store: `block_public_acls` would be `false` instead of `true`\n"
)


def test_a_weaker_production_fails_and_is_not_kept(weak: Path, call: Call) -> None:
    done = call("plan", "prod", "--out", PLAN)
    assert done.code == 1
    assert "      block_public_acls: true → false\n" in done.out
    assert f"weaker: `prod` as it would be then\n{WEAKENING}" in done.out
    assert '  if that is meant: `--weaker "REASON"`; the plan was not kept\n' in done.out
    assert not (weak / PLAN).exists()
    assert json.loads(call("plan", "prod", "--json").out)["weaker"][0]["rule"] == "public-access"


def test_a_reason_lets_it_pass_and_is_shown(weak: Path, call: Call) -> None:
    done = call("plan", "prod", "--weaker", "a public data set", "--out", PLAN)
    assert done.code == 0
    assert WEAKENING in done.out
    assert "  let pass: a public data set\n" in done.out
    assert (weak / PLAN).exists()


def test_where_nobody_is_served_it_is_only_said(weak: Path, call: Call) -> None:
    assert weak.exists()
    done = call("plan", "dev")
    assert done.code == 0
    assert WEAKENING in done.out
    assert "  let pass: dev only comes before others, and serves nobody\n" in done.out


SLOW = """#!{python}
import signal, sys, time
if sys.argv[1] == "version":
    print('{{"terraform_version": "1.11.4"}}')
elif sys.argv[1] == "plan":
    def let_go(*_):
        time.sleep(0.3)
        open({gone!r}, "w").close()
        sys.exit(1)
    signal.signal(signal.SIGINT, let_go)
    open({begun!r}, "w").close()
    time.sleep(60)
"""


def test_ctrl_c_waits_until_terraform_has_let_go_of_the_state(shop: Path, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    begun, gone = tmp_path / "begun", tmp_path / "gone"
    text = SLOW.format(python=sys.executable, begun=str(begun), gone=str(gone))
    (programs / "terraform").write_text(text, encoding="utf-8")
    (programs / "terraform").chmod(0o755)
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    command = [sys.executable, "-m", "mlopsc.compiler.cli", "plan", "prod"]
    with subprocess.Popen(
        command, cwd=shop, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        until = time.monotonic() + 30
        while not begun.exists() and time.monotonic() < until:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert gone.exists()
    assert "Traceback" not in said


def test_no_terraform_on_this_machine(shop: Path, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert shop.exists()
    monkeypatch.setenv("PATH", str(tmp_path))
    done = call("plan", "prod")
    assert done.code == 4
    assert done.err.startswith(
        "error: there is no `terraform` on this machine\n  = help: install Terraform 1.10.0 or newer"
    )
