"""Applying the fixes that are safe, again and again until none is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.diagnostics import Diagnostic, Edit, Fix, apply_edits

_ROUNDS = 32


@dataclass(frozen=True)
class Fixed:
    """What came of it: the state with all fixes made, the texts that changed by path, and how many fixes there were."""

    compilation: Compilation
    texts: Mapping[str, str]
    count: int


def apply_safe_fixes(compilation: Compilation) -> Fixed:
    """Make every safe fix of the program's messages, then those of the new messages, until nothing changes."""
    before = _texts(compilation)
    seen = [before]
    count = 0
    for _ in range(_ROUNDS):
        fixes = list(_compatible(compilation.diagnostics))
        after = _with_fixes(seen[-1], fixes)
        if after in seen:
            break
        for path, text in after.items():
            if text != seen[-1][path]:
                compilation = compilation.edited(path, text)
        seen.append(after)
        count += len(fixes)
    changed = {path: text for path, text in seen[-1].items() if text != before[path]}
    return Fixed(compilation, changed, count)


def _texts(compilation: Compilation) -> dict[str, str]:
    return {file.source.path: file.source.text for file in compilation.files}


def _compatible(diagnostics: Iterable[Diagnostic]) -> Iterator[Fix]:
    """The first safe fix of each message, as long as it touches nothing that another one touches."""
    taken: list[Edit] = []
    for diagnostic in diagnostics:
        for fix in diagnostic.fixes:
            if fix.safe:
                if not any(_overlap(edit, other) for edit in fix.edits for other in taken):
                    taken += fix.edits
                    yield fix
                break


def _overlap(one: Edit, other: Edit) -> bool:
    if one.location.file.path != other.location.file.path:
        return False
    a, b = one.location.span, other.location.span
    return a == b or (a.start < b.end and b.start < a.end)


def _with_fixes(texts: Mapping[str, str], fixes: Iterable[Fix]) -> dict[str, str]:
    edits = [edit for fix in fixes for edit in fix.edits]
    return {
        path: apply_edits(text, [edit for edit in edits if edit.location.file.path == path])
        for path, text in texts.items()
    }
