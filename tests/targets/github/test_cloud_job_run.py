"""A delivery whose training is a cloud job, run: started as a task of the image, waited for, proved and released;
one that was left running, to which the clock comes back; and a rollback of it.

The cloud is an AWS on this machine. Its tasks do nothing by themselves: `Fargate` does what their definition says, in
a copy of what the image holds.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import acting
import boto3
import pytest
import shop_project
from acting import Run, Workshop
from delivered_world import released

pytestmark = pytest.mark.integration

KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "eu-west-1"}
OUTSIDE = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "eu-west-1"}
STORE = "shop-prod-store-123456789012"
CLUSTER = "shop-prod-jobs"
FAMILY = "shop-prod-job-price"
LOCK = "deploy/shop/prod/terraform/.terraform.lock.hcl"


@dataclass
class Fargate(threading.Thread):
    """Runs what was started: the stage, where `folder` says, or in what the newest image holds."""

    workshop: Workshop
    endpoint: str
    states: Path
    folder: Path | None = None
    is_over: threading.Event = field(default_factory=threading.Event)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def run(self) -> None:
        ecs = boto3.client("ecs", endpoint_url=self.endpoint, **KEYS)
        while not self.is_over.wait(1):
            for task in ecs.list_tasks(cluster=CLUSTER, desiredStatus="RUNNING")["taskArns"]:
                self.work()
                ecs.stop_task(cluster=CLUSTER, task=task, reason="Essential container in task exited")

    def work(self) -> None:
        place = self.folder or self._image()
        outside = {**OUTSIDE, "PATH": os.defpath, "HOME": str(self.states), "AWS_ENDPOINT_URL": self.endpoint}
        outside |= {"MLOPSC_STORE": f"s3://{STORE}", "MLOPSC_JOB": "price"}
        command = [self.workshop.programs / "python", "deploy/shop/prod/run.py", "--", "price"]
        done = subprocess.run(command, cwd=place, env=outside, capture_output=True, text=True, check=False)
        self.said.append(done.stdout + done.stderr)

    def _image(self) -> Path:
        tags = json.loads((self.states / "registry" / "tags").read_text("utf-8"))
        return self.states / "registry" / str(next(reversed(tags.values())))

    def __hash__(self) -> int:
        return id(self)


@dataclass(frozen=True)
class World:
    """The repository, and the cloud that it is delivered to."""

    workshop: Workshop
    project: Path
    endpoint: str
    fargate: Fargate

    def run(self, word: str, event: str, payload: dict[str, Any]) -> Run:
        variables = {"ACTING_AWS": self.endpoint, "ACTING_STATES": str(self.fargate.states)}
        return acting.run(self.workshop, self.project, f"shop-{word}", event, payload, variables)

    def mlopsc(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command, outside = [self.workshop.programs / "mlopsc", *arguments], {**os.environ, **self._outside}
        return subprocess.run(command, cwd=self.project, env=outside, capture_output=True, text=True, check=False)

    def serving(self) -> int | None:
        return released(self.project, "shop", self._outside).champion

    @property
    def _outside(self) -> dict[str, str]:
        return {**OUTSIDE, "AWS_ENDPOINT_URL": self.endpoint, "MLOPSC_STORE": f"s3://{STORE}"}


def spec(subnet: str) -> str:
    network = f'  network  = existing(vpc = "vpc-1", subnets = ["{subnet}"])\n'
    job = "  compute   = job(cpu = 1, memory = 2GB, timeout = 1h)\n"
    changes = (("  budget ", f"{network}  budget "), ("  track ", f"{job}  track "))
    return shop_project.changed(shop_project.DELIVERED, shop_project.VISITS, *changes)


@pytest.fixture(scope="module")
def world(workshop: Workshop, s3_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """What a person has set up once, and what Terraform would make, but for the buckets, which its stand-in makes."""
    folder = tmp_path_factory.mktemp("world")
    project, states = folder / "project", folder / "states"
    states.mkdir()
    # Else a task would be over when it has been looked at a few times.
    lasting = {"model_name": "ecs::task", "transition": {"progression": "manual", "times": 1_000}}
    asked = Request(f"{s3_endpoint}/moto-api/state-manager/set-transition", json.dumps(lasting).encode())
    urlopen(asked, timeout=60).close()
    ec2, ecs, s3 = (boto3.client(one, endpoint_url=s3_endpoint, **KEYS) for one in ("ec2", "ecs", "s3"))
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    ecs.create_cluster(clusterName=CLUSTER, tags=[{"key": "mlopsc-security-group", "value": "sg-1"}])
    container = {"name": "stage", "image": "image", "memory": 512}
    ecs.register_task_definition(family=FAMILY, networkMode="awsvpc", containerDefinitions=[container])
    place = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="shop-state-123456789012", CreateBucketConfiguration=place)
    shop_project.write(project, spec(subnet), workshop.programs)
    (project / LOCK).touch()
    acting.begun(project)
    fargate = Fargate(workshop, s3_endpoint, states)
    fargate.start()
    yield World(workshop, project, s3_endpoint, fargate)
    fargate.is_over.set()
    fargate.join(60)


@pytest.fixture(scope="module")
def delivered(world: World) -> Run:
    """A merge."""
    return world.run("cd", "push", {"ref": "refs/heads/main"})


def test_a_job_is_started_from_the_image_waited_for_proved_and_released(world: World, delivered: Run) -> None:
    names = ("check", "data-visits", "image", "plan-prod", "apply-prod", "jobs-prod", "prove-prod", "release-prod-api")
    assert delivered.results == dict.fromkeys(names, "success"), delivered.said
    assert "price: started as arn:aws:ecs:" in delivered.of("jobs-prod")
    assert "price: cached" in delivered.of("prove-prod")
    assert len(world.fargate.said) == 1
    assert "not as the cloud job" not in world.fargate.said[0]
    assert world.serving() == 1


@pytest.fixture(scope="module")
def again(world: World, delivered: Run) -> Run:
    """The clock, after a job of another version was started and left."""
    assert delivered
    shop_project.change(
        world.project, "validation = 10%, test = 30%", "validation = 15%, test = 25%", world.workshop.programs
    )
    acting.committed(world.project)
    world.fargate.folder = world.project
    left = world.mlopsc("job", "wait", "--environment", "prod", "--within", "1s")
    assert left.returncode == 75, left.stdout + left.stderr
    return world.run("monitor", "schedule", {})


def test_the_clock_comes_back_to_a_job_that_was_left(world: World, again: Run) -> None:
    passed = ("resume-prod", "prove-prod", "release-prod-api", "tick-prod-api", "look-prod-live")
    assert again.results == dict.fromkeys(passed, "success"), again.said
    assert "price: cached" in again.of("prove-prod")
    assert world.serving() == 2


def test_a_rollback_is_not_undone_by_the_clock(world: World, again: Run) -> None:
    """What jobs there were have been done: there is nothing to come back to."""
    assert again
    asked = {"environment": "prod", "version": "", "reason": "it's wrong; $(id)"}
    back = world.run("rollback", "workflow_dispatch", {"inputs": asked})
    assert back.results == {"rollback-prod-api": "success"}, back.said
    assert world.serving() == 1
    due = world.run("monitor", "schedule", {})
    passed = ("resume-prod", "tick-prod-api", "look-prod-live")
    assert due.results == dict.fromkeys(passed, "success"), due.said
    assert world.serving() == 1
