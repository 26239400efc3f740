"""What a run found, as Markdown: nothing that a spec or its data say becomes more than text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mlopsc.compiler.render.cells import safe
from mlopsc.compiler.render.style import Style
from mlopsc.stdlib.runtime.engine.events import Outcome, StageSummary
from mlopsc.stdlib.runtime.engine.outcome import StageRecord
from mlopsc.stdlib.runtime.summary.comparison import changes, figures
from mlopsc.stdlib.runtime.summary.gates import gate_told
from mlopsc.stdlib.runtime.summary.plots import plots
from mlopsc.stdlib.runtime.summary.stages import Places, counts, ending, found, remarks, seconds, took_of

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.engine.runner import RunResult
    from mlopsc.stdlib.runtime.summary.earlier import Before

_PLAIN = Style()
_SIGNS: Mapping[Outcome, str] = {
    Outcome.OK: "✓",
    Outcome.FAIL: "✗",
    Outcome.ERROR: "✗",
    Outcome.UNDECIDED: "?",
    Outcome.SKIPPED: "-",
    Outcome.INTERRUPTED: "!",
}
_MARKUP = re.compile(r"[\\*_\[\]~$]")
_BEGINS = re.compile(r"(\d{1,9})([.)])(?=\s|$)|([-+#=])")
_GAP = re.compile(r"(?<=\S) {2,}(?=\S)")
_NAMED = re.compile(r"`([^`]+)`")
CHANGED = "### What has changed"
_UNKNOWN = (CHANGED, "", "nothing is known here of an earlier run, or of a version before", "")
_DETAILS = "rows, tracebacks and what was printed are in the log"


def page(
    document: Mapping[str, Any], result: RunResult, asked: Sequence[str], before: Before | None, places: Places
) -> Iterator[str]:
    """The lines of a page about a run; of stages that were done already only those that were `asked` for by name."""
    where = f"{document['name']} in {document['environment']['name']}"
    sign = _SIGNS[_worst(result.stages)]
    yield f"## {sign} {text(where)}: {counts(result.stages)}, {seconds(result.seconds)}"
    yield ""
    rows = [(_SIGNS[one.outcome], f"`{one.stage}`", one.kind, ending(one), took_of(one)) for one in result.stages]
    yield from table(("", "stage", "kind", "ended", "took"), rows)
    yield ""
    yield from told(result, asked, before, places, _UNKNOWN)


def told(
    result: RunResult, asked: Sequence[str], before: Before | None, places: Places, unknown: Sequence[str] = ()
) -> Iterator[str]:
    """Its part that can stand beside those of other jobs: what the stages found, and what of it has changed."""
    stages = _told_of(result.stages, asked)
    for one in stages:
        yield from _stage(one, places)
    records = [one.record for one in stages if one.record]
    if records:
        yield from [*_changes(records, before)] or unknown


def text(value: str) -> str:
    """Text as Markdown that shows it as it is, on one line; what stands in backticks is set off as a name."""
    parts = _NAMED.split(" ".join(safe(value).split()))
    shown = [_escaped(part) if i % 2 == 0 else f"<code>{_escaped(part)}</code>" for i, part in enumerate(parts)]
    return _BEGINS.sub(_as_text, shown[0], count=1) + "".join(shown[1:]) if _BEGINS.match(shown[0]) else "".join(shown)


def _as_text(begins: re.Match[str]) -> str:
    """What a line would begin a list or a heading with, as text."""
    number, dot, sign = begins.groups()
    return f"{number}\\{dot}" if number else f"\\{sign}"


def _line(value: str) -> str:
    """A line of what is shown on terminals, where a gap sets its parts off."""
    return text(_GAP.sub(" · ", value))


def _escaped(value: str) -> str:
    plain = _MARKUP.sub(lambda match: f"\\{match[0]}", html.escape(value, quote=False))
    return plain.replace("`", "&#96;").replace("|", "&#124;")


def _worst(stages: Iterable[StageSummary]) -> Outcome:
    order = (Outcome.ERROR, Outcome.FAIL, Outcome.INTERRUPTED, Outcome.UNDECIDED)
    outcomes = {one.outcome for one in stages}
    return next((one for one in order if one in outcomes), Outcome.OK)


def _told_of(stages: Sequence[StageSummary], asked: Sequence[str]) -> Sequence[StageSummary]:
    """The stages that there is more to say of than how they ended; all where that would be none."""
    news = [one for one in stages if one.stage in asked or not one.cached or one.outcome is not Outcome.OK]
    spoken = [one for one in news if one.outcome not in (Outcome.SKIPPED, Outcome.INTERRUPTED)]
    return spoken or [one for one in stages if one.record]


def _stage(summary: StageSummary, places: Places) -> Iterator[str]:
    yield f"### {text(f'`{summary.stage}`')}: {text(ending(summary))}"
    yield ""
    brief = _brief(summary)
    record = brief.record
    if record is not None and record.kind == "test":
        yield from _gate(record, places)
    elif record is not None:
        yield from _list(found(record, _PLAIN, places))
    yield from _list(remarks(brief, _PLAIN, places))
    if record is not None:
        yield from ("", *plots(record))
    if _is_more(summary):
        yield from ("", f"_{_DETAILS}_")
    yield ""


def _brief(summary: StageSummary) -> StageSummary:
    """The same without what may hold rows of data, or pages of text."""
    record, failure = summary.record, summary.failure
    if record:
        messages = tuple(replace(one, text=first_line(one.text)) for one in record.messages)
        notes = {name: note for name, note in record.notes.items() if name != "tails"}
        record = replace(record, messages=messages, notes=notes)
    if failure:
        failure = replace(failure, message=first_line(failure.message), details="", tail=())
    return replace(summary, record=record, failure=failure, log=None)


def first_line(value: str) -> str:
    """The first line of a text that is not empty."""
    return (value.strip().splitlines() or [""])[0]


def _is_more(summary: StageSummary) -> bool:
    """Whether that leaves anything out."""
    failure, messages = summary.failure, summary.record.messages if summary.record else ()
    is_long = any("\n" in one.text.strip() for one in messages)
    return is_long or bool(failure and (failure.details or failure.tail or "\n" in failure.message.strip()))


def _gate(record: StageRecord, places: Places) -> Iterator[str]:
    told = gate_told(record.facts, record.notes, _PLAIN, partial(places, record.stage))
    yield text(told.head)
    yield ""
    rows: list[Sequence[str | Sequence[str]]] = []
    for first, *others in told.rules:
        sign, _, requirement = first.partition(" ")
        rows.append((sign, requirement, others))
    yield from table(("", "requirement", "found"), rows)
    yield ""
    yield from _list(told.after)


def _changes(records: Sequence[StageRecord], before: Before | None) -> Iterator[str]:
    """What those stages found otherwise than before; nothing where that is not known."""
    known = [(record, earlier) for record in records if before and (earlier := before.find(record))]
    if not known:
        return
    rows = [
        (f"`{record.stage}`", what, old, new, earlier.whose)
        for record, earlier in known
        for what, old, new in changes(earlier.figures, figures(record))
    ]
    yield from (CHANGED, "")
    if rows:
        yield from table(("stage", "", "before", "now", "since"), rows)
    else:
        yield f"nothing, since {', '.join(dict.fromkeys(text(earlier.whose) for _, earlier in known))}"
    yield ""


def _list(lines: Iterable[str]) -> Iterator[str]:
    """Lines as a list; one that is set in belongs to the one above."""
    above = False
    for line in lines:
        if line.strip():
            inner = above and line.startswith((" ", "▸"))
            yield f"{'  ' if inner else ''}- {_line(line)}"
            above = True


def table(headings: Sequence[str], rows: Iterable[Sequence[str | Sequence[str]]]) -> Iterator[str]:
    """Rows as a table; a cell is a text, or several lines of it."""
    yield f"| {' | '.join(headings)} |"
    yield f"|{'---|' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(value: str | Sequence[str]) -> str:
    lines = [value] if isinstance(value, str) else value
    return "<br>".join(_line(line) for line in lines)
