"""Stages as tasks on Amazon: what is written, who may do what with it, and what is refused at its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from folders import ACCOUNT, REGION, Emitted, bikes
from jobs_case import JOB, NETWORK, replaced, with_job

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.workspace import DiskWorkspace
from mlopsc.stdlib import registry
from mlopsc.targets.terraform import platforms
from mlopsc.targets.terraform.aws.evaluation import Account, account_of
from mlopsc.targets.terraform.aws.tasks import size

ECS = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
CLUSTER = f"{ECS}:cluster/bike-demand-prod-jobs"
TASK = f"{ECS}:task-definition/bike-demand-prod-job-demand:7"
ROLES = f"arn:aws:iam::{ACCOUNT}:role"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:bike-demand-prod-jobs"
STORE = f"arn:aws:s3:::bike-demand-prod-store-{ACCOUNT}"
REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/bike-demand"
GROUP = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/sg-1"
VPC = f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc"
ONCE = {"s3:if-none-match": "*"}
HERE = {"ecs:cluster": CLUSTER}
TO_TASKS = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
TAGGED = {"aws:RequestTag/mlopsc-environment": "prod"}
OURS = {"aws:ResourceTag/mlopsc-environment": "prod"}


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> Emitted:
    return with_job(tmp_path_factory.mktemp("bikes"))


@pytest.fixture(scope="module")
def account(emitted: Emitted) -> Account:
    return account_of(emitted.documents.values())


def test_a_job_is_a_task_of_the_image_by_its_digest(emitted: Emitted) -> None:
    document = emitted.documents["prod"]
    task = document["resource"]["aws_ecs_task_definition"]["job_demand"]
    assert (task["cpu"], task["memory"]) == ("4096", "15360")
    assert task["task_role_arn"] == "${aws_iam_role.train.arn}"
    assert task["execution_role_arn"] == "${aws_iam_role.jobs.arn}"
    (container,) = json.loads(task["container_definitions"])
    assert container["image"] == "${var.image}"
    assert container["entryPoint"][2:] == ["28800", "python", "deploy/bike_demand/prod/run.py"]
    assert container["command"] == ["--", "demand"]
    assert {"name": "MLOPSC_STORE", "value": f"s3://bike-demand-prod-store-{ACCOUNT}"} in container["environment"]
    assert "default" not in document["variable"]["image"]


def test_nobody_can_call_a_task(emitted: Emitted) -> None:
    resources = emitted.documents["prod"]["resource"]
    assert not any("ingress" in type_ for type_ in resources)
    assert "ingress" not in resources["aws_security_group"]["jobs"]
    (rule,) = resources["aws_vpc_security_group_egress_rule"].values()
    assert (rule["ip_protocol"], rule["from_port"], rule["to_port"]) == ("tcp", 443, 443)


def test_nothing_is_too_open(emitted: Emitted) -> None:
    assert platforms.weaknesses(list(emitted.documents.values())) == []


def test_without_a_job_there_is_nothing_of_it(tmp_path: Path) -> None:
    document = bikes(tmp_path).documents["prod"]
    assert "variable" not in document
    assert not any("ecs" in type_ for type_ in document["resource"])
    assert "submit" not in document["resource"]["aws_iam_role"]


ALLOWED: list[tuple[str, str, str, dict[str, Any]]] = [
    ("submit", "ecs:RunTask", TASK, HERE),
    ("submit", "ecs:DescribeTasks", f"{ECS}:task/bike-demand-prod-jobs/1", {}),
    ("submit", "ecs:DescribeClusters", CLUSTER, {}),
    ("submit", "iam:PassRole", f"{ROLES}/bike-demand-prod-train", TO_TASKS),
    ("submit", "iam:PassRole", f"{ROLES}/bike-demand-prod-jobs", TO_TASKS),
    ("submit", "logs:GetLogEvents", f"{LOGS}:log-stream:demand/stage/1", {}),
    ("submit", "s3:GetObject", f"{STORE}/index/ab/cd/00000001.json", {}),
    ("submit", "s3:PutObject", f"{STORE}/jobs/ab/00000001.json", ONCE),
    ("jobs", "ecr:BatchGetImage", REPOSITORY, {}),
    ("jobs", "ecr:GetAuthorizationToken", "*", {}),
    ("jobs", "logs:PutLogEvents", f"{LOGS}:log-stream:demand/stage/1", {}),
    ("prod_ci_apply", "ecs:CreateCluster", CLUSTER, {}),
    ("prod_ci_apply", "ecs:RegisterTaskDefinition", "*", TAGGED),
    ("prod_ci_apply", "iam:PassRole", f"{ROLES}/bike-demand-prod-train", TO_TASKS),
    ("prod_ci_apply", "ec2:CreateSecurityGroup", GROUP, TAGGED),
    ("prod_ci_apply", "ec2:CreateSecurityGroup", f"{VPC}/vpc-1", {}),
    ("prod_ci_apply", "ec2:AuthorizeSecurityGroupEgress", GROUP, OURS),
    ("prod_ci_apply", "logs:PutRetentionPolicy", LOGS, {}),
    ("prod_ci_plan", "ecs:DescribeTaskDefinition", "*", {}),
    ("prod_ci_plan", "ec2:DescribeSecurityGroups", "*", {}),
]
REFUSED: list[tuple[str, str, str, dict[str, Any]]] = [
    ("submit", "ecs:RunTask", TASK, {"ecs:cluster": f"{ECS}:cluster/other"}),
    ("submit", "ecs:RunTask", f"{ECS}:task-definition/other:1", HERE),
    ("submit", "ecs:RegisterTaskDefinition", "*", {}),
    ("submit", "ecs:StopTask", f"{ECS}:task/bike-demand-prod-jobs/1", {}),
    ("submit", "iam:PassRole", f"{ROLES}/bike-demand-prod-release", TO_TASKS),
    ("submit", "iam:PassRole", f"{ROLES}/bike-demand-prod-train", {"iam:PassedToService": "ec2.amazonaws.com"}),
    ("submit", "s3:PutObject", f"{STORE}/objects/ab/cd", {}),
    ("submit", "s3:PutObject", f"{STORE}/index/ab/cd/00000001.json", ONCE),
    ("submit", "s3:PutObject", f"{STORE}/jobs/ab/00000001.json", {}),
    ("jobs", "s3:GetObject", f"{STORE}/objects/ab/cd", {}),
    ("jobs", "ecr:PutImage", REPOSITORY, {}),
    ("train", "ecs:RunTask", TASK, HERE),
    ("train", "iam:PassRole", f"{ROLES}/bike-demand-prod-train", TO_TASKS),
    ("prod_ci_plan", "ecs:CreateCluster", CLUSTER, {}),
    ("prod_ci_apply", "ecs:RunTask", TASK, HERE),
    ("prod_ci_apply", "ecs:RegisterTaskDefinition", "*", {}),
    ("prod_ci_apply", "ecs:DeregisterTaskDefinition", "*", {}),
    ("prod_ci_apply", "ec2:AuthorizeSecurityGroupIngress", GROUP, OURS),
    ("prod_ci_apply", "ec2:AuthorizeSecurityGroupEgress", GROUP, {}),
    ("prod_ci_apply", "ec2:CreateSecurityGroup", f"{VPC}/vpc-2", {}),
    ("prod_ci_apply", "iam:PassRole", f"{ROLES}/bike-demand-prod-ci-apply", TO_TASKS),
]


@pytest.mark.parametrize(("who", "action", "resource", "context"), ALLOWED)
def test_what_jobs_need_may_be_done(
    who: str, action: str, resource: str, context: dict[str, Any], account: Account
) -> None:
    decision = account.decide(who, action, resource, context)
    assert decision, decision.because


@pytest.mark.parametrize(("who", "action", "resource", "context"), REFUSED)
def test_nothing_else_may_be_done(
    who: str, action: str, resource: str, context: dict[str, Any], account: Account
) -> None:
    assert not account.decide(who, action, resource, context)


def test_only_workflows_submit_and_only_containers_run(account: Account) -> None:
    tasks = ("Service", "ecs-tasks.amazonaws.com")
    here = {"aws:SourceAccount": ACCOUNT}
    assert not account.may_assume("submit", tasks, here)
    assert account.may_assume("jobs", tasks, here)
    assert not account.may_assume("jobs", tasks, {"aws:SourceAccount": "999999999999"})


def told(folder: Path, job: str, network: str, platform: str = "") -> list[tuple[str, str]]:
    """The codes and hints of what is wrong with a spec."""
    folder.mkdir(exist_ok=True)
    bikes(folder)
    text = (folder / "pipeline.mlops").read_text("utf-8")
    for old, new in replaced(job, network).items():
        text = text.replace(old, new, 1)
    if platform:
        text = text.replace('aws(region = "eu-west-1", account = "123456789012")', platform)
    (folder / "pipeline.mlops").write_text(text, "utf-8")
    compilation = Compilation(DiskWorkspace(folder), registry(), "pipeline.mlops")
    found = [one for one in compilation.diagnostics_for(("local", "terraform")) if one.is_error]
    assert all(one.location.text in text for one in found)
    return [(one.code.id, f"{one.message}; {one.hint}") for one in found]


@pytest.mark.parametrize(
    ("job", "network", "words"),
    [
        (JOB, "", 'Add `network = existing(vpc = "vpc-…"'),
        (JOB.replace("4,", "3,"), NETWORK, "There are tasks with 0.25, 0.5, 1, 2, 4, 8, 16 processors."),
        (JOB.replace("16GB", "64GB"), NETWORK, "With `cpu = 4` there is memory up to 32GB."),
        (JOB.replace("8h", "1mo"), NETWORK, "Write `timeout` in hours or days."),
        ("runner()", NETWORK, "only cloud jobs"),
    ],
)
def test_what_cannot_be_a_task_is_told(job: str, network: str, words: str, tmp_path: Path) -> None:
    ((code, said),) = told(tmp_path, job, network)
    assert code == "E608"
    assert words in said


def test_azure_has_no_jobs_yet(tmp_path: Path) -> None:
    azure = 'azure(location = "westeurope", subscription = "2f1c0c35-3f50-4b8a-9d0c-1f6c9d1e2a3b")'
    assert any("cloud jobs" in said for _, said in told(tmp_path, JOB, "", azure))


def test_this_machine_runs_a_job_itself(tmp_path: Path) -> None:
    assert told(tmp_path, JOB, NETWORK) == []


def test_sizes_hold_at_least_what_was_asked_for() -> None:
    assert size(0.25, 512 * 10**6) == (256, 512)
    assert size(4, 16 * 10**9) == (4096, 15360)
    assert size(16, 121 * 10**9) == (16384, 120 * 1024)
    assert size(16, 130 * 10**9) is None
    assert size(0.3, 10**9) is None
