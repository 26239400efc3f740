"""What the name of a column says about it."""

from __future__ import annotations

import re

_IDENTIFIES = frozenset({"id", "uuid", "guid"})
_NUMBERS_ROWS = frozenset({*_IDENTIFIES, "key", "index", "no", "nr", "number"})
_TARGETS = (
    *("target", "label", "y", "class", "outcome", "response", "churn*", "default*", "surviv*", "diagnos*", "fraud*"),
    *("quality", "species", "price*", "sales", "demand", "income", "salary", "rating", "score", "delay*"),
)
"""Words of targets, the surest first; those with a star may go on, as in `churned`."""


def words_of(name: str) -> list[str]:
    """The words of a name, in lower case: `PassengerId` and `passenger id` are both `passenger`, `id`."""
    spaced = re.sub(r"(?<=[a-z\d])(?=[A-Z])", " ", name)
    return [word for word in re.split(r"[\W_]+", spaced.lower()) if word]


def identifies(name: str) -> bool:
    """Whether the name is one for ids, which may come again: of users, of machines."""
    return words_of(name)[-1:] != [] and words_of(name)[-1] in _IDENTIFIES


def numbers_rows(name: str) -> bool:
    """Whether the name is one for what tells rows apart."""
    words = words_of(name)
    return bool(words) and (words[-1] in _NUMBERS_ROWS or words[0] == "unnamed")


def target_rank(name: str) -> int | None:
    """How much a name sounds like that of a target, 0 being the most; None if it does not."""
    words = words_of(name)
    for rank, target in enumerate(_TARGETS):
        stem = target.removesuffix("*")
        if any(word == stem or (stem != target and word.startswith(stem)) for word in words):
            return rank
    return None
