"""Which version answers a unit, and which versions answer it unseen: the same on every router, at any time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from mlopsc.stdlib.runtime.release.state import State

_BITS = 53


def bucket(salt: str, unit: str) -> float:
    """A number in [0, 1) that depends on both texts alone and is uniform over units."""
    digest = hashlib.sha256(f"{len(salt)}\0{salt}\0{unit}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> (64 - _BITS)) / (1 << _BITS)


def version_for(state: State, unit: str) -> int:
    """The version that serves a unit (for a request without one, its prediction id).

    The candidate has the units whose bucket is below its share: whoever is in 5% is in 25%. Raises LookupError when
    nothing is live.
    """
    place = bucket(state.salt, unit)
    served = None
    for version, share in _shares(state):
        served = version
        if place < share:
            break
        place -= share
    if served is None:
        raise LookupError("no version is live")
    return served


def shadows_for(state: State, served: int, prediction: str) -> tuple[int, ...]:
    """The versions that answer a prediction unseen, which `served` answers."""
    place = bucket(f"{state.salt}/shadow", prediction)
    return tuple(version for version, share in sorted(state.shadow.items()) if version != served and place < share)


def _shares(state: State) -> Iterator[tuple[int, float]]:
    """The live versions with their shares, the candidate first."""
    order = sorted(state.weights, key=lambda version: (version != state.candidate, version))
    return ((version, state.weights[version]) for version in order if state.weights[version] > 0)
