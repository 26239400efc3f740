"""How fast an objective of uptime burns the failures that it allows (*The Site Reliability Workbook*, chapter 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlopsc.stdlib.planning import BURN_WINDOWS, FEWEST_REQUESTS, BurnWindow

_MINUTE = 60.0
BUCKET = 5 * _MINUTE
"""The length of a bucket, in seconds."""


@dataclass(frozen=True)
class Bucket:
    """The requests of five minutes: `start` in seconds since 1970, `good` of `total` were answered well."""

    start: float
    total: int
    good: int


@dataclass(frozen=True)
class BurnRate:
    """How fast the allowed failures were used: 1 is as fast as the objective allows for ever.

    `long` and `short` are the rates over the two windows, None where there was no request.
    """

    window: BurnWindow
    requests: int
    long: float | None
    short: float | None

    @property
    def fires(self) -> bool:
        """Whether both rates are at least the factor and there were enough requests."""
        if self.long is None or self.short is None or self.requests < FEWEST_REQUESTS:
            return False
        return min(self.long, self.short) >= self.window.factor


@dataclass(frozen=True)
class BurnVerdict:
    """What a look says of an objective; `burn` and `window` are of the pair that fired, or else of the fastest."""

    fired: bool
    window: BurnWindow
    burn: float | None
    rates: tuple[BurnRate, ...]
    reason: str


def judge_burn(buckets: Sequence[Bucket], objective: float, now: float) -> BurnVerdict:
    """Whether the failures that `objective` (such as 0.999) allows burn too fast at `now`, in seconds since 1970.

    It fires when the rate is at least 14.4 over an hour and over five minutes, or 6 over six hours and over half an
    hour: a short window ends the alarm soon after the trouble. Over the long one, at least 100 requests. ValueError
    for an objective that is not between 0 and 1.
    """
    if not 0 < objective < 1:
        raise ValueError(f"an objective is between 0 and 1, and {objective:g} is not")
    rates = tuple(_rate(buckets, objective, now, window) for window in BURN_WINDOWS)
    fired = [rate for rate in rates if rate.fires]
    chosen = fired[0] if fired else max(rates, key=lambda rate: -1.0 if rate.long is None else rate.long)
    return BurnVerdict(bool(fired), chosen.window, chosen.long, rates, _reason(chosen, objective))


def _rate(buckets: Sequence[Bucket], objective: float, now: float, window: BurnWindow) -> BurnRate:
    requests, long = _failing(buckets, now, window.long)
    _, short = _failing(buckets, now, window.short)
    allowed = 1 - objective
    return BurnRate(
        window, requests, None if long is None else long / allowed, None if short is None else short / allowed
    )


def _failing(buckets: Sequence[Bucket], now: float, length: float) -> tuple[int, float | None]:
    """The requests of a length of time before now, and the share of them that failed."""
    chosen = [bucket for bucket in buckets if now - length <= bucket.start < now]
    total = sum(bucket.total for bucket in chosen)
    return total, 1 - sum(bucket.good for bucket in chosen) / total if total else None


def _reason(rate: BurnRate, objective: float) -> str:
    if rate.long is None:
        return "no request in the last hours"
    said = f"{rate.long:.3g} x the failures that {objective:.6g} allows over {rate.window.long / 3600:g} h"
    return said if rate.requests >= FEWEST_REQUESTS else f"{said}, in {rate.requests} requests; {FEWEST_REQUESTS} count"
