"""One-sided confidence limits of an estimate, each as a function of the error rate alpha that it may have.

`upper(alpha)` lies below the true value with probability alpha at most (`lower` above it), exactly or to the
order that its method promises; it is infinite where the evidence can't bound the value at that alpha.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan
from typing import Protocol

import numpy as np
from scipy import special

from mlopsc.stdlib.runtime.statistics.inputs import Floats, Scale, rescale


class Limits(Protocol):
    """Anything that can be bounded from either side."""

    def lower(self, alpha: float) -> float:
        """The lower one-sided limit."""

    def upper(self, alpha: float) -> float:
        """The upper one-sided limit."""


@dataclass(frozen=True)
class Known:
    """A value without uncertainty: a difference that is 0 on every row."""

    value: float

    def lower(self, alpha: float) -> float:  # noqa: ARG002
        """The value."""
        return self.value

    def upper(self, alpha: float) -> float:  # noqa: ARG002
        """The value."""
        return self.value


@dataclass(frozen=True)
class Binomial:
    """The exact limits of a share after `events` of `trials` (Clopper and Pearson 1934)."""

    events: int
    trials: int

    def lower(self, alpha: float) -> float:
        """The share at which so many events or more have probability alpha."""
        if self.events == 0:
            return 0.0
        return float(special.betaincinv(self.events, self.trials - self.events + 1, alpha))

    def upper(self, alpha: float) -> float:
        """The share at which so many events or fewer have probability alpha."""
        if self.events == self.trials:
            return 1.0
        return float(special.betaincinv(self.events + 1, self.trials - self.events, 1.0 - alpha))


@dataclass(frozen=True)
class Whole:
    """Limits of a mean of bounded unit values, most of which lie in a `core`.

    Every unit `above` (or `below`) the core counts as if it were at that end of the `span`. So the mean is at most
    the core's upper end plus the share of such units times the way from there to the end, and the share has exact
    limits.
    """

    core: tuple[float, float]
    span: tuple[float, float]
    below: int
    above: int
    units: int

    def lower(self, alpha: float) -> float:
        """The core's lower end, less what the units below it could take away."""
        return self.core[0] - (self.core[0] - self.span[0]) * Binomial(self.below, self.units).upper(alpha)

    def upper(self, alpha: float) -> float:
        """The core's upper end, and what the units above it could add."""
        return self.core[1] + (self.span[1] - self.core[1]) * Binomial(self.above, self.units).upper(alpha)


@dataclass(frozen=True, eq=False)
class Studentised:
    """Bootstrap-t limits; with few units never tighter than those of Student's t with `freedom` degrees.

    `draws` are sorted pivots. `otherwise` limits the value where the pivots can't, or not as well.
    """

    estimate: float
    error: float
    draws: Floats
    freedom: int | None = None
    otherwise: Limits | None = None

    def lower(self, alpha: float) -> float:
        """The estimate less the pivot's upper quantile in errors."""
        place = _place(alpha, self.draws.size)
        limit = self.estimate - float(self.draws[-place]) * self.error if place else -inf
        if self.freedom is not None:
            limit = min(limit, self.estimate - _student(alpha, self.freedom) * self.error)
        return limit if self.otherwise is None else max(limit, self.otherwise.lower(alpha))

    def upper(self, alpha: float) -> float:
        """The estimate less the pivot's lower quantile in errors."""
        place = _place(alpha, self.draws.size)
        limit = self.estimate - float(self.draws[place - 1]) * self.error if place else inf
        if self.freedom is not None:
            limit = max(limit, self.estimate + _student(alpha, self.freedom) * self.error)
        return limit if self.otherwise is None else min(limit, self.otherwise.upper(alpha))


@dataclass(frozen=True, eq=False)
class Accelerated:
    """BCa limits (Efron 1987); with few units never tighter than those of Student's t with `freedom` degrees.

    `draws` are sorted values of the statistic, the undefined ones given as infinite on both sides by the two
    arrays; `bias` is z0 and `acceleration` is a of the paper.
    """

    estimate: float
    error: float
    draws_low: Floats
    draws_high: Floats
    bias: float
    acceleration: float
    freedom: int | None = None

    def lower(self, alpha: float) -> float:
        """The draw at the corrected lower share."""
        place = _place(self._corrected(alpha), self.draws_low.size)
        limit = float(self.draws_low[place - 1]) if place else -inf
        if self.freedom is not None:
            limit = min(limit, self.estimate - _student(alpha, self.freedom) * self.error)
        return limit

    def upper(self, alpha: float) -> float:
        """The draw at the corrected upper share."""
        place = _place(1.0 - self._corrected(1.0 - alpha), self.draws_high.size)
        limit = float(self.draws_high[-place]) if place else inf
        if self.freedom is not None:
            limit = max(limit, self.estimate + _student(alpha, self.freedom) * self.error)
        return limit

    def _corrected(self, share: float) -> float:
        shifted = self.bias + float(special.ndtri(share))
        stretch = 1.0 - self.acceleration * shifted
        if stretch <= 0.0:
            return 0.0 if shifted < 0 else 1.0
        return float(special.ndtr(self.bias + shifted / stretch))


@dataclass(frozen=True, eq=False)
class OrderStatistics:
    """Exact, distribution-free limits of a quantile: two of the sorted values (Conover 1999, 3.2)."""

    sorted_values: Floats
    quantile: float

    def lower(self, alpha: float) -> float:
        """The largest value that so many values reach only with probability alpha if the quantile is below it."""
        size = self.sorted_values.size
        reaching = special.bdtrc(np.arange(size, dtype=np.float64), size, 1.0 - self.quantile)
        enough = np.flatnonzero(reaching <= alpha)
        return float(self.sorted_values[size - 1 - int(enough[0])]) if enough.size else -inf

    def upper(self, alpha: float) -> float:
        """The smallest value that so few values exceed only with probability alpha if the quantile is above it."""
        size = self.sorted_values.size
        exceeding = special.bdtr(np.arange(size, dtype=np.float64), size, 1.0 - self.quantile)
        enough = np.flatnonzero(exceeding <= alpha)
        return float(self.sorted_values[size - 1 - int(enough[-1])]) if enough.size else inf


@dataclass(frozen=True)
class Rescaled:
    """Limits of `shift + rescale(base, scale)`, from those of `base`."""

    base: Limits
    scale: Scale = "identity"
    shift: float = 0.0

    def lower(self, alpha: float) -> float:
        """The image of the limit that becomes the lower one."""
        return self._image(self.base.upper(alpha) if self.scale == "complement" else self.base.lower(alpha))

    def upper(self, alpha: float) -> float:
        """The image of the limit that becomes the upper one."""
        return self._image(self.base.lower(alpha) if self.scale == "complement" else self.base.upper(alpha))

    def _image(self, limit: float) -> float:
        # A root starts at 0: a bound below it says no more than 0 does.
        image = rescale(limit, self.scale)
        return self.shift + (0.0 if isnan(image) else image)


def _place(share: float, draws: int) -> int:
    """Which of `draws` sorted draws, counted from 1 at the tail, leaves at most a share beyond it; 0: none does."""
    return min(int(share * (draws + 1) + 1e-9), draws)


def _student(alpha: float, freedom: int) -> float:
    return float(special.stdtrit(freedom, 1.0 - alpha))
