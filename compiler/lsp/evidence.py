"""Rows that a gate takes against rows that are there, and the smallest difference that these can show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import sqrt
from statistics import NormalDist
from typing import Any

from mlopsc.compiler.lsp.judged import Judged, counted, value
from mlopsc.compiler.lsp.known import judgement_of, rows_of
from mlopsc.compiler.semantics.model import ComparisonModel

FEWEST_ROWS, FEWEST_OF_SHARES, FEWEST_UNITS = 100, 30, 8
"""With less than this, a rule is undecided (see docs/statistics.md)."""
_FIRST_LOOK = 0.8
_POWER = 0.8
_POOLED = frozenset({"accuracy", "precision", "recall"})
_NORMAL = NormalDist()


def evidence(judged: Judged, level: float) -> Iterator[str]:
    """What it takes to decide a requirement, what there is, and what was found of it last."""
    comparison = judged.comparison
    there = rows_there(judged)
    last = judgement_of(judged.project, judged.stage.name, judged.rule.id)
    yield _there(judged, there, last)
    if comparison is not None:
        alpha = error_rate(judged, level)
        yield from _needed(judged, comparison, alpha, there, last)
    yield from _found(judged, last)


def error_rate(judged: Judged, level: float) -> float:
    """The error rate of the first look: later ones share what it leaves."""
    return (1 - level) * (_FIRST_LOOK if _looks(judged) > 1 else 1.0)


def rows_there(judged: Judged) -> int | None:
    """The rows of the split when they were last read."""
    rows = rows_of(judged.project, judged.data.name) if judged.data else None
    return rows.splits.get(judged.split) if rows else None


def rows_needed(judged: Judged, alpha: float, last: Mapping[str, Any]) -> int | None:
    """The rows that show a limit to be kept with a power of 80%, where what is expected is said."""
    comparison, assumed = judged.comparison, judged.rule.clauses.get("assuming")
    if comparison is None or comparison.limit.baseline is not None or not isinstance(assumed, int | float):
        return None
    from mlopsc.stdlib.planning import rows_for_mean, rows_for_proportion

    limit, word = comparison.limit.offset, _word(judged)
    try:
        if word in _POOLED:
            return rows_for_proportion(limit, assumed, alpha).for_good
        sigma, design = last.get("sigma") or abs(assumed), last.get("design_effect") or 1.0
        is_mean = bool(getattr(judged.subject, "mean_of_rows", False))
        return rows_for_mean(limit, assumed, sigma, design, alpha) if is_mean else None
    except ValueError:
        return None


def _there(judged: Judged, there: int | None, last: Mapping[str, Any]) -> str:
    fewest = FEWEST_OF_SHARES if _word(judged) in _POOLED else FEWEST_ROWS
    unit = _unit(judged)
    needs = f"at least {fewest} rows" + (f" in {FEWEST_UNITS} units of `{unit}`" if unit != "row" else "")
    if there is None:
        return f"**Rows**: it takes {needs}. How many there are is known once `mlopsc run` has read them."
    units = last.get("units")
    spread = f" in {counted(units, 'unit')} of `{unit}`" if units and units != last.get("rows") else ""
    short = "" if there >= fewest else ", so that it stays undecided"
    return f"**Rows**: `{judged.split}` had {there:,}{spread} when last read; it takes {needs}{short}."


def _needed(
    judged: Judged, comparison: ComparisonModel, alpha: float, there: int | None, last: Mapping[str, Any]
) -> Iterator[str]:
    needed = rows_needed(judged, alpha, last)
    assumed = judged.rule.clauses.get("assuming")
    if needed is not None and isinstance(assumed, int | float):
        told = value(assumed, judged.subject)
        rows, basis = f"about {needed:,} rows{_of_which(judged)}", _basis(judged, last)
        yield (
            f"If it is {told} in truth, {rows} show it in four of five cases{basis}."
            f"{_enough(needed, there, is_known=_is_spread_known(judged, last))}"
        )
    elif comparison.limit.baseline is None and getattr(judged.subject, "mean_of_rows", False):
        yield "`assuming` with the value that you expect says in advance how many rows it takes."
    change = visible(judged, comparison, alpha, there, last)
    if change is not None:
        what = f"{change:.2g}" if not _is_ratio(judged) else f"{change * 100:.2g} points"
        best = "" if _is_spread_known(judged, last) else ", and by more where rows of one unit resemble each other"
        yield (
            f"**Smallest visible change**: a model that beats the limit by about {what} is let in in four of five "
            f"cases{best}."
        )


def visible(
    judged: Judged, comparison: ComparisonModel, alpha: float, there: int | None, last: Mapping[str, Any]
) -> float | None:
    """How far from the limit a model must be for the rows that are there to show it with a power of 80%."""
    rows, sigma = there or last.get("rows"), last.get("sigma")
    if not rows:
        return None
    limit, assumed = comparison.limit.offset, judged.rule.clauses.get("assuming")
    if sigma is None and isinstance(assumed, int | float) and getattr(judged.subject, "mean_of_rows", False):
        sigma = abs(assumed)
    if (
        last.get("sigma") is None
        and _word(judged) == "accuracy"
        and comparison.limit.baseline is None
        and 0 < limit < 1
    ):
        sigma = sqrt(limit * (1 - limit))
    if sigma is None:
        return None
    sure = _NORMAL.inv_cdf(1 - alpha) + _NORMAL.inv_cdf(_POWER)
    return float(sure * sigma * sqrt((last.get("design_effect") or 1.0) / rows))


def _word(judged: Judged) -> str:
    return str((judged.rule.subject or {}).get("function", ""))


def _of_which(judged: Judged) -> str:
    """Of which rows there must be so many."""
    return {"recall": " of the class", "precision": " predicted to be of the class"}.get(_word(judged), "")


def _enough(needed: int, there: int | None, *, is_known: bool) -> str:
    if there is None:
        return ""
    if there < needed:
        return f" {there:,} are too few."
    return " There are enough." if is_known else " Rows of one unit resemble each other, so it takes more in truth."


def _is_spread_known(judged: Judged, last: Mapping[str, Any]) -> bool:
    """Whether it is known how much rows depend on each other: they don't, or a run has seen it."""
    return _unit(judged) == "row" or bool(last.get("design_effect"))


def _basis(judged: Judged, last: Mapping[str, Any]) -> str:
    """What the number of rows rests on."""
    if _word(judged) in _POOLED:
        return "" if _unit(judged) == "row" else ", if rows were independent"
    if last.get("sigma"):
        return ", if errors spread as they did when last judged"
    alone = "" if _unit(judged) == "row" else " and rows were independent"
    return f", if errors spread as much as their mean{alone}"


def _found(judged: Judged, last: Mapping[str, Any]) -> Iterator[str]:
    """What was found of it last; figures that a counted look hides stay hidden."""
    verdict = last.get("verdict")
    if not verdict:
        return
    parts = [f"**Last judged**: {verdict}"]
    if isinstance(last.get("estimate"), int | float):
        parts.append(f"estimate {value(last['estimate'], judged.subject)}")
    if isinstance(last.get("provable_limit"), int | float):
        parts.append(f"these rows prove {value(last['provable_limit'], judged.subject)}")
    needed = last.get("rows_needed")
    if verdict == "undecided" and isinstance(needed, int):
        parts.append(f"about {needed:,} rows would decide")
    yield ", ".join(parts) + "."


def _looks(judged: Judged) -> int:
    found = judged.stage.value("max_looks")
    return found if isinstance(found, int) else 5


def _unit(judged: Judged) -> str:
    setting = judged.data.settings.get("unit") if judged.data else None
    if setting is not None:
        return " ".join(setting.value_at.text.split())
    return "block(7d)" if judged.data and judged.data.value("time") else "row"


def _is_ratio(judged: Judged) -> bool:
    return judged.subject is not None and judged.subject.measure == "ratio"
