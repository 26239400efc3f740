"""`mlopsc plan` and `verify` of an environment on AWS: the real provider, and moto in AWS's place."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import SPEC, Done
from deployments_of_shop import FOLDER, TERRAFORM, terraform
from s3_server import s3_endpoint, s3_environment  # noqa: F401 (fixtures)

Call = Callable[..., Done]
PLUGINS = os.environ.get("TF_PLUGIN_DIR")
pytestmark = [
    pytest.mark.integration,
    TERRAFORM,
    pytest.mark.skipif(
        PLUGINS is None, reason="TF_PLUGIN_DIR does not say where Terraform's provider for AWS 5.100.0 is"
    ),
]
CLOUD = 'environment prod { platform = aws(region = "us-east-1", account = "123456789012") }\n\n'


@pytest.fixture
def shop(project: Path, call: Call, s3_environment: str, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    """A project that has been built, whose folder speaks to this machine and keeps its state there."""
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("TF_CLI_ARGS_init", f"-plugin-dir={PLUGINS}")
    build(project, call, CLOUD)
    endpoints = [dict.fromkeys(("s3", "iam", "sts", "kms"), s3_environment)]
    provider = {"skip_metadata_api_check": True, "s3_use_path_style": True, "max_retries": 2, "endpoints": endpoints}
    content: dict[str, Any] = {"provider": {"aws": [provider]}, "terraform": {"backend": {"local": {}}}}
    # The provider waits for a minute until moto has kept the one; moto knows no conditions, and takes the other to
    # forbid everything.
    left_out = ("aws_s3_bucket_lifecycle_configuration", "aws_s3_bucket_policy")
    content["resource"] = {type_: {"store": {"count": 0}} for type_ in left_out}
    (project / FOLDER / "here_override.tf.json").write_text(json.dumps(content), encoding="utf-8")
    return project


def build(project: Path, call: Call, environments: str) -> None:
    (project / "pipeline.mlops").write_text(environments + SPEC, encoding="utf-8")
    done = call("build")
    assert done.code == 0, done.err


def test_what_was_applied_is_verified_and_a_weaker_production_is_refused(shop: Path, call: Call) -> None:
    terraform(shop, "init")
    terraform(shop, "apply", "-auto-approve")
    lock = shop / FOLDER / ".terraform.lock.hcl"
    lock.unlink()
    seen = call("verify", "prod")
    assert f"wrote `{FOLDER}/.terraform.lock.hcl`: commit it" in seen.err
    assert lock.exists()
    assert seen.code == 0, seen.out + seen.err
    assert "ok    drift: Terraform finds nothing to change\n" in seen.out
    assert "ok    identity train: is there\n" in seen.out
    assert "was read and listed: no version is in it yet; writing was not tried\n" in seen.out

    import boto3  # type: ignore[import-untyped]

    iam = boto3.client("iam", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    (policy,) = iam.list_role_policies(RoleName="orders-prod-train")["PolicyNames"]
    iam.delete_role_policy(RoleName="orders-prod-train", PolicyName=policy)
    iam.delete_role(RoleName="orders-prod-train")
    build(shop, call, CLOUD.replace('"123456789012")', '"123456789012", customer_keys = false)'))
    worse = call("plan", "prod", "--out", "p.tfplan")
    assert worse.code == 1
    assert "make\n  data orders  pipeline.mlops:7:1\n    aws_iam_role.train  What training runs as\n" in worse.out
    assert "changed outside of Terraform: aws_iam_role.train" in worse.out
    assert "  encryption  aws_s3_bucket_server_side_encryption_configuration.store: " in worse.out
    assert "sse_algorithm` would be `AES256` instead of `aws:kms`" in worse.out
    assert not (shop / "p.tfplan").exists()
