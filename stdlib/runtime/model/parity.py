"""The proof that a model answers alike however rows come: as it was fitted or loaded, alone, in sevens, shuffled."""

from __future__ import annotations

from collections.abc import Iterator
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


def check_parity(fitted: LoadedModel, loaded: LoadedModel, frame: pd.DataFrame) -> int:
    """Compare what both predict for up to 200 of the rows; the number of rows that were compared.

    `fitted` is the model in memory and answers for all rows at once, `loaded` is the same read from its artefact.
    Raises StageFailure with the columns and rows that differ by more than 1e-9 of their size.
    """
    chosen = np.unique(np.linspace(0, len(frame) - 1, min(ROWS, len(frame))).astype(np.intp))
    rows = fitted.signature.conform(frame.iloc[chosen])
    expected = _answers(fitted, rows)
    for how, batches in _ways(len(rows)):
        found = _in_batches(loaded, rows, batches, how)
        differs = np.flatnonzero(_differs(expected, found))
        if differs.size:
            raise _difference(fitted, loaded, rows, batches, differs, how, chosen)
    return len(rows)


def _ways(rows: int) -> Iterator[tuple[str, list[Rows]]]:
    order = np.arange(rows)
    yield "one by one", list(order[:, None])
    yield "in sevens", np.array_split(order, range(_BATCH, rows, _BATCH))
    yield "in another order", [np.random.default_rng(0).permutation(rows)]


def _in_batches(model: LoadedModel, rows: pd.DataFrame, batches: list[Rows], how: str) -> NDArray[Any]:
    answers: list[Any] = [None] * len(rows)
    for batch in batches:
        try:
            found = _answers(model, rows.iloc[batch])
        except OperationError:
            raise
        except Exception as error:
            fact = f"the model cannot predict rows that come {how}: {type(error).__name__}: {error}"
            raise StageFailure(fact, "features must not depend on other rows", setting="features") from error
        for row, answer in zip(batch, found, strict=True):
            answers[row] = answer
    return np.asarray(answers)


def _answers(model: LoadedModel, rows: pd.DataFrame) -> NDArray[Any]:
    return model.predict_proba(rows) if hasattr(model.pipeline, "predict_proba") else model.predict(rows)


def _differs(expected: NDArray[Any], found: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows differ, (rows,); differences are measured against the largest value, so that zeros are no trap."""
    if expected.dtype.kind not in "fiub":
        return np.asarray((expected != found) & ~(pd.isna(expected) & pd.isna(found)), dtype=np.bool_)
    size = np.nanmax(np.abs(expected), initial=0.0)
    alike = np.isclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE * size * 1e-3, equal_nan=True)
    differs: NDArray[np.bool_] = ~alike.reshape(len(expected), -1).all(axis=1)
    return differs


def _difference(
    fitted: LoadedModel,
    loaded: LoadedModel,
    rows: pd.DataFrame,
    batches: list[Rows],
    differs: Rows,
    how: str,
    chosen: Rows,
) -> StageFailure:
    columns = _differing_columns(fitted, loaded, rows, batches)
    named = ", ".join(f"`{name}`" for name in columns[:_SHOWN]) or "no column before the estimator"
    shown = ", ".join(str(chosen[row]) for row in differs[:_SHOWN])
    return StageFailure(
        f"{differs.size} of {len(rows)} rows are predicted differently when they come {how}; what differs: {named}",
        "a step must give a row the same features whatever came before it or stands beside it; what it learns, it "
        "learns in `fit`",
        details=f"rows, counted from 0 in the rows that were compared: {shown}",
        setting="features" if columns else "estimator",
    )


def _differing_columns(fitted: LoadedModel, loaded: LoadedModel, rows: pd.DataFrame, batches: list[Rows]) -> list[str]:
    """The columns that reach the estimators differently."""
    together = _encoded(fitted, rows)
    apart = np.empty_like(together)
    for batch in batches:
        apart[batch] = _encoded(loaded, rows.iloc[batch])
    names = fitted.pipeline["columns"].get_feature_names_out()
    return [name for i, name in enumerate(names) if _differs(together[:, i], apart[:, i]).any()]


def _encoded(model: LoadedModel, rows: pd.DataFrame) -> NDArray[Any]:
    encoded = model.pipeline[:-1].transform(model.signature.conform(rows))
    if not isinstance(encoded, pd.DataFrame):
        return np.asarray(encoded)
    codes = {
        name: values.cat.codes if isinstance(values.dtype, pd.CategoricalDtype) else values
        for name, values in encoded.items()
    }
    return pd.DataFrame(codes).to_numpy(dtype=object)
