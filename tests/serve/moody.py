"""Models that behave well or badly, by a file that a test writes; kept inside artefacts as user code is."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin


class Constant(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Predicts `value` for every row; a row whose first column is 13 brings out `mood`."""

    def __init__(self, value: float = 0.0, mood: str = "", switch: str = "") -> None:
        self.value = value
        self.mood = mood
        self.switch = switch

    def fit(self, X: Any, y: Any = None) -> Constant:  # noqa: ARG002, N803
        return self

    def predict(self, X: Any) -> Any:  # noqa: N803
        rows = np.asarray(X, dtype=np.float64)
        mood = Path(self.switch).read_text() if self.switch and Path(self.switch).exists() else self.mood
        if mood and (rows[:, 0] == 13).any():
            self.misbehave(mood)
        return np.full(len(rows), self.value)

    def misbehave(self, mood: str) -> None:
        match mood:
            case "raise":
                raise ValueError("thirteen is too much, and /secret/path is named")
            case "hang":
                time.sleep(3600)
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "exit":
                os._exit(3)
            case "babble":
                os.write(int(sys.argv[2]), b"\xff\xff\xff\xffnonsense")
            case "slow":
                time.sleep(0.2)
            case "leak":
                self.leaked_ = [*getattr(self, "leaked_", []), np.ones(4_000_000)]
            case "nan":
                self.value = float("nan")


class Classes(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Says `True` of rows whose first column is above 12."""

    def fit(self, X: Any, y: Any = None) -> Classes:  # noqa: ARG002, N803
        self.classes_ = np.array([False, True])
        return self

    def predict(self, X: Any) -> Any:  # noqa: N803
        return np.asarray(X, dtype=np.float64)[:, 0] > 12

    def predict_proba(self, X: Any) -> Any:  # noqa: N803
        share = np.asarray(X, dtype=np.float64)[:, 0] / 24
        return np.column_stack([1 - share, share])
