"""What Terraform says when it fails, and what becomes of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from mlopsc.targets.terraform.reading.failures import FAILURES, TerraformError, told
from mlopsc.targets.terraform.reading.running import Terraform, is_old, require_terraform

needs_terraform = pytest.mark.skipif(
    shutil.which("terraform") is None, reason="there is no terraform on PATH: its failures are not tried for real"
)

AWS_S3_GONE = """Error: Error refreshing state: Unable to access object "terraform.tfstate" in S3 bucket "shop-state":
operation error S3: HeadObject, https response error StatusCode: 404, NoSuchBucket"""
LOCKED = """Error: Error acquiring the state lock
Error message: operation error S3: PutObject, https response error StatusCode: 412, PreconditionFailed
Lock Info:
  ID:        6a3c0a52-0b36
  Path:      shop-state/prod/terraform.tfstate
  Operation: OperationTypePlan
  Who:       ann@laptop
  Version:   1.11.4
  Created:   2026-03-01 10:00:00.1 +0000 UTC
  Info:"""


@pytest.mark.parametrize(
    ("words", "fact", "hint"),
    [
        (LOCKED, "locked: `ann@laptop` has been at it since 2026-03-01 10:00:00 UTC", "force-unlock 6a3c0a52-0b36"),
        ("Error: Error acquiring the state lock", "locked by another run", "wait"),
        ("Error: Backend configuration changed", "elsewhere until now", "init -migrate-state"),
        (AWS_S3_GONE, "the place where the state is kept does not exist yet", "bootstrap/"),
        ("Error: Inconsistent dependency lock file", "not those of `.terraform.lock.hcl`", "-upgrade"),
        (
            "Error: Failed to query available provider packages\ncould not connect to the registry: no such host",
            "no way to the registry",
            "terraform providers mirror",
        ),
        (
            "Error: Failed to query available provider packages\nprovider hashicorp/aws was not found anywhere",
            "a provider cannot be found",
            "terraform -chdir=deploy/x providers",
        ),
        ("Error: No valid credential sources found", "no credentials for AWS", "aws sso login"),
        ("api error ExpiredToken: The security token included in the request is expired", "for AWS", "aws sso login"),
        ("Error: AWS account ID not allowed: 210987654321", "those of another AWS account", "get-caller-identity"),
        ("Error: unable to build authorizer for Resource Manager API: Azure CLI", "credentials for Azure", "az login"),
        ("api error AccessDenied: User is not authorized to perform: s3:ListBucket", "may not do that", "doctor"),
        ("Error: Unsupported Terraform Core version", "too old", "1.10.0 or newer"),
        ("Error: something new\nthat nobody foresaw", "Terraform failed: something new", "the.log"),
        ("", "Terraform failed: it says nothing", "the.log"),
    ],
)
def test_known_words_have_a_fact_and_a_next_step(words: str, fact: str, hint: str) -> None:
    error = told(words, "deploy/x", "the.log", "1.10.0")
    assert fact in error.fact
    assert hint in error.hint
    assert "the.log" in error.hint
    assert len(error.fact) < 140


def test_every_hint_can_be_written() -> None:
    groups = dict.fromkeys(("id", "who", "when", "what", "account", "act", "name", "bucket"), "x")
    for one in FAILURES:
        assert one.hint.format(**groups, folder="f", oldest="1")
        assert one.fact.format(**groups, folder="f", oldest="1")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", os.devnull)
    return write(tmp_path, {"resource": {"terraform_data": {"one": {"input": "a"}}}})


def write(folder: Path, content: dict[str, object]) -> Path:
    backend = {"terraform": {"backend": {"local": {"path": "terraform.tfstate"}}}}
    (folder / "main.tf.json").write_text(json.dumps({**backend, **content}), encoding="utf-8")
    return folder


def terraform_in(folder: Path) -> Terraform:
    return Terraform(folder, "deploy/x", folder / "logs" / "the.log", "the.log", lambda _: None)


def failing(folder: Path) -> TerraformError:
    """How init and plan fail there."""
    one = terraform_in(folder)
    try:
        one.init()
        one.plan(folder / "p.tfplan")
    except TerraformError as error:
        return error
    raise AssertionError("it does not fail")


@needs_terraform
def test_a_provider_that_is_nowhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = {"terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}}}
    (folder / "providers.tf.json").write_text(json.dumps(source), encoding="utf-8")
    (folder / "empty").mkdir()
    monkeypatch.setenv("TF_CLI_ARGS_init", f"-plugin-dir={folder / 'empty'}")
    assert "a provider cannot be found" in failing(folder).fact


@needs_terraform
def test_no_network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = {"terraform": {"required_providers": {"aws": {"source": "registry.invalid/hashicorp/aws"}}}}
    (folder / "providers.tf.json").write_text(json.dumps(source), encoding="utf-8")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    error = failing(folder)
    assert "no way to the registry" in error.fact, (folder / "logs/the.log").read_text(encoding="utf-8")


@needs_terraform
def test_a_state_that_somebody_has_locked(folder: Path) -> None:
    slow = {"provisioner": [{"local-exec": {"command": "touch begun; while [ ! -e go ]; do sleep 0.05; done"}}]}
    terraform_in(folder).init()
    write(folder, {"resource": {"terraform_data": {"one": {"input": "a", **slow}}}})
    command = ["terraform", "apply", "-auto-approve", "-input=false"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as other:
        until = time.monotonic() + 30
        while not (folder / "begun").exists() and time.monotonic() < until:
            time.sleep(0.02)
        error = failing(folder)
        (folder / "go").touch()
        other.wait(30)
    assert "the state is locked: `" in error.fact
    assert "force-unlock" in error.hint


@needs_terraform
def test_a_state_that_has_been_elsewhere(folder: Path) -> None:
    terraform_in(folder).init()
    backend = {"terraform": {"backend": {"local": {"path": "other.tfstate"}}}}
    (folder / "main.tf.json").write_text(json.dumps(backend), encoding="utf-8")
    assert "the state has been elsewhere until now" in failing(folder).fact


@needs_terraform
def test_a_version_that_is_too_old(folder: Path) -> None:
    (folder / "versions.tf.json").write_text('{"terraform": {"required_version": ">= 99"}}', encoding="utf-8")
    assert "Terraform is too old" in failing(folder).fact


@needs_terraform
def test_a_variable_without_a_value(folder: Path) -> None:
    (folder / "variables.tf.json").write_text('{"variable": {"image": {"type": "string"}}}', encoding="utf-8")
    error = failing(folder)
    assert (error.fact, error.hint.partition(";")[0]) == ("the variable `image` has no value", "set TF_VAR_image")


@needs_terraform
def test_what_must_not_be_destroyed(folder: Path) -> None:
    guarded = {"lifecycle": {"prevent_destroy": True}}
    write(folder, {"resource": {"terraform_data": {"one": {"triggers_replace": "a", **guarded}}}})
    one = terraform_in(folder)
    one.init()
    subprocess.run(["terraform", "apply", "-auto-approve"], cwd=folder, capture_output=True, check=True)
    write(folder, {"resource": {"terraform_data": {"one": {"triggers_replace": "b", **guarded}}}})
    assert "must not be destroyed: Resource terraform_data.one" in failing(folder).fact


@needs_terraform
def test_a_stale_plan(folder: Path) -> None:
    one = terraform_in(folder)
    one.init()
    one.plan(folder / "p.tfplan")
    subprocess.run(["terraform", "apply", "p.tfplan"], cwd=folder, capture_output=True, check=True)
    done = subprocess.run(["terraform", "apply", "p.tfplan"], cwd=folder, capture_output=True, text=True, check=False)
    assert told(done.stderr, "f", "l", "1").fact == "the plan is stale: the state has changed since"


@needs_terraform
def test_files_that_are_broken_are_told_in_a_line(folder: Path) -> None:
    (folder / "main.tf.json").write_text("{", encoding="utf-8")
    error = failing(folder)
    assert "\n" not in error.fact
    assert (folder / "logs" / "the.log").stat().st_mode & 0o077 == 0


def test_no_terraform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TerraformError, match="there is no `terraform` on this machine"):
        require_terraform()


def test_an_old_terraform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "terraform"
    program.write_text('#!/bin/sh\necho \'{"terraform_version": "1.5.7"}\'\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(TerraformError, match=r"`terraform` is 1\.5\.7, and the files need 1\.10\.0"):
        require_terraform()


@pytest.mark.parametrize(
    ("version", "old"), [("1.9.9", True), ("1.10.0", False), ("1.10.0-rc1", False), ("2.0", False)]
)
def test_versions_are_compared_as_numbers(version: str, old: bool) -> None:
    assert is_old(version) is old


@needs_terraform
def test_a_workspace_of_somebody_else_does_not_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_WORKSPACE", "another")
    one = terraform_in(folder)
    one.init()
    assert one.plan(folder / "p.tfplan")
