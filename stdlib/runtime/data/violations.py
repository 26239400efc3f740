"""Rows that break what was declared: how they are shown to people, and the file that lists all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlopsc.compiler.ir.model import Column
from mlopsc.stdlib.runtime.data.typed import text_of
from mlopsc.stdlib.runtime.engine.outcome import Message

SHOWN = 10
"""How many failing rows a message shows."""

MASK = "***"
"""What stands in the place of personal data."""

_WIDTH = 40
_NO_ROWS: NDArray[np.int64] = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Violation:
    """One thing that was declared and does not hold.

    `rule` is the id of a rule, or `setting` the name of a setting (`schema.hr` for the column `hr`). `rows` are
    positions among the rows that were read, (failing rows,); `columns` are those whose values show what is wrong.
    """

    fact: str
    hint: str
    rule: str = ""
    setting: str = ""
    columns: tuple[str, ...] = ()
    rows: NDArray[np.int64] = field(default_factory=lambda: _NO_ROWS)

    @property
    def about(self) -> str:
        """The rule's id or the setting's name."""
        return self.rule or self.setting


@dataclass(frozen=True)
class ReadRows:
    """The rows as they were read, before typing, and the columns that are declared."""

    frame: pd.DataFrame
    columns: Sequence[Column]

    def message(self, violation: Violation) -> Message:
        """What the user is told of a violation, with its first rows; rows are counted from 1."""
        lines = [violation.fact]
        shown = self._masked(violation.rows[:SHOWN])
        for number, values in zip(violation.rows, shown[self._shown(violation)].itertuples(index=False), strict=False):
            lines.append(f"  row {number + 1:,}: {_worded(values, self._shown(violation))}")
        if len(violation.rows) > SHOWN:
            lines.append(f"  and {len(violation.rows) - SHOWN:,} more")
        return Message("\n".join(lines), violation.hint, violation.rule, violation.setting, "error")

    def listed(self, violations: Sequence[Violation]) -> bytes:
        """A CSV file of all failing rows: the row's number, what it breaks, and its declared columns."""
        parts = [self._masked(one.rows).assign(row=one.rows + 1, breaks=one.about) for one in violations]
        names = ["row", "breaks", *(column.name for column in self.columns if column.name not in ("row", "breaks"))]
        return pd.concat(parts)[names].to_csv(index=False).encode("utf-8", "replace")

    def _shown(self, violation: Violation) -> list[str]:
        return list(violation.columns) or [column.name for column in self.columns]

    def _masked(self, rows: NDArray[np.int64]) -> pd.DataFrame:
        found = self.frame[[column.name for column in self.columns]].iloc[rows]
        personal = [column.name for column in self.columns if column.role == "pii"]
        return found.assign(**dict.fromkeys(personal, MASK))


def _worded(values: Sequence[object], names: Sequence[str]) -> str:
    if len(names) == 1:
        return _short(values[0])
    words, room = [], 100
    for name, value in zip(names, values, strict=True):
        words.append(f"{name} = {_short(value)}")
        room -= len(words[-1])
        if room < 0 and len(words) < len(names):
            return f"{', '.join(words)}, …"
    return ", ".join(words)


def _short(value: object) -> str:
    if pd.api.types.is_scalar(value) and pd.isna(value):  # type: ignore[call-overload]
        return "missing"
    text = text_of(value) or str(value)
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if text == MASK else f"`{text[:_WIDTH]}…`" if len(text) > _WIDTH else f"`{text}`"
