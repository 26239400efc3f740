"""Columns as alibi-detect can compare them: the ranks of their values, and missing ones as the lowest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from mlopsc.stdlib.runtime.statistics.drift import prepare
from mlopsc.stdlib.runtime.store.faults import OperationError

Kind = Literal["number", "category", "truth"]
Floats = np.ndarray[Any, np.dtype[np.float64]]

MISSING = -1
"""The code of a missing value: a value of its own, below all others."""
EXPECTED = 5
"""How often a level is expected in the smaller sample at least; rarer ones are taken as one (Cochran 1954)."""


@dataclass(frozen=True)
class Encoded:
    """A column of both samples as whole numbers in the order of its values; `MISSING` where there is none."""

    name: str
    kind: Kind
    window: Floats
    reference: Floats

    @property
    def missing(self) -> int:
        """How many values are missing."""
        return int((self.window == MISSING).sum() + (self.reference == MISSING).sum())

    @property
    def distance(self) -> float:
        """How far the window is from the reference, 0..1: D of numbers, else the total variation."""
        window, reference = (np.where(part == MISSING, np.nan, part) for part in (self.window, self.reference))
        return prepare(reference, "numbers" if self.kind == "number" else "levels").distance(window).value

    @property
    def is_two_valued(self) -> bool:
        """Whether the reference holds both truth values."""
        return len(np.unique(self.reference)) > 1


def encode(window: pd.DataFrame, reference: pd.DataFrame) -> list[Encoded]:
    """All columns of the reference; raises OperationError where the window lacks one or holds something else."""
    lacking = [str(name) for name in reference.columns if name not in window.columns]
    if lacking:
        raise OperationError(
            f"the window has no column {_listed(lacking)}", "compare it with rows that have the same columns"
        )
    return [_encoded(str(name), window[name], reference[name]) for name in reference.columns]


def kind_of(values: pd.Series[Any]) -> Kind | None:
    """What a column holds; None where every value is missing."""
    if values.isna().all():
        return None
    if isinstance(values.dtype, pd.CategoricalDtype):
        return "category"
    inferred = pd.api.types.infer_dtype(values, skipna=True)
    if inferred == "boolean":
        return "truth"
    numbers = ("integer", "floating", "mixed-integer-float", "decimal", "datetime64", "datetime", "date")
    return "number" if inferred in numbers else "category"


def _encoded(name: str, window: pd.Series[Any], reference: pd.Series[Any]) -> Encoded:
    kinds = {kind for kind in (kind_of(window), kind_of(reference)) if kind}
    if len(kinds) > 1 and kinds != {"number", "truth"}:
        raise OperationError(
            f"`{name}` holds a {kind_of(window)} in the window and a {kind_of(reference)} in what it is compared with",
            "compare rows that were read with the same schema",
        )
    kind: Kind = next(iter(kinds)) if len(kinds) == 1 else "number"
    both = np.concatenate([_comparable(window, kind), _comparable(reference, kind)])
    codes = np.where(pd.isna(both), MISSING, both) if kind == "truth" else pd.factorize(both, sort=True)[0]
    floats = np.asarray(codes, dtype=np.float64)
    return Encoded(name, kind, floats[: len(window)], floats[len(window) :])


def _comparable(values: pd.Series[Any], kind: Kind) -> np.ndarray[Any, Any]:
    """Values of one type that have an order, NaN or None where they are missing."""
    if kind == "category":
        return np.asarray(values.astype(object).where(values.notna(), None).map(str, na_action="ignore"), dtype=object)
    if pd.api.types.infer_dtype(values, skipna=True) in ("datetime64", "datetime", "date"):
        times = pd.to_datetime(values, utc=True)
        return np.asarray((times - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1), dtype=float)
    return (
        values.astype(object).where(values.notna(), np.nan).to_numpy(dtype=float)
        if values.dtype == object
        else (values.to_numpy(dtype=float, na_value=np.nan))
    )


def without_rare(column: Encoded) -> Encoded:
    """The column with all levels as one that are too rare for the chi-squared distribution to hold."""
    levels, counts = np.unique(np.concatenate([column.window, column.reference]), return_counts=True)
    smaller = min(len(column.window), len(column.reference)) / (len(column.window) + len(column.reference))
    rare = levels[counts * smaller < EXPECTED]
    if len(rare) < 2:
        return column
    window, reference = (
        np.where(np.isin(part, rare), levels.max() + 1, part) for part in (column.window, column.reference)
    )
    return Encoded(column.name, column.kind, window, reference)


def refuse_others(columns: Sequence[Encoded], takes: Sequence[str], word: str) -> None:
    """Raise OperationError where a column is of a kind that the detector cannot compare."""
    others = [column for column in columns if column.kind not in takes]
    if others:
        raise OperationError(
            f"`{word}` compares {_plural(takes)}, and {_listed([one.name for one in others])} "
            f"{'holds' if len(others) == 1 else 'hold'} {_plural(sorted({one.kind for one in others}))}",
            f"name the columns that it can compare, `stable([…], detector = {word}())`, or use `alibi.tabular()`, "
            "which compares all",
        )


def refuse_missing(columns: Sequence[Encoded], word: str) -> None:
    """Raise OperationError where a value is missing: a test of truth values has no third one."""
    holed = [column for column in columns if column.missing]
    if holed:
        raise OperationError(
            f"`{word}` compares truth values, and {_listed([one.name for one in holed])} "
            f"{'lacks' if len(holed) == 1 else 'lack'} {sum(one.missing for one in holed):,} of them",
            "`alibi.chi2()` takes a missing value as a level of its own",
        )


def matrices(columns: Sequence[Encoded]) -> tuple[Floats, Floats]:
    """The window and the reference as matrices, a column each."""
    return (
        np.column_stack([column.window for column in columns]),
        np.column_stack([column.reference for column in columns]),
    )


def without_ties(window: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Equal values in an order drawn at random, for tests whose p-values are those of continuous values."""
    return window + np.random.uniform(size=window.shape), reference + np.random.uniform(size=reference.shape)


def _plural(kinds: Sequence[str]) -> str:
    words = {"number": "numbers", "category": "categories", "truth": "truth values"}
    return " and ".join(words[kind] for kind in kinds)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
