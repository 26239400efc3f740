"""What jobs need of Amazon's rights: who runs them, who starts them, and who makes what they run on."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.targets.terraform.aws.place import Place
from mlopsc.targets.terraform.aws.policies import Condition, Statement, arn
from mlopsc.targets.terraform.jobs import jobs_of

EXECUTE = "jobs"
"""The role that fetches the image and writes logs, before and beside the task itself."""
_TASKS = "ecs-tasks.amazonaws.com"


def execution_rights(place: Place) -> Iterator[Statement]:
    """Fetch images of this pipeline, and write what tasks print."""
    yield Statement("LogIn", ("ecr:GetAuthorizationToken",), ("*",), "Amazon gives tokens for all registries or none")
    repository = arn("ecr", f"repository/{place.registry}", region=place.state_region, account=place.account)
    pulls = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
    yield Statement("Pull", pulls, (repository,), "Images of this pipeline")
    written = ("logs:CreateLogStream", "logs:PutLogEvents")
    yield Statement("Logs", written, (f"{_logs(place)}:*",), "What tasks print")


def submit_rights(place: Place) -> Iterator[Statement]:
    """Start just these tasks on just this cluster, and see how they end."""
    tasks = [_arn(place, f"task-definition/{place.task(job.stage.name)}:*") for job in jobs_of(place.build)]
    here = Condition("ArnEquals", "ecs:cluster", (_cluster(place),))
    yield Statement("Start", ("ecs:RunTask",), tasks, "The tasks of stages, on the cluster of jobs", (here,))
    running = _arn(place, f"task/{place.cluster}/*")
    yield Statement("Watch", ("ecs:DescribeTasks",), (running,), "How tasks are doing")
    yield Statement("Where", ("ecs:DescribeClusters",), (_cluster(place),), "In which security group tasks run")
    yield passing(place)
    yield Statement("ReadLogs", ("logs:GetLogEvents",), (f"{_logs(place)}:*",), "What a task that failed has printed")


def passing(place: Place) -> Statement:
    """Hand to tasks what they run as, and to nothing else."""
    roles = [place.named("role", one) for one in ("train", EXECUTE)]
    only = Condition("StringEquals", "iam:PassedToService", (_TASKS,))
    return Statement("Pass", ("iam:PassRole",), roles, "What tasks run as, and nothing else", (only,))


def making_rights(place: Place) -> Iterator[Statement]:
    """Make and change what jobs run on: by name, and where Amazon knows no names, only what has our tag."""
    yield Statement(
        "Cluster",
        ("ecs:CreateCluster", "ecs:DeleteCluster", "ecs:UpdateCluster", "ecs:TagResource", "ecs:UntagResource"),
        (_cluster(place), _arn(place, f"task-definition/{place.role_name('job')}-*")),
        "The cluster of jobs, and tags of it and of tasks",
    )
    asked = Condition("StringEquals", "aws:RequestTag/mlopsc-environment", (place.written.environment,))
    why = "With our tag, for Amazon takes no names here; what tasks run as must be passed to them"
    yield Statement("Tasks", ("ecs:RegisterTaskDefinition",), ("*",), why, (asked,))
    yield passing(place)
    yield Statement(
        "Logs",
        (
            "logs:CreateLogGroup",
            "logs:DeleteLogGroup",
            "logs:DeleteRetentionPolicy",
            "logs:PutRetentionPolicy",
            "logs:TagResource",
            "logs:UntagResource",
        ),
        (_logs(place), f"{_logs(place)}:*"),
        "The logs of jobs",
    )
    groups, rules = (_ec2(place, f"{kind}/*") for kind in ("security-group", "security-group-rule"))
    ours = Condition("StringEquals", "aws:ResourceTag/mlopsc-environment", (place.written.environment,))
    yield Statement("Group", ("ec2:CreateSecurityGroup",), (groups,), "The group of tasks, with our tag", (asked,))
    network = _ec2(place, f"vpc/{place.vpc}")
    yield Statement("InNetwork", ("ec2:CreateSecurityGroup",), (network,), "In the network that the spec names")
    yield Statement(
        "GroupRules",
        (
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:DeleteSecurityGroup",
            "ec2:DeleteTags",
            "ec2:ModifySecurityGroupRules",
            "ec2:RevokeSecurityGroupEgress",
        ),
        (groups, rules),
        "Ways out of it; no way in",
        (ours,),
    )
    made = Condition("StringEquals", "ec2:CreateAction", ("CreateSecurityGroup", "AuthorizeSecurityGroupEgress"))
    yield Statement("GroupTags", ("ec2:CreateTags",), (groups, rules), "Tags of what is being made", (made,))
    yield Statement("OwnTags", ("ec2:CreateTags",), (groups, rules), "Tags of what is ours", (ours,))


def looking_rights(place: Place) -> Iterator[Statement]:
    """See how all of that is set."""
    named = (_cluster(place), _arn(place, f"task-definition/{place.role_name('job')}-*"))
    yield Statement("ReadCluster", ("ecs:DescribeClusters", "ecs:ListTagsForResource"), named, "The cluster of jobs")
    everything = (
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeVpcs",
        "ecs:DescribeTaskDefinition",
        "logs:DescribeLogGroups",
    )
    yield Statement("ReadJobs", everything, ("*",), "Amazon shows all of these or none")
    yield Statement("ReadLogs", ("logs:ListTagsForResource",), (_logs(place),), "The tags of the logs of jobs")


def role_names(place: Place) -> list[str]:
    """The roles of the environment beside those of its other identities."""
    return ["submit", EXECUTE] if jobs_of(place.build) else []


def _arn(place: Place, what: str) -> str:
    return arn("ecs", what, region=place.region, account=place.account)


def _ec2(place: Place, what: str) -> str:
    return arn("ec2", what, region=place.region, account=place.account)


def _cluster(place: Place) -> str:
    return _arn(place, f"cluster/{place.cluster}")


def _logs(place: Place) -> str:
    return arn("logs", f"log-group:{place.cluster}", region=place.region, account=place.account)
