"""Who needs which part of a store: derived from the graph of a pipeline, before any cloud has a say.

An identity is what a job, a service or a group of people runs as. Its grants are all it may do with the store; each
names the stage or rule that asks for it. What clouds make of it is in their folders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from mlopsc.compiler.ir.graph import ancestors
from mlopsc.compiler.ir.model import Stage
from mlopsc.targets.terraform.building import Written
from mlopsc.targets.terraform.jobs import jobs_of, submitted
from mlopsc.targets.terraform.resources import Reason

_REMOTE = "://"


class Act(StrEnum):
    """What is done with the objects below a prefix."""

    READ = "read"
    CREATE = "create"
    """Make a key that is not there: never replace one."""
    WRITE = "write"
    """Make a key, or write the same bytes to it again: only for what is named after its content."""
    DELETE = "delete"


@dataclass(frozen=True)
class Grant:
    """Leave to do something with all keys below a prefix of the store (`objects/`), and why."""

    acts: tuple[Act, ...]
    prefix: str
    reason: Reason


@dataclass(frozen=True)
class Source:
    """Leave to read something outside of the store: a URL that a data stage names."""

    url: str
    reason: Reason


@dataclass(frozen=True)
class Identity:
    """What something runs as: `name` is one word, `purpose` says what it is for.

    `lists` says of which keys it may see the names. Whoever asks for records that may not be there must see all
    names: a store that keeps them from him can only answer that it will not tell.
    """

    name: str
    purpose: str
    reason: Reason
    grants: tuple[Grant, ...]
    sources: tuple[Source, ...] = ()
    lists: tuple[str, ...] = ("",)
    groups: tuple[Mapping[str, Any], ...] = ()
    """For people: the groups that may take it, as the spec has them."""


SUBMIT = "submit"
"""Starts jobs and sees how they end; what they do themselves is done as `train`."""
NAMES = ("train", "release", "router", "monitor", "score", "reader")
"""All names that identities can have, but for those that only environments with cloud jobs have."""


def identities(written: Written) -> tuple[Identity, ...]:
    """The identities of an environment, those of its DAG's stages first, each only if something needs it."""
    return tuple(_found(written))


def _found(written: Written) -> Iterator[Identity]:
    pipeline = written.build.pipeline
    stages = pipeline.stages
    trained = [stage for stage in stages if stage.kind in ("data", "train", "test")]
    if trained:
        yield _train(written, trained)
    if submitted(written.build):
        yield _submit(written, trained)
    for kind, make in (("release", _release), ("monitor", _monitor), ("score", _score)):
        there = [stage for stage in stages if stage.kind == kind]
        if there and pipeline.environment.serves:
            yield make(written, there)
            if kind == "release":
                yield _router(written, there)
    groups = _readers(written)
    if groups:
        yield _reader(written, groups)


def _train(written: Written, stages: list[Stage]) -> Identity:
    first = stages[0].name
    return Identity(
        "train",
        "Runs data, train and test stages",
        written.because_of_stage("What training runs as", first),
        tuple(_training(written, stages)),
        tuple(_sources(written, stages)),
    )


def _submit(written: Written, stages: list[Stage]) -> Identity:
    """It computes keys as a run does, to find what is running or done already, and makes nothing but its notes."""
    first = jobs_of(written.build)[0].stage.name
    reads = [Grant((Act.READ,), grant.prefix, grant.reason) for grant in _training(written, stages)]
    noted = written.because_of_stage("Which task was started for which key", first, "compute")
    grants = (*reads, Grant((Act.READ, Act.CREATE), "jobs/", noted))
    reason = written.because_of_stage("What starts jobs runs as", first, "compute")
    return Identity(SUBMIT, "Starts cloud jobs and waits for them", reason, grants, tuple(_sources(written, stages)))


def _training(written: Written, stages: list[Stage]) -> Iterator[Grant]:
    """What a run of stages up to the gate does with the store."""
    last = stages[-1].name
    yield Grant((Act.READ, Act.WRITE), "objects/", written.because_of_stage("Rows, models and profiles by hash", last))
    yield Grant((Act.READ, Act.CREATE), "index/", written.because_of_stage("What has been run, by key", last))
    for stage in stages:
        if stage.kind == "train":
            reason = written.because_of_stage("The versions that it makes", stage.name)
            yield Grant((Act.READ, Act.CREATE), f"versions/{stage.name}/", reason)
        elif stage.kind == "test":
            reason = written.because_of_stage("How often the test rows have been looked at", stage.name)
            yield Grant((Act.READ, Act.CREATE), "looks/", reason)
    for release in _of_kind(written, "release"):
        reason = written.because_of_stage("Which version is the champion", release.name)
        yield Grant((Act.READ,), f"release/{release.name}/{written.environment}/", reason)


def _sources(written: Written, stages: list[Stage]) -> Iterator[Source]:
    for stage in stages:
        for file in stage.files:
            if _REMOTE in file:
                yield Source(file, written.because_of_stage("The rows that it reads", stage.name, "source"))


def _release(written: Written, stages: list[Stage]) -> Identity:
    return Identity(
        "release",
        "Ticks the release: brings versions in, promotes and rolls back",
        written.because_of_stage("What the release runs as", stages[0].name),
        tuple(grant for stage in stages for grant in _releasing(written, stage)),
    )


def _releasing(written: Written, stage: Stage) -> Iterator[Grant]:
    model = str(stage.settings["model"])
    yield Grant(
        (Act.READ,), f"versions/{model}/", written.because_of_stage("What can be released", stage.name, "model")
    )
    place = f"{stage.name}/{written.environment}/"
    entries = written.because_of_stage("The entries of its log", stage.name, "strategy")
    yield Grant((Act.READ, Act.CREATE), f"release/{place}", entries)
    for prefix, purpose in (
        ("log", "What was answered"),
        ("feedback", "What turned out to be true"),
        ("heartbeat", "Which routers are alive"),
    ):
        yield Grant((Act.READ,), f"{prefix}/{place}", written.because_of_stage(purpose, stage.name))


def _router(written: Written, stages: list[Stage]) -> Identity:
    return Identity(
        "router",
        "Answers requests",
        written.because_of_stage("What routers run as", stages[0].name),
        tuple(grant for stage in stages for grant in _routing(written, stage)),
    )


def _routing(written: Written, stage: Stage) -> Iterator[Grant]:
    place = f"{stage.name}/{written.environment}/"
    yield Grant((Act.READ,), "objects/", written.because_of_stage("The models that it loads", stage.name, "model"))
    model = str(stage.settings["model"])
    yield Grant((Act.READ,), f"versions/{model}/", written.because_of_stage("How they were made", stage.name, "model"))
    yield Grant((Act.READ,), f"release/{place}", written.because_of_stage("Who gets which requests", stage.name))
    kept = (Act.READ, Act.CREATE, Act.DELETE)
    logged = written.because_of_stage("What it answered, until its retention ends", stage.name, "log")
    yield Grant(kept, f"log/{place}", logged)
    yield Grant(kept, f"feedback/{place}", written.because_of_stage("What it was told, as long", stage.name, "log"))
    yield Grant(kept, f"heartbeat/{place}", written.because_of_stage("Its signs of life", stage.name))
    forgotten = written.because_of_stage("What is to be forgotten in files that it merges", stage.name)
    yield Grant((Act.READ, Act.DELETE), f"forget/{place}", forgotten)


def _monitor(written: Written, stages: list[Stage]) -> Identity:
    grants = [grant for stage in stages for grant in _monitoring(written, stage)]
    sources = [source for stage in stages for source in _refreshed(written, stage)]
    reason = written.because_of_stage("What the monitor runs as", stages[0].name)
    return Identity("monitor", "Looks at production and acts on it", reason, tuple(grants), tuple(sources))


def _monitoring(written: Written, stage: Stage) -> Iterator[Grant]:
    release = written.build.pipeline.stage(str(stage.settings["release"]))
    place = f"{release.name}/{written.environment}/"
    yield from (grant for grant in _releasing(written, release) if grant.prefix != f"release/{place}")
    acts = (Act.READ, Act.CREATE) if _rules_that(stage, "rollback") else (Act.READ,)
    rule = next(iter(_rules_that(stage, "rollback")), "")
    reason = written.because_of_stage("Whose service it watches", stage.name, "release", rule)
    yield Grant(acts, f"release/{place}", reason)
    models = written.because_of_stage("Models, and the rows that they were trained on", stage.name, "release")
    yield Grant((Act.READ,), "objects/", models)
    yield Grant(
        (Act.READ,), "index/", written.because_of_stage("The profile that the model was trained on", stage.name)
    )
    noted = written.because_of_stage("What it found and did", stage.name)
    yield Grant((Act.READ, Act.CREATE), f"events/{stage.name}/{written.environment}/", noted)
    reported = written.because_of_stage("Its reports", stage.name)
    yield Grant((Act.READ, Act.CREATE), f"reports/{stage.name}/{written.environment}/", reported)
    for rule in _rules_that(stage, "retrain"):
        for grant in _training(written, _upstream(written, stage)):
            why = written.because_of_stage(grant.reason.purpose, stage.name, rule=rule)
            yield Grant(grant.acts, grant.prefix, why)


def _refreshed(written: Written, stage: Stage) -> Iterator[Source]:
    if _rules_that(stage, "retrain"):
        yield from _sources(written, _upstream(written, stage))


def _upstream(written: Written, stage: Stage) -> list[Stage]:
    """The stages up to the gate of what a monitor watches: those that a retraining runs."""
    before = {*ancestors(written.build.pipeline, stage.name)}
    return [
        one for one in written.build.pipeline.stages if one.name in before and one.kind in ("data", "train", "test")
    ]


def _score(written: Written, stages: list[Stage]) -> Identity:
    reason = written.because_of_stage("What batch scoring runs as", stages[0].name)
    grants = [grant for stage in stages for grant in _scoring(written, stage)]
    sources = [
        source
        for stage in stages
        for source in _sources(written, [written.build.pipeline.stage(str(stage.settings["data"]))])
    ]
    return Identity("score", "Predicts for batches of rows", reason, tuple(grants), tuple(sources))


def _scoring(written: Written, stage: Stage) -> Iterator[Grant]:
    reason = written.because_of_stage("Its rows and its model", stage.name, "model")
    yield Grant((Act.READ, Act.WRITE), "objects/", reason)
    yield Grant((Act.READ, Act.CREATE), "index/", written.because_of_stage("What has been read", stage.name, "data"))
    yield Grant((Act.READ,), "versions/", written.because_of_stage("The version that predicts", stage.name, "model"))
    for release in _of_kind(written, "release"):
        served = written.because_of_stage("Which version is served", stage.name, "model")
        yield Grant((Act.READ,), f"release/{release.name}/{written.environment}/", served)
    noted = written.because_of_stage("What it has written", stage.name)
    yield Grant((Act.READ, Act.CREATE), f"score/{stage.name}/{written.environment}/", noted)


def _readers(written: Written) -> tuple[Mapping[str, Any], ...]:
    access = cast("list[dict[str, Any]]", written.build.pipeline.environment.settings.get("access", []))
    return tuple(one["group"] for one in access if one["function"] == "read")


def _reader(written: Written, groups: tuple[Mapping[str, Any], ...]) -> Identity:
    """People who look: reports, the release log and versions, never what was asked and answered."""
    reason = written.because("What people read as", "access")
    prefixes = ("reports/", "release/", "versions/")
    grants = tuple(Grant((Act.READ,), prefix, reason) for prefix in prefixes)
    return Identity("reader", "Reads reports, the release log and versions", reason, grants, (), prefixes, groups)


def _of_kind(written: Written, kind: str) -> list[Stage]:
    return [stage for stage in written.build.pipeline.stages if stage.kind == kind]


def _rules_that(stage: Stage, action: str) -> list[str]:
    """The ids of the rules of a monitor that do something."""
    return [
        rule.id
        for rule in stage.rules
        for one in cast("list[dict[str, Any]]", rule.clauses.get("do", []))
        if one["function"] == action
    ]
