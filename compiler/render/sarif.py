"""Diagnostics as SARIF 2.1.0 (OASIS), the format that code scanning and editors import."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from mlopsc.compiler.diagnostics import Code, Diagnostic, Edit, Fix, Label, Severity
from mlopsc.compiler.render.concealing import without_secrets
from mlopsc.compiler.render.text import Shown
from mlopsc.compiler.text import Location

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render_sarif(diagnostics: Sequence[Diagnostic], version: str, shown: Shown = str) -> str:
    """One SARIF log with one run, ending in a line break."""
    diagnostics = without_secrets(diagnostics)
    codes = sorted({diagnostic.code for diagnostic in diagnostics})
    places = {code.id: index for index, code in enumerate(codes)}
    driver = {"name": "mlopsc", "semanticVersion": version, "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, places, shown) for diagnostic in diagnostics],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(code: Code) -> dict[str, Any]:
    return {
        "id": code.id,
        "shortDescription": {"text": code.title},
        "help": {"text": f"`mlopsc explain {code.id}` tells more."},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
    }


def _result(diagnostic: Diagnostic, places: dict[str, int], shown: Shown) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.code.id,
        "ruleIndex": places[diagnostic.code.id],
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": "\n".join(filter(None, (diagnostic.message, diagnostic.hint)))},
        "locations": [_location(diagnostic.location, shown, diagnostic.label)],
    }
    if diagnostic.related:
        result["relatedLocations"] = [_related(number, label, shown) for number, label in enumerate(diagnostic.related)]
    if diagnostic.fixes:
        result["fixes"] = [_fix(fix, shown) for fix in diagnostic.fixes]
    return result


def _related(number: int, label: Label, shown: Shown) -> dict[str, Any]:
    return {"id": number, **_location(label.location, shown, label.text)}


def _location(location: Location, shown: Shown, text: str = "") -> dict[str, Any]:
    physical = {"artifactLocation": _artifact(location, shown), "region": _region(location)}
    return {"physicalLocation": physical, **({"message": {"text": text}} if text else {})}


def _artifact(location: Location, shown: Shown) -> dict[str, str]:
    return {"uri": quote(shown(location.file.path).replace("\\", "/"))}


def _region(location: Location) -> dict[str, int]:
    start, end = location.position, location.end
    return {"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column}


def _fix(fix: Fix, shown: Shown) -> dict[str, Any]:
    return {"description": {"text": fix.title}, "artifactChanges": list(_changes(fix.edits, shown))}


def _changes(edits: Iterable[Edit], shown: Shown) -> Iterable[dict[str, Any]]:
    by_file: dict[str, dict[str, Any]] = {}
    for edit in edits:
        artifact = _artifact(edit.location, shown)
        change = by_file.setdefault(artifact["uri"], {"artifactLocation": artifact, "replacements": []})
        replacement = {"deletedRegion": _region(edit.location), "insertedContent": {"text": edit.text}}
        change["replacements"].append(replacement)
    return by_file.values()
