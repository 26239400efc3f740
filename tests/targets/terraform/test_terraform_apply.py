"""What is written is applied for real: planned, applied, planned again without changes, destroyed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from applying import Folder, needs_provider, played, unguarded
from folders import bikes, emitted
from jobs_case import IMAGE, NETWORK, with_job
from s3_server import s3_endpoint  # noqa: F401 (a fixture)

LOCAL = """pipeline rides { owner = "team@example.com" }
environment dev { platform = local(terraform = true) }
data rides {
  source = csv("rides.csv")
  schema { duration: float }
  check rows >= 1
}
"""
needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")


def written(folder: Path, document: dict[str, Any]) -> Folder:
    """A folder with one document, made ready."""
    folder.mkdir(exist_ok=True)
    (folder / "main.tf.json").write_text(json.dumps(document), "utf-8")
    made = Folder(folder)
    made.init()
    return made


@needs_terraform
def test_a_local_environment_is_planned_applied_kept_changed_and_destroyed(tmp_path: Path) -> None:
    (tmp_path / "pipeline.mlops").write_text(LOCAL, "utf-8")
    (tmp_path / "rides.csv").write_text("duration\n1.0\n", "utf-8")
    (document,) = emitted(tmp_path).documents.values()
    folder = written(tmp_path / "tf", document)
    assert folder.changes() == {"terraform_data.store": ["create"]}
    folder.done("apply", "-input=false", "tfplan")
    assert folder.changes() == {}
    assert json.loads(folder.done("output", "-json"))["store"]["value"] == ".mlops/store"
    document["resource"]["terraform_data"]["store"]["input"]["place"] = "/srv/store"
    written(tmp_path / "tf", document)
    assert folder.changes() == {"terraform_data.store": ["update"]}
    folder.done("destroy", "-auto-approve")
    assert kept(folder) == []


@pytest.mark.integration
@needs_terraform
@needs_provider
def test_an_account_and_its_production_are_applied_and_then_nothing_changes(tmp_path: Path, s3_endpoint: str) -> None:  # noqa: F811
    documents = bikes(tmp_path).documents
    document = played(together(documents["aws-123456789012"], documents["prod"]), s3_endpoint)
    folder = written(tmp_path / "tf", document)
    folder.done("apply", "-auto-approve", "-input=false")
    folder.done("plan", "-input=false", "-detailed-exitcode")
    assert look(s3_endpoint) == {
        "versioning": "Enabled",
        "encryption": "aws:kms",
        "public": False,
        "boundary": "arn:aws:iam::123456789012:policy/bike-demand-prod-boundary",
        "registry": "IMMUTABLE",
    }
    folder = written(tmp_path / "tf", unguarded(document))
    folder.done("destroy", "-auto-approve")
    assert kept(folder) == []


@pytest.mark.integration
@needs_terraform
@needs_provider
def test_what_jobs_run_on_is_applied_and_then_nothing_changes(tmp_path: Path, s3_endpoint: str) -> None:  # noqa: F811
    said = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "eu-west-1"}
    ec2, ecs = (boto3.client(one, endpoint_url=s3_endpoint, **said) for one in ("ec2", "ecs"))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    network = NETWORK.replace('"vpc-1"', f'"{vpc}"').replace('["subnet-1", "subnet-2"]', f'["{subnet}"]')
    documents = with_job(tmp_path, network=network).documents
    document = played(together(documents["aws-123456789012"], documents["prod"]), s3_endpoint)
    document["variable"] = documents["prod"]["variable"]
    folder = written(tmp_path / "tf", document)
    (folder.path / "image.auto.tfvars.json").write_text(json.dumps({"image": "name:tag"}), "utf-8")
    assert "Name the image by its digest" in folder.run("plan", "-input=false").stderr
    (folder.path / "image.auto.tfvars.json").write_text(json.dumps({"image": IMAGE}), "utf-8")
    folder.done("apply", "-auto-approve", "-input=false")
    folder.done("plan", "-input=false", "-detailed-exitcode")
    task = ecs.describe_task_definition(taskDefinition="bike-demand-prod-job-demand")["taskDefinition"]
    assert task["containerDefinitions"][0]["image"] == IMAGE
    (cluster,) = ecs.describe_clusters(clusters=["bike-demand-prod-jobs"], include=["TAGS"])["clusters"]
    named = {one["key"]: one["value"] for one in cluster["tags"]}
    (group,) = ec2.describe_security_groups(GroupIds=[named["mlopsc-security-group"]])["SecurityGroups"]
    assert (group["VpcId"], group["IpPermissions"], len(group["IpPermissionsEgress"])) == (vpc, [], 1)
    folder = written(tmp_path / "tf", unguarded(document))
    folder.done("destroy", "-auto-approve")
    assert kept(folder) == []


def kept(folder: Folder) -> list[Any]:
    """What the state of a folder says that there is."""
    found: list[Any] = json.loads((folder.path / "terraform.tfstate").read_text("utf-8"))["resources"]
    return found


def together(shared: dict[str, Any], environment: dict[str, Any]) -> dict[str, Any]:
    """Two folders as one, so that the provider, which takes long to start, starts half as often."""
    for kind in ("data", "resource"):
        for type_, named in environment[kind].items():
            shared[kind].setdefault(type_, {}).update(named)
    return shared


def look(endpoint: str) -> dict[str, object]:
    """What the cloud itself says of what was applied."""
    said = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "eu-west-1"}
    s3, iam, ecr = (boto3.client(one, endpoint_url=endpoint, **said) for one in ("s3", "iam", "ecr"))
    bucket = {"Bucket": "bike-demand-prod-store-123456789012"}
    rules = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    closed = s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
    role = iam.get_role(RoleName="bike-demand-prod-router")["Role"]
    return {
        "versioning": s3.get_bucket_versioning(**bucket)["Status"],
        "encryption": rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"],
        "public": not all(closed.values()),
        "boundary": role["PermissionsBoundary"]["PermissionsBoundaryArn"],
        "registry": ecr.describe_repositories()["repositories"][0]["imageTagMutability"],
    }
