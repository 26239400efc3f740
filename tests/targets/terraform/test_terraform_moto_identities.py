"""Whether the derived identities are true: the real commands at work, each with its own and before a guarded S3.

Every request that they make must be allowed, and every grant must be one that some of them needs. This is moto, not
AWS; for Azure there is nothing of the kind on this machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from folders import ACCOUNT, REGION, Emitted, emitted
from guarded_s3 import ADMIN, Asked, Guard, guarded_s3
from monitor.monitored import BEGIN, DAY, STEP, answered, rows_between, write_rows
from serve.service import Running

from mlopsc.compiler.cli.built import describe
from mlopsc.compiler.cli.exits import Exit
from mlopsc.compiler.cli.main import run
from mlopsc.compiler.cli.spec import Spec
from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.service.deployment import open_deployment
from mlopsc.stdlib.runtime.service.keys import VARIABLE as SECRET
from mlopsc.stdlib.runtime.service.retention import forget, prune
from mlopsc.stdlib.runtime.service.writing import LogWriter
from mlopsc.stdlib.runtime.store import remote
from mlopsc.stdlib.runtime.store.faults import StoreError
from mlopsc.stdlib.runtime.store.opening import VARIABLE as STORE
from mlopsc.stdlib.runtime.store.opening import open_store
from mlopsc.stdlib.runtime.store.protocol import Store
from mlopsc.targets.terraform.aws.evaluation import account_of

BUCKET = f"orders-prod-store-{ACCOUNT}"
RIDES = "example-rides"
COLUMNS = """
    at:      timestamp
    hour:    int in 0..23 role calendar
    temp:    float
    weather: category
    open:    bool
"""
SPEC = f"""\
pipeline orders {{
  language = 1
  owner    = "shop@example.com"
}}

analysts = group(aws = "arn:aws:iam::{ACCOUNT}:role/analysts")

environment prod {{
  platform = aws(region = "{REGION}", account = "{ACCOUNT}")
  access   = [read(analysts)]
}}

data hours {{
  source  = csv("hours.csv")
  time    = at
  unit    = block(1d)
  target  = orders
  outcome = independent
  schema {{{COLUMNS}    orders:  float
  }}
  check rows >= 100
  split = by_time(train = 60%, validation = 10%, test = 30%)
}}

train forecast {{
  data      = hours
  features  = python("steps.py:WithoutTime")
  estimator = sklearn("linear_model.LinearRegression")
  track     = false
}}

test gate {{
  model = forecast
  require mae(test) <= 40 at 95%
  require mae(test) <= champion + 50% at 95%
}}

release api {{
  model    = forecast
  gate     = gate
  strategy = canary(steps = [50%, 100%], every = 1d)
  log      = log(retention = 30d)
  guard error_rate <= champion * 2
}}

monitor live {{
  release = api
  watch stable(features) over 7d, alarms <= 1 / 90d
  watch mae(feedback) <= 40 over 7d lag 1d, alarms <= 1 / 90d as good
  watch age(hours) <= 400d
  on drift do retrain(forecast, refresh = hours, cooldown = 7d, limit = 4 / 30d)
  on good do rollback()
}}

data latest {{
  source = csv("s3://example-rides/latest/*.csv")
  time   = at
  key    = at
  schema {{{COLUMNS}  }}
  check rows >= 10
}}

score nightly {{
  model = forecast
  data  = latest
}}

score served {{
  model = api
  data  = latest
}}
"""
ROW = {"at": "2026-01-05T12:00", "hour": 12, "temp": 15.0, "weather": "clear", "open": True}


@dataclass
class World:
    """A project whose environment is on the guarded S3, and a copy of it for each identity."""

    folder: Path
    endpoint: str
    guard: Guard
    emitted: Emitted

    @contextmanager
    def as_(self, identity: str) -> Iterator[Path]:
        """Be an identity, in a folder of its own: what another has fetched is not at hand there."""
        project = self.folder / identity
        if not project.exists():
            shutil.copytree(self.folder / "project", project)
        shutil.copy(self.folder / "project" / "hours.csv", project / "hours.csv")
        here = Path.cwd()
        os.environ["AWS_ACCESS_KEY_ID"] = identity
        os.chdir(project)
        remote._open.cache_clear()
        try:
            yield project
        finally:
            os.chdir(here)
            os.environ["AWS_ACCESS_KEY_ID"] = ADMIN
            remote._open.cache_clear()

    def call(self, identity: str, *arguments: str, code: int = 0) -> None:
        """Run a command as an identity."""
        with self.as_(identity):
            assert run(arguments) == code, f"{identity}: {arguments}"

    @contextmanager
    def store(self, identity: str) -> Iterator[Store]:
        """The store as an identity reaches it."""
        with self.as_(identity) as project:
            yield open_store(f"s3://{BUCKET}", project)

    def go_to(self, seconds: float) -> None:
        clock.set_clock(self.folder / "clock", seconds)

    def document(self) -> Mapping[str, Any]:
        return describe(Spec(self.folder / "project", "pipeline.mlops").compile()).documents["prod"]


def write_latest(endpoint: str, until: float) -> None:
    """Put the hours of ten days into the source of the batches, a bucket of its own."""
    rows = rows_between(until - 10 * DAY, until).drop(columns="orders")
    text = rows.assign(at=rows["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(index=False)
    s3 = boto3.Session().client("s3", endpoint_url=endpoint)
    s3.put_object(Bucket=RIDES, Key="latest/1.csv", Body=text.encode())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("guarded")
    project = folder / "project"
    project.mkdir()
    (project / "pipeline.mlops").write_text(SPEC)
    (project / "steps.py").write_text(STEP)
    write_rows(project, BEGIN)
    found = emitted(project)
    account = account_of(found.documents.values())
    (key,) = (arn for arn, names in account.aliases.items() if names == ("alias/orders-prod-store",))
    with pytest.MonkeyPatch.context() as patch, guarded_s3(account, REGION, {BUCKET: key}) as (endpoint, guard):
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_ENDPOINT_URL", endpoint)
        patch.setenv("AWS_ACCESS_KEY_ID", ADMIN)
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv(STORE, f"s3://{BUCKET}")
        patch.setenv(SECRET, "a secret of the tests, of no use")
        patch.setenv(clock.VARIABLE, str(folder / "clock"))
        place = {"LocationConstraint": REGION}
        for name in (BUCKET, RIDES):
            boto3.Session().client("s3", endpoint_url=endpoint).create_bucket(
                Bucket=name, CreateBucketConfiguration=place
            )
        write_latest(endpoint, BEGIN)
        yield World(folder, endpoint, guard, found)


@contextmanager
def serving(world: World) -> Iterator[Running]:
    """A router as a process of its own, with its own identity."""
    with world.as_("router") as project:
        command = [sys.executable, "-m", "mlopsc.compiler.cli", "serve", "-e", "prod", "--port", "0"]
        environment = {**os.environ, "NO_COLOR": "1"}
        with (
            (project / "errors.txt").open("w") as errors,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment) as process,
        ):
            running = Running(process, project / "errors.txt")
            try:
                running.wait_until_ready(60)
                yield running
            finally:
                process.kill()


def answer(world: World) -> None:
    """Ask the router, and tell it what was true."""
    with serving(world) as router:
        router.wait(lambda: router.predict()[0] in (200, 422))
        status, said = router.predict(ROW)
        assert status == 200, said
        (prediction,) = said["predictions"]
        status, said = router.ask("POST", "/feedback", {"id": prediction["id"], "y": 100.0})
        assert status == 200, said
        assert router.stop() == 0
        assert "store" not in (world.folder / "router" / "errors.txt").read_text()


def live(world: World, since: float, until: float, version: int, **changes: Any) -> None:
    """Answer the hours of [since, until) as a router writes them down."""
    world.go_to(since)
    with world.as_("router") as project:
        deployment = open_deployment(world.document(), project, store=open_store(f"s3://{BUCKET}", project))
        writer = LogWriter(deployment, interval=3_600.0)
        requests, truths = answered(since, until, **changes)
        writer.add([replace(one, version=version) for one in requests])
        writer.add(truths)
        world.go_to(until)
        assert writer.close() == 0


def play(world: World) -> None:
    """All that the pipeline does in some weeks: every job of it, each as who it is."""
    world.go_to(BEGIN)
    world.call("train", "run", "-e", "prod")
    world.call("release", "release", "start", "-e", "prod")
    world.call("release", "release", "tick", "-e", "prod")
    answer(world)
    world.call("score", "score", "-e", "prod")
    write_latest(world.endpoint, BEGIN + 5 * DAY)
    world.call("score", "score", "-e", "prod")
    live(world, BEGIN, BEGIN + 7 * DAY, 1)
    live(world, BEGIN + 7 * DAY, BEGIN + 14 * DAY, 1, change=lambda rows: rows.assign(temp=rows["temp"] + 8))
    write_rows(world.folder / "project", BEGIN + 14 * DAY)
    world.call("monitor", "monitor", "look", "-e", "prod", code=Exit.FINDINGS)
    world.call("release", "release", "tick", "-e", "prod")
    for day in range(14, 18):
        live(world, BEGIN + day * DAY, BEGIN + (day + 0.5) * DAY, 1)
        live(world, BEGIN + (day + 0.5) * DAY, BEGIN + (day + 1) * DAY, 2)
        world.call("release", "release", "tick", "-e", "prod")
    live(world, BEGIN + 18 * DAY, BEGIN + 21 * DAY, 2, truth=lambda true: true + 90)
    world.go_to(BEGIN + 22 * DAY)
    world.call("monitor", "monitor", "look", "-e", "prod", code=Exit.FINDINGS)
    world.call("release", "release", "status", "-e", "prod")
    world.call("reader", "release", "history", "-e", "prod")
    world.call("reader", "release", "status", "-e", "prod")
    with world.store("reader") as store:
        reports = list(store.list("reports"))
        assert reports
        assert store.get(reports[0])


def tidy(world: World) -> None:
    """What a router does for its log now and then, and what somebody wants forgotten meanwhile."""
    world.go_to(BEGIN + 23 * DAY)
    with world.as_(ADMIN) as project:
        deployment = open_deployment(world.document(), project, store=open_store(f"s3://{BUCKET}", project))
        world.guard.asked.clear()
        forget(deployment, "nobody")
        entry = json.dumps({"at": clock.now(), "unit": "u", "ids": ["i"]}).encode()
        deployment.store.put_if_absent("forget/api/prod/u-1.json", entry)
    with world.as_("router") as project:
        deployment = open_deployment(world.document(), project, store=open_store(f"s3://{BUCKET}", project))
        world.go_to(BEGIN + 60 * DAY)
        assert prune(deployment, clock.now()) > 0


@pytest.fixture(scope="module")
def played(world: World) -> Sequence[Asked]:
    """All requests of some weeks."""
    play(world)
    asked = [*world.guard.asked]
    tidy(world)
    return [*asked, *world.guard.asked]


def test_each_job_does_its_work_as_who_it_is(played: Sequence[Asked]) -> None:
    assert {one.identity for one in played} == {"train", "release", "router", "monitor", "score", "reader"}
    assert [str(one) for one in played if not one.allowed] == []


UNUSED = {
    ("monitor", "read", "reports/live/prod/"): "if S3 answers that two write at once, it looks which of them was first",
    ("router", "read", "versions/forecast/"): "a version with another lock is answered from an environment of its own",
}
"""What no job of this test needed, with the reason why it is granted."""


def test_no_grant_is_there_for_nothing(world: World, played: Sequence[Asked]) -> None:
    used = {(one.identity, act, one.key) for one in played if (act := _act(one))}
    unused = {
        (identity.name, str(act), grant.prefix)
        for identity in world.emitted.identities()
        for grant in identity.grants
        for act in grant.acts
        if not any(by == identity.name and did == act and key.startswith(grant.prefix) for by, did, key in used)
    }
    assert unused == set(UNUSED), sorted(unused)


def _act(asked: Asked) -> str:
    """What a request does, in the words of grants."""
    if asked.action == "s3:PutObject":
        return "create" if asked.context else "write"
    return {"s3:GetObject": "read", "s3:DeleteObject": "delete"}.get(asked.action, "")


FOREIGN: Sequence[tuple[str, str, Callable[[Store], object]]] = [
    ("router", "a version", lambda store: store.put_if_absent("versions/forecast/00000009.json", b"x")),
    ("router", "an entry", lambda store: store.put_if_absent("release/api/prod/log/00000009.json", b"x")),
    ("router", "an object", lambda store: store.put_object(b"a model")),
    ("router", "what has been run", lambda store: store.get("index/aa/bb/00000001.json")),
    ("release", "deleting the log", lambda store: store.delete("log/api/prod/2026-01-05/a.parquet")),
    ("release", "deleting its log", lambda store: store.delete("release/api/prod/log/00000001.json")),
    ("release", "a version", lambda store: store.put_if_absent("versions/forecast/00000009.json", b"x")),
    ("train", "an entry", lambda store: store.put_if_absent("release/api/prod/log/00000009.json", b"x")),
    ("train", "reading the log", lambda store: store.get("log/api/prod/2026-01-05/a.parquet")),
    ("monitor", "writing the log", lambda store: store.put_if_absent("log/api/prod/2026-01-05/a.parquet", b"x")),
    ("score", "a version", lambda store: store.put_if_absent("versions/forecast/00000009.json", b"x")),
    ("score", "reading the log", lambda store: store.get("log/api/prod/2026-01-05/a.parquet")),
    ("reader", "reading the log", lambda store: store.get("log/api/prod/2026-01-05/a.parquet")),
    ("reader", "a model", lambda store: store.get_object("0" * 64)),
    ("reader", "a report", lambda store: store.put_if_absent("reports/live/prod/9/report.html", b"x")),
]


@pytest.mark.parametrize(("identity", "what", "do"), FOREIGN, ids=[f"{one[0]}: {one[1]}" for one in FOREIGN])
def test_what_is_another_job_s_is_refused(
    world: World, identity: str, what: str, do: Callable[[Store], object]
) -> None:
    assert what
    with world.store(identity) as store, pytest.raises(StoreError, match=r"Access Denied|Forbidden"):
        do(store)


@pytest.mark.parametrize("identity", ["train", "reader"])
def test_a_record_that_is_not_there_is_none(world: World, identity: str) -> None:
    with world.store(identity) as store:
        assert store.get("versions/forecast/00000099.json") is None


def test_an_empty_folder_has_no_keys(world: World) -> None:
    with world.store("router") as store:
        assert [*store.list("forget/api/dev")] == []


def test_a_record_is_never_replaced(world: World) -> None:
    with world.as_("release"):
        client = boto3.Session().client("s3", endpoint_url=world.endpoint)
        with pytest.raises(ClientError, match="AccessDenied"):
            client.put_object(Bucket=BUCKET, Key="release/api/prod/log/00000001.json", Body=b"forged")
