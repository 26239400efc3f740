"""PromQL as text: selectors, durations and the few forms that the alerts are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from mlopsc.stdlib.runtime.service.metrics_names import MetricName

OPPOSITE: Mapping[str, str] = {"<=": ">", "<": ">=", ">=": "<", ">": "<="}
"""What is compared to find that a rule does not hold."""
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60))
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(frozen=True)
class Selector:
    """Label matchers, each with its operator: `{"release": '="api"'}`."""

    matchers: Mapping[str, str]

    def matching(self, **more: str) -> Selector:
        """With more labels that must have a value."""
        return Selector({**self.matchers, **{label: f"={quoted(value)}" for label, value in more.items()}})

    def among(self, label: str, *values: str) -> Selector:
        """With a label that must have one of the values, which are plain words."""
        return Selector({**self.matchers, label: f"=~{quoted('|'.join(values))}"})

    def without(self, label: str, value: str) -> Selector:
        """With a label that must not have a value."""
        return Selector({**self.matchers, label: f"!={quoted(value)}"})

    def of(self, metric: MetricName, suffix: str = "") -> str:
        """The series of a metric that match."""
        inner = ",".join(f"{label}{matcher}" for label, matcher in self.matchers.items())
        return f"{metric.name}{suffix}{{{inner}}}"


def selector(**labels: str) -> Selector:
    """The series whose labels have these values."""
    return Selector({}).matching(**labels)


def quoted(text: str) -> str:
    """A string of PromQL."""
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char.isprintable():
        return char.translate(_ESCAPES)
    return char.translate(_ESCAPES) if char == "\n" else f"\\U{ord(char):08x}"


def duration(seconds: float) -> str:
    """A length of time, rounded up to whole seconds: `7d`, `90s`."""
    whole = max(1, ceil(seconds - 1e-9))
    for unit, length in _UNITS:
        if whole % length == 0:
            return f"{whole // length}{unit}"
    return f"{whole}s"


def number(value: float) -> str:
    """A number as short as it can be said, never with an exponent of Python's making."""
    return f"{Decimal(repr(float(f'{value:.12g}'))).normalize():f}"


def increase(series: str, window: float, offset: float = 0.0) -> str:
    """How much counters have grown over a window, in seconds, that ended `offset` seconds ago."""
    back = f" offset {duration(offset)}" if offset else ""
    return f"increase({series}[{duration(window)}]{back})"
