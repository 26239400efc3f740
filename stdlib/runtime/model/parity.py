"""The proof that a model answers alike however rows come: as it was fitted or loaded, alone, in sevens, shuffled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.model.model import LoadedModel
from mlopsc.stdlib.runtime.store.faults import OperationError

ROWS = 200
TOLERANCE = 1e-9
_BATCH = 7
_SHOWN = 5

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class _Seen:
    """What the estimator was given for rows, (rows, columns), and what it answered, (rows, …)."""

    encoded: NDArray[Any]
    answers: NDArray[Any]


def check_parity(fitted: LoadedModel, loaded: LoadedModel, frame: pd.DataFrame) -> int:
    """Compare features and predictions of both for up to 200 of the rows; the number of rows that were compared.

    `fitted` is the model in memory and sees all rows at once, `loaded` is the same read from its artefact. Raises
    StageFailure with the columns and rows that differ by more than 1e-9 of their size.
    """
    chosen = np.unique(np.linspace(0, len(frame) - 1, min(ROWS, len(frame))).astype(np.intp))
    rows = fitted.signature.conform(frame.iloc[chosen])
    expected = _look(fitted, rows)
    for how, batches in _ways(len(rows)):
        found = _look_in_batches(loaded, rows, batches, how)
        columns = _differing(expected.encoded, found.encoded)
        differs = np.flatnonzero(columns.any(axis=1) | _differing(expected.answers, found.answers).any(axis=1))
        if differs.size:
            names = np.array(fitted.steps.columns.get_feature_names_out(), dtype=object)
            raise _difference(list(names[columns.any(axis=0)]), chosen[differs], len(rows), how)
    return len(rows)


def _ways(rows: int) -> Iterator[tuple[str, list[Rows]]]:
    order = np.arange(rows)
    yield "one by one", list(order[:, None])
    yield "in sevens", np.array_split(order, range(_BATCH, rows, _BATCH))
    yield "in another order", [np.random.default_rng(0).permutation(rows)]


def _look_in_batches(model: LoadedModel, rows: pd.DataFrame, batches: list[Rows], how: str) -> _Seen:
    try:
        parts = [_look(model, rows.iloc[batch]) for batch in batches]
    except OperationError:
        raise
    except Exception as error:
        fact = f"the model cannot predict rows that come {how}: {type(error).__name__}: {error}"
        raise StageFailure(fact, "features must not depend on other rows", setting="features") from error
    back = np.argsort(np.concatenate(batches))
    return _Seen(
        np.concatenate([part.encoded for part in parts])[back], np.concatenate([part.answers for part in parts])[back]
    )


def _look(model: LoadedModel, rows: pd.DataFrame) -> _Seen:
    encoded = model.steps.encode(model.signature.conform(rows))
    method = "predict_proba" if model.steps.can("predict_proba") else "predict"
    answers = np.asarray(getattr(model.steps.estimator, method)(encoded))
    return _Seen(_values(encoded), answers.reshape(len(rows), -1))


def _values(encoded: NDArray[np.float64] | pd.DataFrame) -> NDArray[Any]:
    if not isinstance(encoded, pd.DataFrame):
        return np.asarray(encoded)
    return encoded.astype(object).to_numpy()


def _differing(expected: NDArray[Any], found: NDArray[Any]) -> NDArray[np.bool_]:
    """Where they differ, measured against the largest value of the column, so that a sum near zero is no trap."""
    if expected.dtype.kind not in "fiub":
        return np.asarray((expected != found) & ~(pd.isna(expected) & pd.isna(found)), dtype=np.bool_)
    one, other = expected.astype(np.float64), found.astype(np.float64)
    size = np.where(np.isfinite(one), np.abs(one), 0.0)
    with np.errstate(invalid="ignore"):
        close = np.abs(one - other) <= TOLERANCE * (size + 1e-3 * size.max(axis=0, initial=0.0))
    return np.asarray(~(close | (one == other) | (np.isnan(one) & np.isnan(other))), dtype=np.bool_)


def _difference(columns: list[str], rows: Rows, compared: int, how: str) -> StageFailure:
    named = ", ".join(f"`{name}`" for name in columns[:_SHOWN]) or "no column before the estimator"
    shown = ", ".join(str(row) for row in rows[:_SHOWN])
    return StageFailure(
        f"{rows.size} of {compared} rows are seen differently when they come {how}; what differs: {named}",
        "a step must give a row the same features whatever came before it or stands beside it; what it learns, it "
        "learns in `fit`",
        details=f"rows, counted from 0 in those that were compared: {shown}",
        setting="features" if columns else "estimator",
    )
