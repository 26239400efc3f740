"""What a simulation claims: how often something is true of data whose truth is known, and how often it may be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import log, sqrt
from zlib import crc32

import numpy as np

LEVEL = 0.95
REPLICATIONS = 2_000
ENOUGH = 1_000
"""From so many replications on, a bound is held to without slack."""

Wrong = Callable[[np.random.Generator, int], float]


@dataclass(frozen=True)
class Claim:
    """How often `wrong` is true, in percent, and what that must be: at most or at least so much, or anything.

    `wrong` takes a generator and a seed for the resampling, and may give a share instead, of the looks of a
    replication. `share` is the part of the replications that a costly claim is given. A claim of at least so much is a
    defect that the simulation must expose.
    """

    name: str
    wrong: Wrong
    at_most: float | None = None
    at_least: float | None = None
    share: float = 1.0

    def rate(self, replications: int) -> float:
        """The percentage of replications in which `wrong` was true; the same number gives the same figure."""
        name = crc32(self.name.encode())
        streams = (np.random.default_rng((name, seed)) for seed in range(replications))
        return 100 * sum(self.wrong(stream, seed) for seed, stream in enumerate(streams)) / replications

    def is_kept(self, rate: float, replications: int) -> bool:
        """Whether a rate, in percent, is within the limits, with three standard errors of slack below 1,000."""
        limit = self.at_most if self.at_most is not None else self.at_least
        if limit is None:
            return True
        slack = 3 * standard_error(limit, replications) if replications < ENOUGH else 0.0
        return rate <= limit + slack if self.at_most is not None else rate >= limit - slack

    @property
    def asked(self) -> str:
        """The limits, in words."""
        if self.at_most is not None:
            return f"<= {self.at_most:g}%"
        return "" if self.at_least is None else f">= {self.at_least:g}%"


def standard_error(rate: float, replications: int) -> float:
    """The standard error of a simulated rate, both in percent; where none was seen, that of log(2) cases."""
    seen = max(rate / 100 * (1 - rate / 100), log(2) / replications)
    return 100 * sqrt(seen / replications)


def report(claims: Iterable[Claim], replications: int) -> int:
    """Print the table of claims as they are simulated; how many are broken."""
    print(f"{'claim':<54}{'figure':>9}{'±':>7}  {'bound':<10}{'of':>7}{'seconds':>9}")
    broken = 0
    for claim in claims:
        started, times = time.process_time(), max(1, round(claim.share * replications))
        rate = claim.rate(times)
        kept = claim.is_kept(rate, times)
        broken += not kept
        line = f"{claim.name:<54}{rate:>8.1f}%{standard_error(rate, times):>6.1f}%  {claim.asked:<10}{times:>7,}"
        print(f"{line}{time.process_time() - started:>9.0f}{'' if kept else '  BROKEN'}", flush=True)
    return broken
