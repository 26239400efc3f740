"""The cloud that workflows of tests deliver to: an S3 of this machine that lets in whom the emitted policies let in.

Each job comes as the role that it becomes; Terraform is a stand-in that makes buckets, so that nothing can be kept in
a store before it was applied. The clock stands still until a test moves it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import acting
import boto3
import pytest
import shop_project
from acting import Run, Workshop
from github_api import GitHub, started
from guarded_s3 import ADMIN, Guard, guarded_s3

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.release.state import ReleaseLog, State
from mlopsc.stdlib.runtime.service.deployment import Deployment, open_deployment
from mlopsc.stdlib.runtime.service.keys import VARIABLE as SECRET
from mlopsc.stdlib.runtime.service.keys import new_id
from mlopsc.stdlib.runtime.service.records import FeedbackRow, RequestRow
from mlopsc.stdlib.runtime.service.writing import LogWriter
from mlopsc.stdlib.runtime.store import remote
from mlopsc.stdlib.runtime.store.opening import VARIABLE as STORE
from mlopsc.targets.terraform.aws.evaluation import account_of

ACCOUNT, REGION = "123456789012", "eu-west-1"
PUSH = {"ref": "refs/heads/main"}
HOUR, DAY = 3_600.0, 86_400.0
TRIED = "verify"
"""What `mlopsc verify` asks for, to see whether it may; who applies may not."""
Records = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Served:
    """A row that was asked about, what was predicted, and what turned out to be true."""

    at: float
    inputs: Mapping[str, Any]
    predicted: float
    true: float


@dataclass(frozen=True)
class World:
    """A repository, and what it is delivered to."""

    workshop: Workshop
    project: Path
    pipeline: str
    endpoint: str
    guard: Guard
    folder: Path
    github: GitHub

    @property
    def named(self) -> str:
        """What names in the cloud begin with."""
        return self.pipeline.replace("_", "-")

    @property
    def states(self) -> Path:
        """What stand-ins keep: states of Terraform, images of Docker, attestations."""
        return self.folder / "states"

    def run(self, word: str, event: str, payload: Mapping[str, Any]) -> Run:
        """Run one of its workflows; whatever a job asks of the store must be granted to who it is."""
        variables = {
            "ACTING_AWS": self.endpoint,
            "ACTING_STATES": str(self.states),
            "GITHUB_API_URL": self.github.url,
            clock.VARIABLE: str(self.folder / "clock"),
        }
        done = acting.run(self.workshop, self.project, f"{self.pipeline}-{word}", event, payload, variables)
        assert [str(one) for one in self.guard.asked if not one.allowed and one.key != TRIED] == [], done.said
        return done

    def go_to(self, seconds: float) -> None:
        """Move the clock of everybody."""
        clock.set_clock(self.folder / "clock", seconds)

    def keys(self, word: str) -> list[str]:
        """What is in the bucket of the `store` of production, or of the `state` of all."""
        named = f"{self.named}-state" if word == "state" else f"{self.named}-prod-store"
        return [one.key for one in self._s3.Bucket(f"{named}-{ACCOUNT}").objects.all()]

    def records(self) -> Records:
        """What production's store knows of stages that have ended."""
        bucket = self._s3.Bucket(f"{self.named}-prod-store-{ACCOUNT}")
        return shop_project.by_key(one.get()["Body"].read() for one in bucket.objects.filter(Prefix="index/"))

    def serving(self) -> int | None:
        """The version that production serves."""
        return self.state().champion

    def state(self) -> State:
        """The state of the release in production."""
        return released(self.project, self.pipeline, self._outside(ADMIN))

    def call(self, *arguments: str) -> str:
        """What a command says that a person calls, who may do everything."""
        outside = {**os.environ, **self._outside(ADMIN)}
        command = [self.workshop.programs / "mlopsc", *arguments]
        done = subprocess.run(command, cwd=self.project, env=outside, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def serve(self, version: int, rows: Sequence[Served]) -> None:
        """Answer rows, and be told what was true an hour later, as a router writes that down."""
        with _coming_with(self._outside(f"{self.named}-prod-router")):
            self.go_to(rows[0].at)
            writer = LogWriter(_production(self.project, self.pipeline), interval=HOUR)
            ids = [new_id(b"secret", "tests") for _ in rows]
            writer.add([_request(one, id_, version) for one, id_ in zip(rows, ids, strict=True)])
            writer.add([FeedbackRow(id_, one.true, one.at + HOUR) for one, id_ in zip(rows, ids, strict=True)])
            self.go_to(rows[-1].at)
            assert writer.close() == 0

    @property
    def _s3(self) -> Any:
        keys = {"aws_access_key_id": ADMIN, "aws_secret_access_key": "secret"}
        return boto3.resource("s3", endpoint_url=self.endpoint, region_name=REGION, **keys)

    def _outside(self, identity: str) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": identity,
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": REGION,
            STORE: f"s3://{self.named}-prod-store-{ACCOUNT}",
            SECRET: "a secret of the tests, of no use",
            clock.VARIABLE: str(self.folder / "clock"),
        }


def released(project: Path, pipeline: str, variables: Mapping[str, str]) -> State:
    """The state of the release in production, for whom these variables of the environment name."""
    with _coming_with(variables):
        found = _production(project, pipeline)
        return ReleaseLog(found.store, found.log).state()


@contextmanager
def delivered_to(workshop: Workshop, project: Path, pipeline: str, folder: Path, at: float) -> Iterator[World]:
    """What a person has set up once: the repository with its locks of providers, and the bucket of states."""
    (folder / "states").mkdir()
    for documents in project.glob(f"deploy/{pipeline}/*/terraform"):
        (documents / ".terraform.lock.hcl").touch()
    acting.begun(project)
    account = account_of(json.loads(path.read_bytes()) for path in project.glob("deploy/**/main.tf.json"))
    key_of = {f"{one.removeprefix('alias/')}-{ACCOUNT}": key for key, names in account.aliases.items() for one in names}
    with guarded_s3(account, REGION, key_of) as (endpoint, guard):
        found = World(workshop, project, pipeline, endpoint, guard, folder, started())
        found.go_to(at)
        place = {"LocationConstraint": REGION}
        found._s3.Bucket(f"{found.named}-state-{ACCOUNT}").create(CreateBucketConfiguration=place)
        yield found
        found.github.stop()


def _production(project: Path, pipeline: str) -> Deployment:
    document = json.loads((project / f"deploy/{pipeline}/prod/pipeline.json").read_bytes())
    return open_deployment(document, project)


@contextmanager
def _coming_with(variables: Mapping[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        remote._open.cache_clear()
        try:
            yield
        finally:
            remote._open.cache_clear()


def _request(row: Served, id_: str, version: int) -> RequestRow:
    return RequestRow(row.at, id_, id_, "", 1, version, "served", "ok", 0.01, row.predicted, None, row.inputs)
