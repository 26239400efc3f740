"""What events do: each action is claimed in the log before it is begun, so that none is done twice or too often."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlopsc.compiler.schema.values import Duration, Rate
from mlopsc.stdlib.monitor import Action, Notify, Retrain, Rollback, RunAction
from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.alive import is_alive
from mlopsc.stdlib.runtime.monitor.evidence import Evidence
from mlopsc.stdlib.runtime.monitor.journal import Done, EventLog, Journal, Record, Status
from mlopsc.stdlib.runtime.monitor.outbox import held_back
from mlopsc.stdlib.runtime.monitor.outcomes import Outcome
from mlopsc.stdlib.runtime.monitor.watches import MonitorRules, count_of, seconds
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.store.faults import OperationError

ATTEMPTS = 3
"""How often a notification that fails is tried, by as many looks."""
_PATIENCE: Mapping[type[Action], float] = {Retrain: 6 * 3_600.0}
_SOON = 900.0
"""After so many seconds of real time, whoever claimed an action elsewhere and did not end it is taken for dead."""


@dataclass(frozen=True)
class _Task:
    """One action of one event."""

    event: Record
    text: str
    action: Action

    def record(self, state: str, round_: int, reason: str, **more: Any) -> dict[str, Any]:
        """A record about it."""
        at = clock.stamp(clock.now())
        about = {"kind": "action", "event": self.event["id"], "action": self.text, "round": round_}
        return {**about, "state": state, "at": at, "reason": reason, **more}


def act_on(
    deployment: Deployment,
    evidence: Evidence,
    log: EventLog,
    rules: MonitorRules,
    actor: str,
    begun_now: set[tuple[int, str]],
) -> list[Record]:
    """Do what events wait for: the records that were added. Empty when there is nothing to do now.

    `begun_now` are the actions (event, text) that this look has begun already; they are added to it, and none of
    them is begun again.
    """
    added: list[Record] = []
    for task in _tasks(log.read(), rules):
        if (task.event["id"], task.text) in begun_now:
            continue
        begun = log.append(lambda journal, _, task=task: _next(journal, task, evidence, actor))  # type: ignore[misc]
        if begun is None:
            continue
        begun_now.add((task.event["id"], task.text))
        added.append(begun)
        if begun["state"] == "claimed":
            added += _perform(deployment, log, task, begun, actor)
    return added


def _tasks(journal: Journal, rules: MonitorRules) -> Iterator[_Task]:
    """All actions of all events that the spec still has, oldest first."""
    known = rules.actions
    for event in journal.events:
        for text in event["actions"]:
            if text in known:
                yield _Task(event, text, known[text])


def _next(journal: Journal, task: _Task, evidence: Evidence, actor: str) -> Record | None:
    """The record that begins the action, or says why it is left out; None when there is nothing to do now."""
    rounds = journal.rounds(task.event["id"], task.text)
    if not rounds:
        return _claim(journal, task, 0, evidence, actor) or task.record("skipped", 0, _hindrance(journal, task))
    last = rounds[-1]
    if last.is_open:
        return _take_over(task, last, actor)
    if _can_be_tried_again(task, last):
        return task.record("claimed", last.round, f"attempt {len(last.claims) + 1}", **_owner(actor), **_begun(last))
    if isinstance(task.action, Retrain) and _is_needed_again(journal, task, last, evidence):
        return _claim(journal, task, last.round + 1, evidence, actor)
    return None


def _claim(journal: Journal, task: _Task, round_: int, evidence: Evidence, actor: str) -> Record | None:
    """The record that begins a round; None where cooldown or limit are in the way."""
    if _hindrance(journal, task):
        return None
    versions = evidence.count_versions(task.action.stage) if isinstance(task.action, Retrain) else 0
    about = {**_owner(actor), "versions": versions, "resumed": False}
    return task.record("claimed", round_, f"because of event {task.event['id']}", **about)


def _begun(done: Done) -> dict[str, Any]:
    return {"versions": done.claims[0]["versions"], "resumed": True}


def _owner(actor: str) -> dict[str, Any]:
    return {"actor": actor, "host": socket.gethostname(), "process": os.getpid(), "wall": time.time()}


def _take_over(task: _Task, done: Done, actor: str) -> Record | None:
    """The record by which an action goes on whose doer is gone; None while it may still be at it."""
    claim = done.last
    if not _is_gone(claim, _PATIENCE.get(type(task.action), _SOON)):
        return None
    if isinstance(task.action, RunAction):
        return task.record("failed", done.round, "it was interrupted; how far it came is not known", outcome="unknown")
    if len(done.claims) >= ATTEMPTS:
        return task.record("failed", done.round, f"it was interrupted {ATTEMPTS} times", outcome="unknown")
    about = {**_owner(actor), **_begun(done)}
    return task.record("claimed", done.round, "taken up where somebody was interrupted", **about)


def _is_gone(claim: Record, patience: float) -> bool:
    if claim["host"] == socket.gethostname():
        process = int(claim["process"])
        return process == os.getpid() or not is_alive(process) or time.time() - claim["wall"] > patience
    return bool(time.time() - claim["wall"] > patience)


def _can_be_tried_again(task: _Task, done: Done) -> bool:
    failed = done.last["state"] == "failed" and done.last.get("outcome") != "unknown"
    return failed and isinstance(task.action, Notify | Rollback) and len(done.claims) < ATTEMPTS


def _is_needed_again(journal: Journal, task: _Task, last: Done, evidence: Evidence) -> bool:
    """Whether a later look found the same still wrong, and no version that came of the last training is on its way."""
    watched = journal.of(str(task.event["key"]))
    if not journal.is_going_on(task.event) or watched.readings[-1]["status"] != Status.BROKEN:
        return False
    newest = watched.readings[-1]
    if clock.parse_stamp(newest["at"]) <= clock.parse_stamp(last.last["at"]):
        return False
    version = last.last.get("evidence", {}).get("version")
    if last.last.get("outcome") != "passed" or version is None:
        return True
    state = evidence.state
    if state.champion == version:
        return clock.parse_stamp(newest["window"][0]) >= state.since
    was_tried = any(record["state"]["candidate"] == version for record in evidence.records)
    return was_tried and state.candidate != version


def _hindrance(journal: Journal, task: _Task) -> str:
    """Why the action must not begin now: its cooldown or its limit; empty where it may."""
    now = clock.now()
    of_it = [one for (_, text, _), one in journal.done.items() if text == task.text and one.claims]
    starts = [(clock.parse_stamp(one.claims[0]["at"]), one) for one in of_it]
    cooldown: Duration | None = getattr(task.action, "cooldown", None)
    if cooldown is not None and starts and now < max(at for at, _ in starts) + seconds(cooldown) - 1e-6:
        return f"within the cooldown of {cooldown}: the last began {clock.stamp(max(at for at, _ in starts))}"
    limit: Rate | None = getattr(task.action, "limit", None)
    if limit is not None:
        counted = [at for at, one in starts if one.counts and at > now - seconds(limit.per)]
        if len(counted) >= count_of(limit):
            return f"the limit of {limit} is reached"
    return ""


def _perform(deployment: Deployment, log: EventLog, task: _Task, claim: Record, actor: str) -> list[Record]:
    """Do what was claimed, and note how it ended unless somebody else has taken it over."""
    try:
        outcome = _do(deployment, task, claim, actor)
    except OperationError as error:
        outcome = Outcome("error", str(error), failed_to_act=True)
    state = "failed" if outcome.failed_to_act else "done"
    about = {"outcome": outcome.word, "evidence": dict(outcome.evidence)}
    ended = task.record(state, claim["round"], outcome.reason, **about)

    def propose(journal: Journal, _: int) -> Record | None:
        rounds = journal.rounds(task.event["id"], task.text)
        return ended if rounds and rounds[-1].last == claim else None

    added = log.append(propose)
    return [added] if added else []


def _do(deployment: Deployment, task: _Task, claim: Record, actor: str) -> Outcome:
    key = f"{deployment.name}.{deployment.environment}.{task.event['id']}.{claim['round']}"
    if held := held_back(deployment, task.action, task.event, f"{key}.{task.text}"):
        return held
    match task.action:
        case Notify(to=to):
            from mlopsc.stdlib.runtime.monitor.notifying import notify

            return notify(deployment, to, task.event, f"{key}.{task.text}")
        case Retrain() as action:
            from mlopsc.stdlib.runtime.monitor.retraining import retrain

            return retrain(deployment, action, claim["versions"], resumed=claim["resumed"])
        case Rollback():
            return _roll_back(deployment, task.event, key, actor)
        case RunAction(path=path):
            from mlopsc.stdlib.runtime.monitor.running import run_of_project

            return run_of_project(deployment, path, task.event, key)
        case other:
            raise OperationError(f"nothing does `{other.word}`", "use `retrain`, `notify`, `rollback` or `run`")


def _roll_back(deployment: Deployment, event: Record, key: str, actor: str) -> Outcome:
    from mlopsc.stdlib.runtime.release.rollback import rollback

    entry = rollback(deployment, None, actor, event["text"], event["watch"], cause=key)
    if entry is None:
        return Outcome("nothing_to_do", "it was done already")
    after = entry["state"]["champion"]
    return Outcome("rolled_back", f"version {after} answers again", {"sequence": entry["sequence"], "version": after})
