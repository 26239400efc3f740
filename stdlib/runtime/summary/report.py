"""What a job leaves of a run for jobs after it, and for runs to come: what is told of it, and its figures."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.credentials import without_credentials
from mlopsc.stdlib.runtime.engine.events import StageSummary
from mlopsc.stdlib.runtime.summary.comparison import figures

FOLDER = "MLOPSC_REPORT"
"""The variable with the folder that a report is left in, where one is wanted."""
BEFORE = "MLOPSC_REPORT_BEFORE"
"""The variable with the folder of the report that an earlier run left, which figures are held against."""
TOLD, FIGURES = "told.md", "figures.json"
_LARGEST = 4_000_000


def leave(folder: Path, told: Iterable[str], stages: Sequence[StageSummary]) -> None:
    """Leave the report of a run, and by what commit it was; `told` are lines of Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TOLD).write_text(without_credentials("\n".join(told)), encoding="utf-8", errors="replace")
    found = {one.stage: figures(one.record) for one in stages if one.record}
    report = {"commit": os.environ.get("GITHUB_SHA", "")[:7], "stages": found}
    (folder / FIGURES).write_text(json.dumps(report, indent=1, sort_keys=True), encoding="utf-8")


def figures_before(stage: str) -> tuple[Mapping[str, str], str] | None:
    """The figures that a stage had in the report before, and whose they were; None where there is none to read."""
    place = os.environ.get(BEFORE)
    try:
        with (Path(place or os.devnull) / FIGURES).open("rb") as file:
            report: Any = json.loads(file.read(_LARGEST))
        found = report["stages"][stage]
        commit = report["commit"]
        return {str(name): str(value) for name, value in found.items()}, f"the delivery of {commit}"
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
