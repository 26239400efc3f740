"""The words that the parser must know to read a file well; the declarations say which they are."""

from __future__ import annotations

from dataclasses import dataclass

TIMES = frozenset({"ms", "s", "min", "h", "d", "w", "mo", "y"})
SIZES = frozenset({"B", "kB", "KB", "MB", "GB", "TB"})
CURRENCIES = frozenset({"USD", "EUR", "GBP"})


@dataclass(frozen=True)
class Vocabulary:
    """Words with a role in the layout of a file; none of them is reserved.

    `kinds` begin blocks, of which `nested` never stand at the top of a file and `fielded` hold fields (`name: type`)
    instead of settings; `verbs` begin rules, `clauses` follow a rule or a field, `units` are written right after a
    number.
    """

    kinds: frozenset[str]
    clauses: frozenset[str]
    verbs: frozenset[str]
    nested: frozenset[str] = frozenset({"schema", "override"})
    fielded: frozenset[str] = frozenset({"schema"})
    units: frozenset[str] = TIMES | SIZES | CURRENCIES | {"pp"}
