"""Looks at the test split: how many different models a rule has been judged with on the same rows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlopsc.compiler.ir.model import Rule
from mlopsc.stdlib.runtime.store.log import Entry, Log
from mlopsc.stdlib.runtime.test.gate import Gate


@dataclass(frozen=True)
class Look:
    """The look of a model at the test split, counted from 1; `of` is how many there may be."""

    number: int
    of: int

    @property
    def is_spent(self) -> bool:
        """Whether the test split has been looked at too often to tell anything more."""
        return self.number > self.of

    @property
    def reason(self) -> str:
        """Why nothing is judged any more."""
        return (
            f"test set spent: {self.of} models have been judged on these rows, as many as `max_looks` allows; "
            "use new rows for the test split"
        )

    def facts(self) -> dict[str, int]:
        """As JSON."""
        return {"number": min(self.number, self.of), "of": self.of}


def count_look(gate: Gate, rule: Rule) -> Look:
    """Count this model's look, unless it was counted before; a look too many is not counted."""
    allowed = gate.settings.max_looks
    name = hashlib.sha256(rule.id.encode()).hexdigest()[:16]
    log = Log(gate.context.store, f"looks/{gate.test_rows}/{name}")

    def decide(entries: Sequence[Entry]) -> Mapping[str, Any] | None:
        if _number(entries, gate.train.key) or len(entries) >= allowed:
            return None
        return {"rule": rule.id, "train": gate.train_name, "train_key": gate.train.key}

    added = log.append(decide)
    number = added.number if added else _number(log.read(), gate.train.key)
    return Look(number or allowed + 1, allowed)


def _number(entries: Sequence[Entry], train_key: str) -> int | None:
    return next((one.number for one in entries if one.record and one.record["train_key"] == train_key), None)
