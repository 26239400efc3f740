"""alibi-detect's detectors behind `watch stable(…, detector = alibi.…)`: their tests, and the report of our own.

alibi-detect answers p = NaN where a value is missing, and no word of it; so columns are given to it as ranks in which
a missing value is a level of its own. Its p-values hold where rows are independent of each other.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlopsc.stdlib import detectors
from mlopsc.stdlib.runtime.extras import missing_of
from mlopsc.stdlib.runtime.monitor.alibi_columns import (
    Encoded,
    encode,
    matrices,
    refuse_missing,
    refuse_others,
    without_rare,
    without_ties,
)
from mlopsc.stdlib.runtime.monitor.alibi_online import look_at_each
from mlopsc.stdlib.runtime.statistics.drift import FEWEST_ROWS, ColumnDrift, DriftVerdict
from mlopsc.stdlib.runtime.store.faults import OperationError

if TYPE_CHECKING:
    import pandas as pd

NEWEST_PYTHON = (3, 12)
"""The newest Python that alibi-detect's dependencies have wheels for."""
_SMALLEST_P = 1e-30  # alibi-detect rounds its p-values to single precision
_TREES: Mapping[str, Any] = {
    "max_iter": 60,
    "learning_rate": 0.05,
    "max_leaf_nodes": 4,
    "min_samples_leaf": 40,
    "early_stopping": False,
}
"""Small trees: on the few hundred rows of a window, large ones learn the noise and see less."""

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class _Finding:
    """What a detector says: `p` of all columns together, `each` of its own, `drifted` the columns that it names."""

    event: bool
    p: float
    each: Sequence[float]
    drifted: frozenset[str]
    note: str = ""


def detect(
    detector: detectors.AlibiDetector, window: pd.DataFrame, reference: pd.DataFrame, level: float
) -> DriftVerdict:
    """Whether the rows of a window are distributed as those of the reference.

    `level` is the chance of a false alarm of one look. The columns are those of the reference; a window has its rows
    in the order of time. Raises OperationError where alibi-detect is not installed, or cannot compare a column.
    """
    need_alibi(detector.word)
    columns = encode(window, reference)
    refuse_others(columns, detector.takes, detector.word)
    if min(len(window), len(reference)) < FEWEST_ROWS or not columns:
        few = f"{len(window):,} rows against {len(reference):,}: at least {FEWEST_ROWS} of both are compared"
        return DriftVerdict(False, True, None, (), None, few)
    with _quiet(getattr(detector, "seed", 0)):
        found = _find(detector, columns, level)
    return _verdict(found, columns, level, detector.word)


def need_alibi(word: str) -> None:
    """Raise OperationError, with what to do, unless alibi-detect can be imported."""
    if not missing_of("alibi"):
        return
    if sys.version_info[:2] > NEWEST_PYTHON:
        here, newest = (f"{version[0]}.{version[1]}" for version in (sys.version_info, NEWEST_PYTHON))
        raise OperationError(
            f"`{word}` needs alibi-detect, which has no release for Python {here}",
            f"run the monitor with Python {newest}, or leave `detector` out: the default needs nothing more",
        )
    raise OperationError(f"`{word}` needs alibi-detect, which is not installed", 'pip install "mlopsc[run,alibi]"')


def _find(detector: detectors.AlibiDetector, columns: Sequence[Encoded], level: float) -> _Finding:
    match detector:
        case detectors.AlibiClassifier():
            return _classifier(detector, columns, level)
        case detectors.AlibiOnlineCramerVonMises() | detectors.AlibiOnlineFisher():
            return _online(detector, columns, level)
        case detectors.AlibiColumnwise(correction=correction):
            return _of_each_column(_TESTS[type(detector)](columns, correction, level), columns, correction, level)
    raise TypeError(f"{detector.word} is no detector of alibi-detect")


def _ks(columns: Sequence[Encoded], correction: str, level: float) -> tuple[Any, Floats]:
    from alibi_detect.cd import KSDrift

    window, reference = matrices(columns)
    return KSDrift(reference, p_val=level, correction=correction), window


def _cvm(columns: Sequence[Encoded], correction: str, level: float) -> tuple[Any, Floats]:
    from alibi_detect.cd import CVMDrift

    # scipy's p-value holds for values without ties; with them it is far too small.
    window, reference = without_ties(*matrices(columns))
    return CVMDrift(reference, p_val=level, correction=correction), window


def _chi2(columns: Sequence[Encoded], correction: str, level: float) -> tuple[Any, Floats]:
    from alibi_detect.cd import ChiSquareDrift

    common = [without_rare(column) for column in columns]
    window, reference = matrices(common)
    levels = dict(enumerate(map(_levels, common)))
    return ChiSquareDrift(reference, p_val=level, correction=correction, categories_per_feature=levels), window


def _tabular(columns: Sequence[Encoded], correction: str, level: float) -> tuple[Any, Floats]:
    from alibi_detect.cd import TabularDrift

    common = [column if column.kind == "number" else without_rare(column) for column in columns]
    window, reference = matrices(common)
    levels = {number: _levels(one) for number, one in enumerate(common) if one.kind != "number"}
    return TabularDrift(reference, p_val=level, correction=correction, categories_per_feature=levels), window


def _fet(columns: Sequence[Encoded], correction: str, level: float) -> tuple[Any, Floats]:
    from alibi_detect.cd import FETDrift

    refuse_missing(columns, detectors.AlibiFisher.word)
    window, reference = matrices(columns)
    return FETDrift(reference, p_val=level, correction=correction, alternative="two-sided"), window


def _levels(column: Encoded) -> list[int]:
    return [int(level) for level in np.unique(np.concatenate([column.window, column.reference]))]


_TESTS: Mapping[type[detectors.AlibiDetector], Callable[[Sequence[Encoded], str, float], tuple[Any, Floats]]] = {
    detectors.AlibiKolmogorovSmirnov: _ks,
    detectors.AlibiCramerVonMises: _cvm,
    detectors.AlibiChiSquared: _chi2,
    detectors.AlibiTabular: _tabular,
    detectors.AlibiFisher: _fet,
}


def _of_each_column(made: tuple[Any, Floats], columns: Sequence[Encoded], correction: str, level: float) -> _Finding:
    test, window = made
    data = test.predict(window, drift_type="batch", return_p_val=True, return_distance=False)["data"]
    each = [float(p) for p in np.atleast_1d(data["p_val"])]
    if any(np.isnan(each)):
        names = ", ".join(f"`{column.name}`" for column, p in zip(columns, each, strict=True) if np.isnan(p))
        raise OperationError(f"alibi-detect has no p-value for {names}", "leave these columns out of `stable([…])`")
    adjusted = _adjusted(each, correction)
    drifted = {column.name for column, p in zip(columns, adjusted, strict=True) if p < level}
    return _Finding(bool(data["is_drift"]), min(adjusted), adjusted, frozenset(drifted))


def _adjusted(each: Sequence[float], correction: str) -> list[float]:
    """The level of all columns together from which on each would be an alarm."""
    from scipy import stats

    if correction == "bonferroni":
        return [min(1.0, p * len(each)) for p in each]
    return [float(p) for p in stats.false_discovery_control(each)]


def _classifier(detector: detectors.AlibiClassifier, columns: Sequence[Encoded], level: float) -> _Finding:
    from alibi_detect.cd import ClassifierDrift
    from sklearn.ensemble import HistGradientBoostingClassifier

    window, reference = matrices(columns)
    trees = HistGradientBoostingClassifier(**_TREES, random_state=detector.seed)
    test = ClassifierDrift(
        reference, trees, p_val=level, backend="sklearn", train_size=detector.trained_on, seed=detector.seed
    )
    data = test.predict(window, return_probs=False, return_model=False)["data"]
    note = f"held-out rows are told apart with D = {float(data['distance']):.2f}"
    p = float(data["p_val"])
    return _Finding(bool(data["is_drift"]), p, [p] * len(columns), frozenset(), note)


def _online(
    detector: detectors.AlibiOnlineCramerVonMises | detectors.AlibiOnlineFisher,
    columns: Sequence[Encoded],
    level: float,
) -> _Finding:
    is_truth = isinstance(detector, detectors.AlibiOnlineFisher)
    if is_truth:
        refuse_missing(columns, detector.word)
    alarm = look_at_each(columns, level, is_truth=is_truth, word=detector.word)
    p = level if alarm.columns else 1.0  # all that is known: an alarm without a change has the chance `level`
    each = [level if column.name in alarm.columns else 1.0 for column in columns]
    return _Finding(bool(alarm.columns), p, each, alarm.columns, alarm.text)


def _verdict(found: _Finding, columns: Sequence[Encoded], level: float, word: str) -> DriftVerdict:
    drifts = [
        ColumnDrift(column.name, column.distance, None, p, None, column.name in found.drifted)
        for column, p in zip(columns, found.each, strict=True)
    ]
    worst = sorted(drifts, key=lambda one: (not one.drifted, one.p, -one.distance))
    moved = ", ".join(f"`{one.column}` by {one.distance:.2f}" for one in worst if one.drifted)
    said = f"moved: {moved}" if moved else "the columns together have changed" if found.event else "no change found"
    shown = f"p = {found.p:.2g}" if found.p > _SMALLEST_P else f"p < {_SMALLEST_P:g}"
    p = f"`{word}`: {shown} at a level of {level:.2g}"
    missing = [column.name for column in columns if column.missing]
    holes = f"missing values of {', '.join(f'`{name}`' for name in missing)} count as a level" if missing else ""
    reason = "; ".join(part for part in (said, p, found.note, holes) if part)
    return DriftVerdict(found.event, False, found.p, tuple(worst), None, reason)


@contextmanager
def _quiet(seed: int) -> Iterator[None]:
    """alibi-detect with a seed and without its chatter; numpy's global state, which it draws from, is put back."""
    state = np.random.get_state()
    log = logging.getLogger("alibi_detect")
    heard = log.level
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    np.random.seed(seed)
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(heard)
        np.random.set_state(state)
