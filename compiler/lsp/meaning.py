"""What a rule means, in words and with its numbers; what evidence it takes, and what there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import ceil, log
from typing import TYPE_CHECKING

from mlopsc.compiler.lsp.evidence import evidence
from mlopsc.compiler.lsp.judged import Judged, compared, counted, measured, share
from mlopsc.compiler.lsp.known import facts_of, rows_of
from mlopsc.compiler.lsp.service import guarded, heard, shown_in_service, watched

if TYPE_CHECKING:
    from pydantic import JsonValue

_FEWEST_CALLS, _ROOM = 200, 1.5
"""How many calls a gate times at least, and times how many it takes to prove a percentile (see docs/statistics.md)."""


def meaning(judged: Judged) -> Iterator[str]:
    """Paragraphs on what a rule asks for, what happens if it does not hold, and what it takes to tell."""
    tell = _TOLD.get((judged.rule.verb, judged.stage.kind.word))
    if tell is not None:
        yield from tell(judged)


def _checked(judged: Judged) -> Iterator[str]:
    """A check of rows: arithmetic, without a sample."""
    rule, where = judged.rule, f"of the rows of `{judged.stage.name}`"
    what = f"{measured(judged)} {compared(judged)}" if rule.comparisons else _truth(judged)
    yield f"Must be true {where}, or the run stops and shows the bad ones: {what}."
    yield "All rows are looked at, so nothing is estimated."
    for found in facts_of(judged.project, judged.stage.name).get("checks", ()):
        if isinstance(found, dict) and found.get("rule") == rule.id and found.get("seen") is not None:
            seen = found["seen"]
            told = "held" if found.get("holds") else "did not hold"
            figure = f": {seen:,}" if isinstance(seen, int) and not isinstance(seen, bool) else ""
            yield f"When last read, it {told}{figure}."


def _truth(judged: Judged) -> str:
    """What something that only holds or not says."""
    text = judged.subject.summary().rstrip(".") if judged.subject else judged.rule.text
    return text[:1].lower() + text[1:]


def _aimed(judged: Judged) -> Iterator[str]:
    """What a search aims for."""
    best = "smallest" if judged.rule.verb == "minimize" else "largest"
    split = str((judged.rule.subject or {}).get("on", "validation"))
    rows = rows_of(judged.project, judged.data.name) if judged.data else None
    there = f", {counted(rows.splits[split], 'row')} when last read" if rows and split in rows.splits else ""
    number = _candidates(judged.stage.value("search"))
    many = f"{number} candidates are fitted. " if number > 1 else ""
    yield f"Of the candidates, the one with the {best} {measured(judged)} is kept (`{split}`{there})."
    yield f"{many}The number itself keeps nothing out: that is for `require` in a `test` stage."


def _candidates(search: JsonValue) -> int:
    match search:
        case {"function": "grid", **given}:
            number = 1
            values = given.get("parameters", given)
            for one in values.values() if isinstance(values, dict) else ():
                number *= len(one) if isinstance(one, list) else 1
            return number
        case {"candidates": int() as number}:
            return number
    return 1


def _gated(judged: Judged) -> Iterator[str]:
    """A requirement of a gate."""
    rule, word = judged.rule, str((judged.rule.subject or {}).get("function", ""))
    if not rule.comparisons:
        yield f"The gate opens only if it holds: {_truth(judged)}. If not, the gate fails and stays closed."
        return
    if word == "latency":
        yield from _timed(judged)
        return
    level, claim = judged.level, f"{measured(judged)} {compared(judged)}"
    if level is None:
        yield f"The gate opens if, on the rows of `test`, {claim}: the estimate alone decides, and chance with it."
        yield "`at 95%` asks for proof."
        return
    wrong = share(1 - level)
    yield (
        f"The gate opens only if it is shown that, on all rows that the model will ever see, {claim} (wrongly in "
        f"{wrong} of cases at most). If the contrary is shown it *fails*; if the rows can't tell it is *undecided*, "
        "and stays closed too."
    )
    yield from _of_groups(judged)
    yield from _of_looks(judged, level)
    yield from evidence(judged, level)


def _of_groups(judged: Judged) -> Iterator[str]:
    column = judged.rule.clauses.get("by")
    if column:
        yield (
            f"Each value of `{column}` must keep it by itself; those with fewer than 100 rows are listed and not "
            "judged, and those that are judged must hold 90% of the rows."
        )


def _of_looks(judged: Judged, level: float) -> Iterator[str]:
    value = judged.stage.value("max_looks")
    looks = value if isinstance(value, int) else 5
    if looks > 1:
        first, later = (1 - level) * 0.8, (1 - level) * 0.2 / (looks - 1)
        yield (
            f"{looks} models may be judged on the same rows: the first at {share(1 - first)}, "
            f"each later one at {share(1 - later)}."
        )


def _timed(judged: Judged) -> Iterator[str]:
    """A requirement on how long a prediction takes."""
    from mlopsc.stdlib.metrics import quantile_of

    percentile = str((judged.rule.subject or {}).get("percentile", "p95"))
    rare = 1 - quantile_of(percentile)
    calls = calls_needed(rare, judged.level or 0.95)
    limit = compared(judged).removeprefix("is at most ")
    yield f"At most {share(rare)} of predictions, row by row, may take longer than {limit}, or the gate stays closed."
    yield (
        f"{calls:,} of them are timed one after the other on the machine of the gate, after 20 that don't count; where "
        "that machine is shared, as in CI, the verdict is only advice."
    )


def calls_needed(rare: float, level: float) -> int:
    """How many calls a gate times for a percentile."""
    return max(_FEWEST_CALLS, ceil(_ROOM * log(1 - level) / log(1 - rare)))


_TOLD: Mapping[tuple[str, str], Callable[[Judged], Iterator[str]]] = {
    ("check", "data"): _checked,
    ("check", "score"): _checked,
    ("minimize", "train"): _aimed,
    ("maximize", "train"): _aimed,
    ("require", "test"): _gated,
    ("require", "release"): shown_in_service,
    ("guard", "release"): guarded,
    ("watch", "monitor"): watched,
    ("on", "monitor"): heard,
}
