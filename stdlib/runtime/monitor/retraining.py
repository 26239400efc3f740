"""`retrain(…)`: the data is read again, and if there are new rows, the model is trained and its gate judged."""

from __future__ import annotations

from typing import Any

from mlopsc.stdlib import registry
from mlopsc.stdlib.monitor import NothingNew, Retrain
from mlopsc.stdlib.runtime.engine.events import Outcome as Ended
from mlopsc.stdlib.runtime.engine.events import StageSummary
from mlopsc.stdlib.runtime.engine.outcome import StageRecord
from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.engine.runner import RunResult, run_within
from mlopsc.stdlib.runtime.monitor.outcomes import Outcome
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.store.faults import OperationError
from mlopsc.stdlib.runtime.store.log import Log

_WORDS = {Ended.OK: "passed", Ended.FAIL: "failed", Ended.UNDECIDED: "undecided"}


def retrain(deployment: Deployment, action: Retrain, versions: int, *, resumed: bool) -> Outcome:
    """Read the data again, train and judge; the next tick of the release takes up a version that passed.

    `versions` is how many there were when it began. Where it goes on after an interruption (`resumed`), it finds what
    was finished then.
    """
    data = str(deployment.declared(action.stage)["settings"]["data"])
    read = _run(deployment, data, (action.refresh,) if action.refresh else ())
    record = _record(read, data)
    if record is None:
        return _unfinished(read)
    if record.outputs["rows"] == _rows_of_newest(deployment, action.stage, versions):
        return _nothing_new(data, read)
    gate = _gate_of(deployment, action.stage)
    judged = _run(deployment, gate, ())
    summary = _summary(judged, gate)
    if summary.record is None:
        return _unfinished(judged)
    if summary.cached and not resumed:
        return _nothing_new(data, judged)
    return _judged(judged, summary, summary.record)


def _run(deployment: Deployment, stage: str, force: tuple[str, ...]) -> RunResult:
    functions = dict(registry().runtimes)
    request = Request(
        deployment.document, deployment.project, functions, only=(stage,), force=force, store=deployment.store
    )
    return run_within(request)


def _judged(result: RunResult, summary: StageSummary, record: StageRecord) -> Outcome:
    version = record.facts.get("version")
    word = _WORDS[summary.outcome]
    rules: list[dict[str, Any]] = record.facts["rules"]
    short = [f"`{rule['text']}`: {rule['reason']}" for rule in rules if rule["verdict"] != "pass"]
    told = {
        "passed": f"the gate passed: version {version}" if version else "the gate passed",
        "failed": f"the gate failed: {'; '.join(short)}",
        "undecided": f"the gate is undecided: {'; '.join(short)}",
    }
    return Outcome(word, told[word], {"run": result.number, "gate": summary.stage, "version": version})


def _unfinished(result: RunResult) -> Outcome:
    failed = [one for one in result.stages if one.failure is not None]
    if failed and failed[0].failure:
        reason = f"`{failed[0].stage}` did not finish: {failed[0].failure.message}"
    else:
        ended = next((one for one in result.stages if one.outcome is not Ended.OK), result.stages[-1])
        reason = f"`{ended.stage}` {ended.outcome.told}"
    return Outcome("error", reason, {"run": result.number}, failed_to_act=True)


def _nothing_new(data: str, result: RunResult) -> Outcome:
    return Outcome(str(NothingNew.word), f"`{data}` has no new rows", {"run": result.number})


def _record(result: RunResult, stage: str) -> StageRecord | None:
    summary = _summary(result, stage)
    return summary.record if summary.outcome is Ended.OK else None


def _summary(result: RunResult, stage: str) -> StageSummary:
    return next(one for one in result.stages if one.stage == stage)


def _rows_of_newest(deployment: Deployment, train: str, versions: int) -> str:
    """The rows that the newest of the first so many versions was trained on; empty where there is none."""
    records = [entry.record for entry in Log(deployment.store, f"versions/{train}").read()[:versions] if entry.record]
    return str(records[-1]["data"]["rows"]) if records else ""


def _gate_of(deployment: Deployment, train: str) -> str:
    """The gate that judges a train stage: that of the release where it is its model."""
    if train == deployment.model:
        return deployment.gate
    stages = deployment.document["stages"]
    found = [str(one["name"]) for one in stages if one["kind"] == "test" and one["settings"].get("model") == train]
    if not found:
        raise OperationError(f"no gate judges `{train}`", "write a `test` block for it")
    return found[0]
