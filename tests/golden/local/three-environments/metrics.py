"""Metrics of the project."""

from typing import Any


def lift(y: Any, predicted: Any) -> float:
    """How much more often those leave who are predicted to."""
    return float(y[predicted].mean() / y.mean())
