"""Tasks on an ECS of this machine, and the commands that start them and wait."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from job_project import SPEC, write

from mlopsc.stdlib.runtime.jobs.ecs import Ecs
from mlopsc.stdlib.runtime.store.faults import OperationError

KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "eu-west-1"}
CLUSTER = "shop-prod-jobs"
FAMILIES = {"orders": "shop-prod-job-orders", "price": "shop-prod-job-price"}
BUCKET = "shop-prod-store-123456789012"


@dataclass(frozen=True)
class Made:
    """What Terraform would have made, on an AWS of this machine."""

    endpoint: str
    subnet: str

    def client(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self.endpoint, **KEYS)

    @property
    def ecs(self) -> Ecs:
        streams = {stage: f"{stage}/stage" for stage in FAMILIES}
        return Ecs("eu-west-1", CLUSTER, FAMILIES, streams, [self.subnet], "mlopsc-security-group")


@pytest.fixture
def made(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    ec2, ecs = (boto3.client(one, endpoint_url=s3_endpoint, **KEYS) for one in ("ec2", "ecs"))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="jobs", Description="jobs", VpcId=vpc)["GroupId"]
    ecs.create_cluster(clusterName=CLUSTER, tags=[{"key": "mlopsc-security-group", "value": group}])
    for family in FAMILIES.values():
        ecs.register_task_definition(
            family=family,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "stage", "image": "image", "memory": 512}],
        )
    yield Made(s3_endpoint, subnet)
    for task in ecs.list_tasks(cluster=CLUSTER)["taskArns"]:
        ecs.stop_task(cluster=CLUSTER, task=task)
    ecs.delete_cluster(cluster=CLUSTER)


def test_a_task_is_started_looked_at_and_stopped(made: Made) -> None:
    task = made.ecs.start("price", "a" * 40, "b" * 64)
    ecs = made.client("ecs")
    (found,) = ecs.describe_tasks(cluster=CLUSTER, tasks=[task])["tasks"]
    assert found["startedBy"] == "b" * 32
    assert found["taskDefinitionArn"].endswith(":task-definition/shop-prod-job-price:1")
    assert made.ecs.look(task).is_running
    ecs.stop_task(cluster=CLUSTER, task=task, reason="out of patience")
    stopped = made.ecs.look(task)
    assert not stopped.is_running
    assert "out of patience" in stopped.reason
    assert made.ecs.printed("price", task) == ()


def test_the_last_lines_are_those_of_its_stream(made: Made) -> None:
    logs = made.client("logs")
    logs.create_log_group(logGroupName=CLUSTER)
    logs.create_log_stream(logGroupName=CLUSTER, logStreamName="price/stage/1234")
    events = [{"timestamp": int(time.time() * 1000) + number, "message": f"line {number}"} for number in range(3)]
    logs.put_log_events(logGroupName=CLUSTER, logStreamName="price/stage/1234", logEvents=events)
    assert list(made.ecs.printed("price", "arn:aws:ecs:eu-west-1:1:task/jobs/1234")) == ["line 0", "line 1", "line 2"]
    logs.delete_log_group(logGroupName=CLUSTER)


def test_a_task_that_is_not_known_has_ended(made: Made) -> None:
    look = made.ecs.look(f"arn:aws:ecs:eu-west-1:123456789012:task/{CLUSTER}/0")
    assert (look.is_running, look.code) == (False, None)
    assert "forgotten" in look.reason


def test_what_amazon_refuses_is_told(made: Made) -> None:
    made.client("ecs").deregister_task_definition(taskDefinition="shop-prod-job-price:1")
    other = Ecs("eu-west-1", "nowhere", FAMILIES, {}, [made.subnet], "mlopsc-security-group")
    with pytest.raises(OperationError, match="no cluster `nowhere`") as told:
        other.start("price", "a" * 40, "b" * 64)
    assert "Terraform" in told.value.hint


def mlopsc(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mlopsc.compiler.cli", "job", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


@pytest.fixture
def project(made: Made, tmp_path: Path) -> Path:
    bucket = boto3.resource("s3", endpoint_url=made.endpoint, **KEYS).Bucket(BUCKET)
    if not bucket.creation_date:
        bucket.create(CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return write(tmp_path / "project", SPEC.replace("subnet-1", made.subnet))


def told(done: subprocess.CompletedProcess[str]) -> Mapping[str, Any]:
    assert done.stdout.startswith("{"), done.stderr
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


def test_the_commands_start_find_and_leave_a_job(made: Made, project: Path) -> None:
    before = mlopsc(project, "status", "--json")
    assert (before.returncode, [one["state"] for one in told(before)["jobs"]]) == (75, ["none", "none"])
    started = mlopsc(project, "submit")
    assert started.returncode == 75
    assert started.stdout.startswith("orders: running, arn:aws:ecs:")
    waited = mlopsc(project, "wait", "--within", "1s")
    assert waited.returncode == 75, waited.stderr
    assert "orders: runs already" in waited.stdout
    after = mlopsc(project, "status", "--json")
    assert told(after)["left"] is True
    task = told(after)["jobs"][0]["task"]
    made.client("ecs").stop_task(cluster=CLUSTER, task=task, reason="out of memory")
    failed = mlopsc(project, "wait", "--within", "1s")
    assert failed.returncode == 1
    assert "orders: failed" in failed.stdout
    assert "out of memory" in failed.stdout
    assert told(mlopsc(project, "status", "--json"))["left"] is False


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("status", "-e", "dev"), 2, "`dev` has no jobs"),
        (("wait", "--within", "soon"), 2, "not a number with a unit"),
        (("wait", "--within", "1mo"), 2, "nobody waits for months"),
    ],
)
def test_what_cannot_be_asked_is_told(arguments: tuple[str, ...], code: int, words: str, tmp_path: Path) -> None:
    done = mlopsc(write(tmp_path / "project"), *arguments)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr
