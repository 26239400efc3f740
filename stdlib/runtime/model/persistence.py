"""skops, imported without all of scikit-learn.

When skops is imported it asks scikit-learn for every estimator that there is, for the list of types that it trusts by
default. The answer imports each module of scikit-learn, optional test tools included: a fifth of all that a stage of
training or a gate imports. Artefacts don't use that list, as every type in one is judged by its name in `artefact.py`,
so while skops is imported here the answer is that there are none.

A module of the user's that calls skops itself after this must name scikit-learn's types in `trusted`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sklearn.utils

__all__ = ["dumps", "get_untrusted_types", "loads"]


@contextmanager
def _no_estimators() -> Iterator[None]:
    asked = sklearn.utils.all_estimators
    sklearn.utils.all_estimators = list
    try:
        yield
    finally:
        sklearn.utils.all_estimators = asked


with _no_estimators():
    from skops.io import dumps, get_untrusted_types, loads
