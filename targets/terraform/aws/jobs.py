"""Stages as tasks of their own on Amazon: on a cluster without machines, in subnets that are there, from the image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mlopsc.targets.terraform.aws.job_rights import EXECUTE, execution_rights
from mlopsc.targets.terraform.aws.place import Place
from mlopsc.targets.terraform.aws.policies import document, policy_text
from mlopsc.targets.terraform.aws.roles import tasks_trust
from mlopsc.targets.terraform.aws.tasks import size
from mlopsc.targets.terraform.expressions import Document, Expr, Value
from mlopsc.targets.terraform.jobs import COMPUTE, Job, jobs_of
from mlopsc.targets.terraform.resources import Reason, Resource, Variable

IMAGE = "image"
"""The variable that says which image the tasks run."""
GROUP_TAG = "mlopsc-security-group"
"""Whoever starts a task reads on the cluster in which security group."""
CONTAINER = "stage"
_LOG_DAYS = 90
_HTTPS = 443
_GRACE = 60
"""Seconds between asking a stage that takes too long to stop, and stopping it."""


def where(place: Place) -> dict[str, Any]:
    """What whoever starts the jobs must know: as `Ecs` of the runtime takes it."""
    names = [job.stage.name for job in jobs_of(place.build)]
    return {
        "region": place.region,
        "cluster": place.cluster,
        "families": {name: place.task(name) for name in names},
        "streams": {name: f"{_stream(name)}/{CONTAINER}" for name in names},
        "subnets": [*place.network["subnets"]],
        "group_tag": GROUP_TAG,
    }


def variables(place: Place) -> dict[str, Variable]:
    """The image, by its digest: a name could mean another one tomorrow."""
    if not jobs_of(place.build):
        return {}
    return {
        IMAGE: Variable(
            "string",
            "The image that jobs run, as REGISTRY/NAME@sha256:…; the job `image` of the delivery says which.",
            is_required=True,
            condition='can(regex("^[^@[:space:]]+@sha256:[0-9a-f]{64}$", var.image))',
            complaint="Name the image by its digest: REGISTRY/NAME@sha256:…",
        )
    }


def jobs(place: Place) -> Iterator[Resource]:
    """The cluster, who fetches images, where logs are, the group without a way in, and a task for each stage."""
    found = jobs_of(place.build)
    if not found:
        return
    reason = place.written.because_of_stage("Runs the tasks of stages", found[0].stage.name, COMPUTE)
    group = _group(place, reason.but_for("Lets tasks call out by HTTPS, and nobody call them"))
    yield group
    yield _way_out(place, group, reason.but_for("Images, the store and logs"))
    tags: dict[str, Value] = {**place.tags(reason), GROUP_TAG: group.get("id")}
    yield Resource("aws_ecs_cluster", "jobs", {"name": place.cluster, "tags": tags}, reason)
    kept: dict[str, Value] = {"name": place.cluster, "retention_in_days": _LOG_DAYS, "tags": place.tags(reason)}
    logs = Resource("aws_cloudwatch_log_group", "jobs", kept, reason.but_for("What tasks print"))
    yield logs
    yield from _execution(place, reason.but_for("Fetches the image and writes logs"))
    for job in found:
        yield _task(place, job)


def _group(place: Place, reason: Reason) -> Resource:
    body: dict[str, Value] = {
        "name": f"jobs-of-{place.written.prefix}",
        "description": "Tasks of stages: HTTPS out, nothing in",
        "vpc_id": place.vpc,
        "tags": place.tags(reason),
    }
    return Resource("aws_security_group", "jobs", body, reason)


def _way_out(place: Place, group: Resource, reason: Reason) -> Resource:
    body: dict[str, Value] = {
        "security_group_id": group.get("id"),
        "description": "HTTPS to services of Amazon and to sources",
        "ip_protocol": "tcp",
        "from_port": _HTTPS,
        "to_port": _HTTPS,
        "cidr_ipv4": "0.0.0.0/0",
        "tags": place.tags(reason),
    }
    return Resource("aws_vpc_security_group_egress_rule", "jobs", body, reason)


def _execution(place: Place, reason: Reason) -> Iterator[Resource]:
    trust = document("jobs_trust", [tasks_trust(place)], reason.but_for("Who may take the role"))
    yield trust
    role = Resource(
        "aws_iam_role",
        EXECUTE,
        {
            "name": place.role_name(EXECUTE),
            "description": f"Fetches the image of jobs and writes their logs: {place.written.prefix}",
            "assume_role_policy": policy_text(trust),
            "permissions_boundary": place.boundary,
            "tags": place.tags(reason),
        },
        reason,
    )
    yield role
    rights = document(EXECUTE, list(execution_rights(place)), reason)
    yield rights
    body: dict[str, Value] = {"name": EXECUTE, "role": role.get("id"), "policy": policy_text(rights)}
    yield Resource("aws_iam_role_policy", EXECUTE, body, reason.but_for("All that the role may do"))


def _task(place: Place, job: Job) -> Resource:
    stage = job.stage.name
    reason = place.written.because_of_stage(f"The task of {stage}", stage, COMPUTE)
    sized = size(job.cpu, job.memory)
    assert sized, "a check refuses sizes that there are not"
    body: dict[str, Value] = {
        "family": place.task(stage),
        "requires_compatibilities": ["FARGATE"],
        "network_mode": "awsvpc",
        "cpu": str(sized[0]),
        "memory": str(sized[1]),
        "execution_role_arn": Expr(f"aws_iam_role.{EXECUTE}.arn"),
        "task_role_arn": Expr("aws_iam_role.train.arn"),
        "runtime_platform": [{"cpu_architecture": "X86_64", "operating_system_family": "LINUX"}],
        "container_definitions": Document([_container(place, job)]),
        # What ran stays known, and nobody needs leave to remove it, which Amazon gives for all tasks or none.
        "skip_destroy": True,
        "tags": place.tags(reason),
    }
    return Resource("aws_ecs_task_definition", f"job_{place.written.identifier(stage)}", body, reason)


def _container(place: Place, job: Job) -> dict[str, Value]:
    """It stops itself: Amazon lets a task run for as long as it likes."""
    runner = f"{place.build.folder}/run.py"
    environment = {"AWS_REGION": place.region, "MLOPSC_JOB": job.stage.name, "MLOPSC_STORE": place.store}
    named: list[Value] = [{"name": name, "value": value} for name, value in environment.items()]
    return {
        "name": CONTAINER,
        "image": Expr(f"var.{IMAGE}"),
        "essential": True,
        "entryPoint": ["timeout", f"--kill-after={_GRACE}", str(job.seconds), "python", runner],
        "command": ["--", job.stage.name],
        "environment": named,
        "linuxParameters": {"initProcessEnabled": True},
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": place.cluster,
                "awslogs-region": place.region,
                "awslogs-stream-prefix": _stream(job.stage.name),
            },
        },
    }


def _stream(stage: str) -> str:
    """A stage's name as the beginning of that of a stream of logs."""
    return re.sub(r"[:*/]", "_", stage)
