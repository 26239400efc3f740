"""alibi-detect's online detectors over the rows of one window: an alarm at any row, with the level of one look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, log1p
from typing import Any

import numpy as np

from mlopsc.stdlib.runtime.monitor.alibi_columns import Encoded, without_ties
from mlopsc.stdlib.runtime.store.faults import OperationError

FEWEST_STEPS = 60
"""Looking at fewer rows of a window is no use."""
MOST_REFERENCE = 200
"""Rows of the reference that are compared with; time grows with their square."""
SIMULATIONS_BEYOND = 5
"""How many simulated streams stand beyond a threshold, on average."""

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Alarm:
    """The columns that set the detector off, none where nothing did, and the words for it."""

    columns: frozenset[str]
    text: str


@dataclass(frozen=True)
class _Form:
    """How a detector is used: the sizes of its sliding windows, how many streams it may simulate, its directions."""

    sizes: tuple[int, ...]
    simulations: int
    directions: tuple[str, ...]


_NUMBERS = _Form((20, 60), 20_000, ("",))
_TRUTHS = _Form((20, 40), 20_000, ("greater", "less"))


def look_at_each(columns: Sequence[Encoded], level: float, *, is_truth: bool, word: str) -> Alarm:
    """Feed the rows of the window one by one until there is an alarm.

    Over all rows that are looked at, an alarm without a change has the chance `level`. Raises OperationError where so
    small a level cannot be kept over so many columns.
    """
    form = _TRUTHS if is_truth else _NUMBERS
    constant = [one.name for one in columns if is_truth and not one.is_two_valued]
    kept = [one for one in columns if one.name not in constant]
    left_out = f"; left out, as the reference holds one value only: {_listed(constant)}" if constant else ""
    if not kept:
        return Alarm(frozenset(), f"nothing was compared{left_out}")
    window = _rows([one.window for one in kept], _steps(len(kept), level, form, word) + min(form.sizes) - 1)
    reference = _rows([one.reference for one in kept], MOST_REFERENCE)
    if not is_truth:
        window, reference = without_ties(window, reference)
    names = [one.name for one in kept]
    found = next(_alarms(window, reference, names, level, form), None)
    looked = f"{len(window):,} rows in turn against {len(reference):,}"
    if found is None:
        return Alarm(frozenset(), f"{looked}: no alarm{left_out}")
    row, name = found
    return Alarm(frozenset({name}), f"{looked}: alarm at row {row:,}{left_out}")


def _steps(columns: int, level: float, form: _Form, word: str) -> int:
    """How many rows can be looked at so that the thresholds still rest on simulated streams."""
    rarest = SIMULATIONS_BEYOND / form.simulations
    steps = int(_hazard(level, form) / (rarest * columns))
    if steps < FEWEST_STEPS:
        raise OperationError(
            f"`{word}` cannot keep to a false alarm in {1 / level:,.0f} looks over {columns} columns",
            "name fewer columns in `stable([…])`, look less often, or allow more `alarms`",
        )
    return steps


def _hazard(level: float, form: _Form) -> float:
    """The expected number of false alarms of one direction in a look: runs to an alarm are geometric."""
    return -log1p(-level) / len(form.directions)


def _alarms(
    window: Floats, reference: Floats, names: Sequence[str], level: float, form: _Form
) -> Iterator[tuple[int, str]]:
    """The first alarm in each direction: the row, counted from 1, and the column."""
    expected_run = max(2.0, (len(window) - min(form.sizes) + 1) / _hazard(level, form))
    simulations = min(form.simulations, max(2_000, ceil(SIMULATIONS_BEYOND * expected_run * len(names))))
    sizes = [size for size in form.sizes if size <= len(window)]
    for direction in form.directions:
        detector = _detector(reference, expected_run, sizes, simulations, direction)
        for number, row in enumerate(window, start=1):
            data = detector.predict(row)["data"]
            if data["is_drift"]:
                excess = np.nanmax(data["test_stat"], axis=0) - data["threshold"]
                yield number, names[int(np.argmax(excess))]
                break


def _detector(reference: Floats, expected_run: float, sizes: list[int], simulations: int, direction: str) -> Any:
    from alibi_detect.cd import CVMDriftOnline, FETDriftOnline

    given: dict[str, Any] = {"ert": expected_run, "window_sizes": sizes, "n_bootstraps": simulations, "verbose": False}
    if direction:
        return FETDriftOnline(reference.astype(bool), alternative=direction, **given)
    return CVMDriftOnline(reference, **given)


def _rows(columns: Sequence[Floats], most: int) -> Floats:
    """The rows, or as many as may be, evenly spread."""
    matrix = np.column_stack(columns)
    places = np.linspace(0, len(matrix) - 1, min(most, len(matrix))).round().astype(int)
    return np.asarray(matrix[places], dtype=np.float64)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
