"""The standard library: the declarations that the language comes with, and what runs them.

Modules here hold declarations only and import nothing heavy; `stdlib.runtime` holds what stages do.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlopsc.compiler.schema.registry import Registry


@cache
def registry() -> Registry:
    """The standard declarations."""
    # A run with nothing to do imports this package too, and must not pay for pydantic.
    from mlopsc.compiler.schema.registry import Registry
    from mlopsc.stdlib import (
        columns,
        compute,
        data,
        detectors,
        environment,
        hosting,
        metrics,
        monitor,
        release,
        score,
        test,
        train,
    )

    kinds = [data, metrics, train, test, release, monitor, detectors, score]
    return Registry.collect([hosting, environment, compute, columns, *kinds])
