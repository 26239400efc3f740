"""Times of a rollout: when a step ends, and how a time is told."""

from __future__ import annotations

from datetime import UTC, datetime

from mlopsc.compiler.schema.values import Duration


def later(seconds: float, length: Duration) -> float:
    """The time that lies a length of time after another; calendar months end no later than their last day."""
    if not length.months:
        return seconds + length.seconds
    import pandas as pd

    return float((pd.Timestamp(seconds, unit="s", tz=UTC) + pd.DateOffset(months=length.months)).timestamp())


def stamp(seconds: float) -> str:
    """A time as people read it: `2025-03-01 12:00 UTC`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def told_length(seconds: float) -> str:
    """A length of time in the largest unit that fits: `3 h`."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s"
