"""Tasks on Amazon ECS, started from what Terraform has made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mlopsc.stdlib.runtime.extras import need_extra
from mlopsc.stdlib.runtime.jobs.backend import Look
from mlopsc.stdlib.runtime.store.faults import OperationError

_LINES = 30
_OVER = "STOPPED"
_FORGOTTEN = "Amazon has forgotten the task, as it does an hour after its end"


@dataclass(frozen=True)
class Ecs:
    """The cluster of an environment: by stage the family of its task and how its logs begin; `group_tag` is the tag
    of the cluster that names the security group."""

    region: str
    cluster: str
    families: Mapping[str, str]
    streams: Mapping[str, str]
    subnets: Sequence[str]
    group_tag: str

    def start(self, stage: str, token: str, key: str) -> str:
        """The task of the newest definition, in the subnets of the spec, without an address of its own."""
        network = {
            "subnets": [*self.subnets],
            "securityGroups": [self._security_group],
            "assignPublicIp": "DISABLED",
        }
        with _told():
            answer = self._ecs.run_task(
                cluster=self.cluster,
                taskDefinition=self.families[stage],
                launchType="FARGATE",
                count=1,
                clientToken=token,
                startedBy=key[:32],
                networkConfiguration={"awsvpcConfiguration": network},
            )
        if not answer["tasks"]:
            why = "; ".join(str(one.get("reason", one)) for one in answer["failures"])
            raise OperationError(f"the task of `{stage}` was not started: {why}", "start it again later")
        return str(answer["tasks"][0]["taskArn"])

    def look(self, task: str) -> Look:
        """As ECS describes it; the code is that of the container."""
        with _told():
            found = self._ecs.describe_tasks(cluster=self.cluster, tasks=[task])["tasks"]
        if not found:
            return Look(is_running=False, reason=_FORGOTTEN)
        container: Mapping[str, Any] = next(iter(found[0].get("containers", ())), {})
        words = [str(one) for one in (found[0].get("stoppedReason"), container.get("reason")) if one]
        return Look(found[0]["lastStatus"] != _OVER, container.get("exitCode"), "; ".join(words))

    def printed(self, stage: str, task: str) -> Sequence[str]:
        """From the stream of its container; none where it has printed nothing yet."""
        stream = f"{self.streams[stage]}/{task.rpartition('/')[2]}"
        with _told():
            try:
                found = self._logs.get_log_events(logGroupName=self.cluster, logStreamName=stream, limit=_LINES)
            except self._logs.exceptions.ResourceNotFoundException:
                return ()
        return [str(one["message"]) for one in found["events"]]

    @cached_property
    def _security_group(self) -> str:
        with _told():
            found = self._ecs.describe_clusters(clusters=[self.cluster], include=["TAGS"])["clusters"]
        tags = {one["key"]: one["value"] for cluster in found for one in cluster.get("tags", ())}
        if self.group_tag not in tags:
            fact = f"there is no cluster `{self.cluster}` with a tag `{self.group_tag}` in {self.region}"
            raise OperationError(fact, "apply the Terraform of the environment first")
        return str(tags[self.group_tag])

    @cached_property
    def _ecs(self) -> Any:
        return self._client("ecs")

    @cached_property
    def _logs(self) -> Any:
        return self._client("logs")

    def _client(self, service: str) -> Any:
        need_extra("aws")
        import boto3

        return boto3.client(service, region_name=self.region)


@contextmanager
def _told() -> Iterator[None]:
    """Turns what Amazon refuses, and a network that is not there, into a message."""
    need_extra("aws")
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        fact = f"Amazon says {said.get('Code', 'no')}: {said.get('Message', error)}"
        raise OperationError(fact, "check who you are there, and that Terraform has been applied") from error
    except BotoCoreError as error:
        raise OperationError(f"Amazon cannot be asked: {error}", "check credentials, region and network") from error
