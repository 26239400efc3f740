"""Diagnostics as JSON, for programs: every message with all that it knows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from mlopsc.compiler.diagnostics import Diagnostic, Fix, Severity
from mlopsc.compiler.render.concealing import without_secrets
from mlopsc.compiler.render.text import Shown
from mlopsc.compiler.text import Location

VERSION = 1
"""Raised whenever a reader of an older version could misunderstand what it gets."""


def render_json(diagnostics: Sequence[Diagnostic], shown: Shown = str) -> str:
    """One JSON object, ending in a line break."""
    counts = {severity.value: count(diagnostics, severity) for severity in Severity}
    content = {
        "version": VERSION,
        "counts": counts,
        "diagnostics": [_record(one, shown) for one in without_secrets(diagnostics)],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def count(diagnostics: Iterable[Diagnostic], severity: Severity) -> int:
    """How many messages are that bad."""
    return sum(diagnostic.severity is severity for diagnostic in diagnostics)


def _record(diagnostic: Diagnostic, shown: Shown) -> dict[str, Any]:
    return {
        "code": diagnostic.code.id,
        "title": diagnostic.code.title,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "label": diagnostic.label,
        "hint": diagnostic.hint,
        **_place(diagnostic.location, shown),
        "related": [{"text": label.text, **_place(label.location, shown)} for label in diagnostic.related],
        "fixes": [_fix(fix, shown) for fix in diagnostic.fixes],
    }


def _fix(fix: Fix, shown: Shown) -> dict[str, Any]:
    edits = [{"text": edit.text, **_place(edit.location, shown)} for edit in fix.edits]
    return {"title": fix.title, "safe": fix.safe, "edits": edits}


def _place(location: Location, shown: Shown) -> dict[str, Any]:
    """Lines and columns count from 1, offsets from 0, all in characters; ends are exclusive."""
    start, end = location.position, location.end
    return {
        "file": shown(location.file.path),
        "start": {"line": start.line, "column": start.column, "offset": location.span.start},
        "end": {"line": end.line, "column": end.column, "offset": location.span.end},
    }
