"""What `mlopsc release` says, in lines of text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlopsc.compiler.render.style import Style, Tone
    from mlopsc.stdlib.runtime.release.history import Period, Provenance
    from mlopsc.stdlib.runtime.release.state import State
    from mlopsc.stdlib.runtime.release.tick import Outlook, TickResult
    from mlopsc.stdlib.runtime.service.deployment import Deployment

_SHORT = 12
_TONES: Mapping[str, Tone] = {"promote": "good", "rollback": "error", "keep": "warning"}


def tick_lines(result: TickResult, style: Style) -> Iterator[str]:
    """What a tick did, or what it waits for."""
    if result.change is not None:
        yield _entry(result.change, style)
        return
    yield f"nothing to do: {style.ticked(result.text)}"
    yield from (f"  waits for {style.ticked(what)}" for what in result.waiting_for)


def change_lines(
    deployment: Deployment, record: Mapping[str, Any] | None, otherwise: str, style: Style
) -> Iterator[str]:
    """An entry that a command made, and what comes next."""
    if record is None:
        yield f"nothing to do: {otherwise}"
        return
    yield _entry(record, style)
    where = f"-e {deployment.environment}"
    match record["state"]["phase"]:
        case "waiting" if record["kind"] == "approve":
            yield f"next: `mlopsc release tick {where}` begins, once all have approved"
        case "waiting":
            version = record["state"]["candidate"]
            yield f"next: `mlopsc release approve {version} {where}`, then `mlopsc release tick {where}`"
        case "rolling":
            yield f"next: `mlopsc release tick {where}` moves it on when that is due; `mlopsc release status {where}`"
        case _:
            yield f"next: `mlopsc serve {where}` answers with it; a router that runs follows by itself"


def status_lines(deployment: Deployment, found: Outlook, style: Style) -> Iterator[str]:
    """What serves, what is on its way, the figures, and what comes next."""
    yield style("bold", f"{deployment.name} in {deployment.environment}")
    yield from _standing(found.state, style)
    yield from _figures(found.evidence, style)
    if found.due is not None:
        yield f"due: {style.ticked(found.due.reason)}"
        yield f"next: `mlopsc release tick -e {deployment.environment}` does it"
        return
    yield from (f"waits for {style.ticked(what)}" for what in found.waiting_for)


def outlook_json(deployment: Deployment, found: Outlook) -> dict[str, Any]:
    """The same as JSON."""
    due = found.due
    return {
        "release": deployment.name,
        "environment": deployment.environment,
        "sequence": found.state.sequence,
        "state": found.state.to_json(),
        "due": due and {"kind": due.kind, "reason": due.reason, "rule": due.rule, "state": due.state.to_json()},
        "waiting_for": list(found.waiting_for),
        "evidence": dict(found.evidence),
    }


def entry_lines(records: Sequence[Mapping[str, Any]], style: Style) -> Iterator[str]:
    """Every entry of a log."""
    from mlopsc.compiler.render.table import render_table

    if not records:
        yield "nothing has been released here yet; `mlopsc release start` is the first"
        return
    rows = [
        (str(one["sequence"]), _minute(one["at"]), one["kind"], one["actor"], _shares(one["state"]), one["reason"])
        for one in records
    ]
    yield from render_table(("entry", "at (UTC)", "what", "by", "serves", "why"), rows, style)


def past_lines(
    deployment: Deployment, records: Sequence[Mapping[str, Any]], span: tuple[float, float], style: Style
) -> Iterator[str]:
    """What served in a span of time, and where each version comes from."""
    from mlopsc.compiler.render.table import render_table
    from mlopsc.stdlib.runtime.release.history import in_force, provenance

    found = in_force(records, *span)
    if not any(period.weights for period in found):
        yield f"nothing served in {deployment.environment} then"
        return
    yield style("bold", f"{deployment.name} in {deployment.environment}, in UTC")
    rows = [
        (_from_to(one), _shares(one.record["state"]), str(one.record["sequence"]), one.record["reason"])
        for one in found
    ]
    yield from render_table(("when", "serves", "entry", "why"), rows, style)
    for number in sorted({number for period in found for number in (*period.weights, *period.shadow)}):
        yield ""
        yield from _origin(provenance(deployment, records, number), style)


def past_json(
    deployment: Deployment, records: Sequence[Mapping[str, Any]], span: tuple[float, float]
) -> dict[str, Any]:
    """The same as JSON."""
    from mlopsc.stdlib.runtime.clock import stamp
    from mlopsc.stdlib.runtime.release.history import in_force, provenance

    found = in_force(records, *span)
    numbers = sorted({number for period in found for number in (*period.weights, *period.shadow)})
    return {
        "periods": [
            {"from": stamp(one.start), "to": one.end and stamp(one.end), "entry": dict(one.record)} for one in found
        ],
        "versions": {str(number): asdict(provenance(deployment, records, number)) for number in numbers},
    }


def _entry(record: Mapping[str, Any], style: Style) -> str:
    kind = str(record["kind"])
    head = style(_TONES.get(kind, "bold"), f"entry {record['sequence']}, {kind}:")
    return f"{head} {style.ticked(str(record['reason']))}"


def _standing(state: State, style: Style) -> Iterator[str]:
    from mlopsc.stdlib.runtime.release.timing import stamp

    if not state.sequence:
        yield "nothing has been released here yet"
        return
    shares = _shares(state.to_json())
    yield f"{style('good', 'serves')}: {shares}" if state.weights else "nothing serves"
    if state.candidate is not None:
        how = "waits for its approval" if state.phase == "waiting" else f"is being rolled out, step {state.step + 1},"
        yield f"version {state.candidate} {how} since {stamp(state.since)}"


def _figures(evidence: Mapping[str, Any], style: Style) -> Iterator[str]:
    """A line for each rule, and for what keeps a verdict open."""
    if not evidence:
        return
    yield ""
    calls = ", ".join(f"version {version} {count:,}" for version, count in evidence["calls"].items())
    yield f"calls since {evidence['window'][0]}: {calls}"
    for guard in evidence["guards"]:
        verdict = style("error", "fired") if guard["fired"] else style("good", "holds")
        yield f"  {verdict}  {style.ticked('`' + guard['text'] + '`')}: {guard['reason']}"
    for one in evidence["requires"]:
        by = f" (until {one['deadline']})" if one["deadline"] and one["verdict"] == "undecided" else ""
        yield f"  {_verdict(one['verdict'], style)}  {style.ticked('`' + one['text'] + '`')}{by}: {one['reason']}"
    if evidence["sample_ratio"]["suspended"]:
        yield f"  {style('warning', 'suspended')}  {evidence['sample_ratio']['reason']}"
    for gap in evidence["gaps"]:
        yield f"  {style('warning', 'gap')}  {gap['from']} to {gap['to']}, {gap['instance']}: {gap['reason']}"
    yield ""


def _verdict(verdict: str, style: Style) -> str:
    tones: Mapping[str, Tone] = {"pass": "good", "fail": "error"}
    return style(tones.get(verdict, "warning"), verdict)


def _shares(state: Mapping[str, Any]) -> str:
    """`version 2 5%, version 1 95%, version 3 unseen`."""
    from mlopsc.stdlib.runtime.release.strategies import percent

    live = [f"version {version} {percent(share)}" for version, share in state["weights"].items()]
    unseen = [f"version {version} unseen" for version in state["shadow"] if version not in state["weights"]]
    return ", ".join([*live, *unseen]) or "nothing"


def _minute(stamp: str) -> str:
    return stamp[:16].replace("T", " ")


def _entry_cells(record: Mapping[str, Any]) -> tuple[str, str]:
    return str(record["sequence"]), str(record["reason"])


def _from_to(period: Period) -> str:
    from mlopsc.stdlib.runtime.clock import stamp

    return f"{_minute(stamp(period.start))} to {_minute(stamp(period.end)) if period.end else 'now'}"


def _origin(found: Provenance, style: Style) -> Iterator[str]:
    """Where a version comes from, a line for each thing."""
    yield style("bold", f"version {found.number}")
    record = found.record
    data, commit = record.get("data") or {}, record.get("commit")
    yield f"  data      {data.get('stage', 'unknown')} {str(data.get('hash') or data.get('rows') or '')[:_SHORT]}"
    if commit:
        changed = ", with changes that were not committed" if commit.get("changed") else ""
        yield f"  commit    {str(commit['sha'])[:_SHORT]}{changed}"
    yield f"  gate      {record.get('test', 'unknown')}{_rules(record)}"
    yield f"  artefact  {str(record.get('model', 'unknown'))[:_SHORT]}"
    yield from (f"  approved  {line}" for line in _approved(found))


def _rules(record: Mapping[str, Any]) -> str:
    rules = record.get("gate") or ()
    passed = sum(rule.get("verdict") == "pass" for rule in rules)
    return f", {passed} of {len(rules)} requirements passed" if rules else ""


def _approved(found: Provenance) -> Iterator[str]:
    if found.unchecked:
        yield f"not checked: {found.unchecked}"
    elif not found.needed_approval:
        yield "by nobody: no approvers were named when it started"
    elif not found.approvals:
        yield "by nobody"
    for one in found.approvals:
        holds = f"the signature does not hold: {one.fault}" if one.fault else "the signature holds"
        yield f"{one.approver}, {_minute(one.at)} (entry {one.sequence}; {holds})"
