"""What a run found, stage by stage, for the end of the terminal's output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from mlopsc.compiler.render.cells import counted, pad, safe
from mlopsc.compiler.render.style import Style, Tone
from mlopsc.stdlib.runtime.engine.events import Outcome, StageSummary
from mlopsc.stdlib.runtime.engine.outcome import Message, StageRecord
from mlopsc.stdlib.runtime.summary.gates import gate_lines, waived_lines

_SHOWN_CANDIDATES = 5
_SPLITS = ("train", "validation", "test")
_TONES: Mapping[Outcome, Tone] = {
    Outcome.OK: "good",
    Outcome.FAIL: "error",
    Outcome.ERROR: "error",
    Outcome.UNDECIDED: "warning",
    Outcome.SKIPPED: "dim",
    Outcome.INTERRUPTED: "warning",
}


Places = Callable[[str, str, str], str]
"""From a stage, and the id of a rule or the name of a setting of it, to its place in the spec; empty if unknown."""


def summarize(stages: Sequence[StageSummary], style: Style, places: Places, most: int | None = None) -> Iterator[str]:
    """The lines of the stages that were walked; of more than `most`, of those that there is most to say of."""
    shown = _chosen(stages, most)
    for summary in shown:
        yield _head(summary, style)
        if summary.record is not None:
            yield from (f"  {line}" for line in found(summary.record, style, places))
        yield from (f"  {line}" for line in remarks(summary, style, places))
        yield ""
    if len(shown) < len(stages):
        yield style("dim", f"and {len(stages) - len(shown)} stages more; `mlopsc runs show` tells of all")
        yield ""


def _chosen(stages: Sequence[StageSummary], most: int | None) -> Sequence[StageSummary]:
    """As many stages as may be shown, in their order: first those that did not end well, then gates, then models."""
    if most is None or len(stages) <= most:
        return stages
    kinds = ("test", "train")
    weights = [
        (one.outcome is Outcome.OK, kinds.index(one.kind) if one.kind in kinds else len(kinds)) for one in stages
    ]
    best = sorted(range(len(stages)), key=lambda i: weights[i])[:most]
    return [stages[i] for i in sorted(best)]


def _head(summary: StageSummary, style: Style) -> str:
    took = took_of(summary)
    verdict = style(_TONES[summary.outcome], ending(summary))
    return f"{style('bold', summary.stage)} {style('dim', summary.kind)}  {verdict}{style('dim', took and f'  {took}')}"


def ending(summary: StageSummary) -> str:
    """How a stage ended, in a few words."""
    reason = f" {safe(summary.reason)}" if summary.outcome is Outcome.SKIPPED and summary.reason else ""
    return f"{_word(summary)}{reason}"


def took_of(summary: StageSummary) -> str:
    """How long a stage worked; empty where it did not."""
    return seconds(summary.seconds) if not summary.cached and summary.seconds else ""


def counts(stages: Sequence[StageSummary]) -> str:
    """How many stages ended how."""
    return ", ".join(f"{number} {word}" for word, number in Counter(map(_word, stages)).items())


def _word(summary: StageSummary) -> str:
    return "cached" if summary.cached and summary.outcome is Outcome.OK else summary.outcome.told


def seconds(value: float) -> str:
    """A length of time as a person says it."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def number(value: float | None) -> str:
    """A figure with as many digits as say something."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 10_000 else f"{value:.4g}"


def found(record: StageRecord, style: Style, places: Places) -> Iterator[str]:
    """What a stage found."""
    match record.kind:
        case "data":
            yield from _data(record, style, places)
        case "train":
            yield from _train(record.facts, style)
        case "test":
            yield from gate_lines(record.facts, record.notes, style, partial(places, record.stage))


def _data(record: StageRecord, style: Style, places: Places) -> Iterator[str]:
    facts = record.facts
    rows, columns = int(facts.get("rows", 0)), facts.get("columns", {})
    source = str(facts.get("source", {}).get("path", ""))
    told = [
        counted(rows, "row"),
        counted(len(columns), "column") if columns else "",
        f"from {safe(source)}" if source else "",
    ]
    yield " ".join([", ".join(filter(None, told[:2])), told[2]]).strip()
    if facts.get("splits"):
        yield f"split: {told_splits(facts)}"
    for check in facts.get("checks", ()):
        message = _message_of(record, check)
        seen = check["seen"] if check["seen"] is not None else record.notes.get(check["rule"])
        told_seen = "" if message else style("dim", _seen(seen, check.get("measure", "")))
        yield f"{sign(bool(check['holds']), style)} {safe(check['text'])}{told_seen}"
        if message:
            yield from (f"    {line}" for line in _message(message, style, places(record.stage, message.rule, "")))
    yield from waived_lines(facts, style)


def _message_of(record: StageRecord, check: Mapping[str, Any]) -> Message | None:
    """What is to be said of a check that does not hold, without its name, which stands above."""
    found = next((one for one in record.messages if one.rule == check["rule"]), None)
    return found and replace(found, text=found.text.removeprefix(f"`{check['text']}` "))


def told_splits(facts: Mapping[str, Any]) -> str:
    """The splits with their rows, in the order in which they are used."""
    splits = facts["splits"]
    known = [name for name in _SPLITS if name in splits]
    others = [name for name in splits if name not in known and name != "gap"]
    unused = ["gap"] if "gap" in splits else []
    return ", ".join(f"{name} {splits[name]:,}" for name in [*known, *others, *unused])


def _seen(seen: Any, measure: str) -> str:
    if seen is None or isinstance(seen, bool):
        return ""
    if measure == "ratio":
        return f"   it is {seen * 100:.4g}%"
    return f"   it is {seconds(seen) if measure == 'duration' else number(seen)}"


def sign(holds: bool | None, style: Style) -> str:
    """A tick, a cross, or a question mark for what is undecided."""
    if holds is None:
        return style("warning", "?")
    return style("good", "✓") if holds else style("error", "✗")


def _train(facts: Mapping[str, Any], style: Style) -> Iterator[str]:
    objective, candidates = facts["objective"], facts["candidates"]
    yield f"{_short(facts['estimator'])} predicts `{safe(facts['target'])}`, {facts['task']}"
    if len(candidates) > 1:
        scored = [one for one in candidates if one["score"] is not None]
        yield f"{len(candidates)} candidates by {objective['metric']} on {objective['on']}:"
        best_first = sorted(scored, key=lambda one: float(one["score"]), reverse=objective["better"] == "higher")
        yield from _table(best_first, candidates[facts["chosen"]], facts.get("searched", [*facts["parameters"]]), style)
    if facts["scores"]:
        scores = ", ".join(f"{number(score)} on {split}" for split, score in facts["scores"].items())
        yield f"{objective['metric']}: {scores}"
    fitted = " and ".join(facts["fitted_on"])
    yield f"fitted on {fitted}: {facts['rows']['model']:,} rows, {len(facts['columns'])} features" + _parity(facts)


def score_of(facts: Mapping[str, Any]) -> float | None:
    """The objective by which a model was chosen; without a choice, on the rows that it has not seen, if there are."""
    candidates = facts["candidates"]
    chosen = candidates[facts["chosen"]]["score"] if candidates else None
    found = (chosen, *(facts["scores"].get(split) for split in ("validation", "train")))
    return next((float(one) for one in found if one is not None), None)


def _parity(facts: Mapping[str, Any]) -> str:
    compared = facts.get("parity_rows")
    return f"; {compared} rows predict the same alone and together" if compared else ""


def _short(estimator: str) -> str:
    """The class of an estimator of scikit-learn; `file.py:name` as it is."""
    return estimator if ":" in estimator else estimator.rpartition(".")[2]


def _table(
    best_first: Sequence[Mapping[str, Any]], chosen: Mapping[str, Any], searched: Sequence[str], style: Style
) -> Iterator[str]:
    told = [(number(one["score"]), _settings(one["parameters"], searched)) for one in best_first]
    widest = max((len(score) for score, _ in told), default=0)
    for (score, settings), one in list(zip(told, best_first, strict=True))[:_SHOWN_CANDIDATES]:
        mark = style("good", "▸") if one == chosen else " "
        line = f"{pad(score, widest)}  {settings}"
        yield f"{mark} {style('bold', line) if one == chosen else line}"
    if len(told) > _SHOWN_CANDIDATES:
        yield style("dim", f"  … to {told[-1][0]}, {len(told) - _SHOWN_CANDIDATES} more")


def _settings(parameters: Mapping[str, Any], searched: Sequence[str]) -> str:
    return safe(", ".join(f"{name} = {parameters[name]}" for name in searched)) or "as written"


def remarks(summary: StageSummary, style: Style, places: Places) -> Iterator[str]:
    """What a stage says beside that, and why it did not finish."""
    yield from _messages(summary, style, places)
    if summary.failure is not None:
        yield from _failure(summary, style, places)


def _messages(summary: StageSummary, style: Style, places: Places) -> Iterator[str]:
    """What the stage has to say beside what its record's lines say already."""
    record = summary.record
    if record is None:
        return
    told = {one["rule"] for one in record.facts.get("rules" if record.kind == "test" else "checks", ())}
    for message in record.messages:
        if message.rule not in told:
            is_placed = message.level == "error" or message.rule or message.setting
            place = places(summary.stage, message.rule, message.setting) if is_placed else ""
            yield from _message(message, style, place)


def _message(message: Message, style: Style, place: str) -> Iterator[str]:
    tones: dict[str, Tone] = {"error": "error", "warning": "warning"}
    first, *rest = safe(message.text).splitlines() or [""]
    yield style.ticked(first, tones.get(message.level))
    yield from (f"  {line}" for line in rest)
    yield from _place(place, style)
    if message.hint:
        yield f"  {style('bold', 'help')}: {style.ticked(safe(message.hint))}"


def _place(place: str, style: Style) -> Iterator[str]:
    if place:
        yield f"  {style('place', '-->')} {safe(place)}"


def _failure(summary: StageSummary, style: Style, places: Places) -> Iterator[str]:
    failure = summary.failure
    assert failure is not None
    yield style.ticked(safe(failure.message), "error")
    yield from _place(places(summary.stage, failure.rule, failure.setting), style)
    yield from (f"  {line}" for line in safe(failure.details).splitlines())
    if failure.tail:
        yield "the last lines that it printed:"
        yield from (f"  {safe(line)}" for line in failure.tail)
    if failure.hint:
        yield f"{style('bold', 'help')}: {style.ticked(safe(failure.hint))}"
    if summary.log:
        yield f"log: {_near(summary.log)}"


def _near(path: Path) -> str:
    """A path as a person in the current folder would write it, if it lies below."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
