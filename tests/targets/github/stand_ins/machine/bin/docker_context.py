"""What Docker takes of a folder, by the rules of a `.dockerignore`: the last that fits a path or a folder of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

_PART = re.compile(r"\*\*/|\*\*|\*|\?|\[[^\]]*\]|\\.|.", re.DOTALL)
_MEANS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def rules(text: str) -> list[tuple[bool, re.Pattern[str]]]:
    """By line, whether it takes back and what it fits."""
    found = []
    for line in text.split("\n"):
        pattern = line.strip()
        if pattern and not line.startswith("#"):
            takes_back = pattern.startswith("!")
            found.append((takes_back, _expression(pattern.removeprefix("!").strip())))
    return found


def is_taken(path: str, ignored: list[tuple[bool, re.Pattern[str]]]) -> bool:
    """Whether a file is in the context."""
    parts = path.split("/")
    ways = ["/".join(parts[: number + 1]) for number in range(len(parts))]
    taken = True
    for takes_back, expression in ignored:
        if any(expression.fullmatch(way) for way in ways):
            taken = takes_back
    return taken


def context(folder: Path, ignored: str) -> Iterator[str]:
    """The files that Docker takes, sorted."""
    known = rules(ignored)
    paths = (Path(current, name) for current, _, names in os.walk(folder) for name in names)
    yield from sorted(one for path in paths if is_taken(one := path.relative_to(folder).as_posix(), known))


def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(map(_means, _PART.findall(pattern))), re.DOTALL)


def _means(part: str) -> str:
    if part.startswith("[") and len(part) > 1:
        return part
    return _MEANS.get(part) or re.escape(part[1:] if len(part) > 1 else part)
