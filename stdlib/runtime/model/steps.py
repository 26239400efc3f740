"""The fitted steps of a model, in the order that a row passes through them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopsc.stdlib.runtime.model.encoding import ColumnEncoder


class Steps:
    """Features (if any), encoding and estimator. scikit-learn's Pipeline would ask steps for more than they need."""

    def __init__(self, features: Any | None, columns: ColumnEncoder, estimator: Any) -> None:
        self.features = features
        self.columns = columns
        self.estimator = estimator

    def encode(self, frame: pd.DataFrame) -> NDArray[np.float64] | pd.DataFrame:
        """What the estimator is given for these rows."""
        shown = frame if self.features is None else self.features.transform(frame)
        return self.columns.transform(shown)

    def ask(self, methods: Sequence[str], frame: pd.DataFrame) -> list[NDArray[Any]]:
        """What each of the estimator's `predict`, `predict_proba` or `decision_function` says of these rows."""
        encoded = self.encode(frame)
        return [np.asarray(getattr(self.estimator, method)(encoded)) for method in methods]

    def can(self, method: str) -> bool:
        """Whether the estimator has that method."""
        return hasattr(self.estimator, method)
