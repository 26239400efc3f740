"""The step between features and estimator: typed columns become what the estimator can take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from mlopsc.stdlib.runtime.engine.outcome import StageFailure

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.model.estimators import Encoding

_MOST_NATIVE_LEVELS = 255
"""More levels than this HistGradientBoosting refuses."""

Kind = Literal["number", "category", "vector", "other"]


class ColumnEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Numbers and truth values pass as float, a category takes the levels of the rows it is fitted on.

    A level that was not among them is missing. `encoding` says how categories leave: as the number of the level
    ("ordinal", NaN when missing), as one column of 0 and 1 for each level ("one-hot", all 0 when missing; also where
    "ordinal" has more than 255 levels), or as a pandas category ("frame", where a DataFrame leaves).
    """

    def __init__(self, encoding: Encoding = "one-hot", texts: Sequence[str] = ()) -> None:
        self.encoding = encoding
        self.texts = texts

    def fit(self, frame: pd.DataFrame, y: Any = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Learn the kind of each column and the levels of each category; raises StageFailure for other columns."""
        self.kinds_: dict[str, Kind] = {name: self._kind(name, frame[name]) for name in frame.columns}
        self.levels_: dict[str, list[Any]] = {
            name: _levels(frame[name]) for name, kind in self.kinds_.items() if kind == "category"
        }
        self.sizes_: dict[str, int] = {
            name: len(frame[name].iloc[0]) for name, kind in self.kinds_.items() if kind == "vector"
        }
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that it was fitted on."""
        return tuple(self.kinds_)

    @property
    def native(self) -> list[int]:
        """The positions of the leaving columns that hold the number of a level."""
        names = self.get_feature_names_out()
        return [i for i, name in enumerate(names) if self._is_ordinal(name)]

    def get_feature_names_out(self, input_features: Any = None) -> list[str]:  # noqa: ARG002
        """The names of the columns that leave."""
        return [leaving for name in self.kinds_ for leaving in self._leaving(name)]

    def transform(self, frame: pd.DataFrame) -> NDArray[np.float64] | pd.DataFrame:
        """The same rows, encoded; raises StageFailure when a column is missing or is not of its kind any more."""
        if missing := [name for name in self.kinds_ if name not in frame.columns]:
            raise StageFailure(
                f"the features have no `{missing[0]}`, which they had in training",
                "a feature step gives the same columns for any rows",
                setting="features",
            )
        if self.encoding == "frame":
            return pd.DataFrame({name: self._series(name, frame[name]) for name in self.kinds_}, index=frame.index)
        encoded = np.empty((len(frame), sum(len(self._leaving(name)) for name in self.kinds_)))
        place = 0
        for name in self.kinds_:
            block = self._block(name, frame[name])
            encoded[:, place : place + block.shape[1]] = block
            place += block.shape[1]
        return encoded

    def _kind(self, name: str, values: pd.Series) -> Kind:
        if isinstance(values.dtype, pd.CategoricalDtype) and name not in self.texts:
            return "category"
        found = pd.api.types.infer_dtype(values, skipna=True)
        if found in ("boolean", "integer", "floating", "mixed-integer-float", "decimal"):
            return "number"
        if found in ("string", "empty") and name not in self.texts:
            return "category"
        if len(values) and isinstance(values.iloc[0], (list, tuple, np.ndarray)):
            return "vector"
        if self.encoding == "frame":
            return "other"
        raise StageFailure(
            f"column `{name}` holds {_described(found)}, which no estimator takes as it is",
            "turn it into numbers or a category in a `features` step, or give it the role `ignore`",
            setting="features",
        )

    def _is_ordinal(self, name: str) -> bool:
        return self.encoding == "ordinal" and 0 < len(self.levels_.get(name, ())) <= _MOST_NATIVE_LEVELS

    def _leaving(self, name: str) -> list[str]:
        match self.kinds_[name]:
            case "vector" if self.encoding != "frame":
                return [f"{name}[{i}]" for i in range(self.sizes_[name])]
            case "category" if self.encoding != "frame" and not self._is_ordinal(name):
                return [f"{name}={level}" for level in self.levels_[name]]
            case _:
                return [name]

    def _block(self, name: str, values: pd.Series) -> NDArray[np.float64]:
        """The columns that leave for one that came: (rows, leaving)."""
        match self.kinds_[name]:
            case "number":
                return _numbers(name, values)[:, None]
            case "vector":
                return _stacked(name, values, self.sizes_[name])
        codes = self._codes(name, values)
        if self._is_ordinal(name):
            ordinals: NDArray[np.float64] = np.where(codes < 0, np.nan, codes)
            return ordinals[:, None]
        ones: NDArray[np.float64] = (codes[:, None] == np.arange(len(self.levels_[name]))).astype(np.float64)
        return ones

    def _series(self, name: str, values: pd.Series) -> Any:
        match self.kinds_[name]:
            case "number":
                return _numbers(name, values)
            case "vector" | "other":
                return values
        levels = pd.Index(self.levels_[name])
        return pd.Categorical.from_codes(self._codes(name, values), dtype=pd.CategoricalDtype(levels))

    def _codes(self, name: str, values: pd.Series) -> NDArray[np.intp]:
        """The number of each value's level, -1 for one that is missing or was not there in training."""
        codes: NDArray[np.intp] = pd.Index(self.levels_[name], dtype=object).get_indexer(values.astype(object))
        return codes


def _levels(values: pd.Series) -> list[Any]:
    found = values.dropna().astype(object).unique().tolist()
    return sorted(found, key=lambda level: (type(level).__name__, level))


def _numbers(name: str, values: pd.Series) -> NDArray[np.float64]:
    try:
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise StageFailure(f"column `{name}` held numbers in training and now holds others: {error}") from error


def _stacked(name: str, values: pd.Series, size: int) -> NDArray[np.float64]:
    stacked = np.full((len(values), size), np.nan)
    for i, value in enumerate(values):
        if value is not None and len(value) != size:
            raise StageFailure(f"column `{name}` has {len(value)} numbers in a row where training had {size}")
        stacked[i] = np.nan if value is None else value
    return stacked


def _described(found: str) -> str:
    if found.startswith(("datetime", "date")):
        return "times"
    named = {"string": "text", "categorical": "personal data", "timedelta": "lengths of time", "empty": "nothing"}
    return named.get(found, f"values of type {found}")
