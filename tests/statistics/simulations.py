"""How often verdicts are wrong, by simulation of data whose true values are known.

    python tests/statistics/simulations.py [REPLICATIONS]

Claims with a bound must keep it, the others are there to be known. The exit code is 1 if a bound is broken: from
1,000 replications on by any excess, below by one of more than three standard errors.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from claim import REPLICATIONS, Claim, report
from gate_claims import gate_claims
from guard_claims import guard_claims
from rollout_claims import rollout_claims
from watch_claims import watch_claims


def claims() -> Iterator[Claim]:
    """All claims, in the order of the table."""
    yield from gate_claims()
    yield from guard_claims()
    yield from rollout_claims()
    yield from watch_claims()


def main(arguments: list[str]) -> int:
    """Print the table of claims; 1 if one is broken."""
    broken = report(claims(), int(arguments[0]) if arguments else REPLICATIONS)
    print(f"{broken} bounds broken" if broken else "all bounds kept")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
