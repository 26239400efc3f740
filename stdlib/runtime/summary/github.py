"""A run as GitHub shows it: a page of the job, and annotations at the lines of the spec."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mlopsc.compiler.render.cells import safe
from mlopsc.stdlib.runtime.credentials import without_credentials
from mlopsc.stdlib.runtime.engine.events import Failure, Outcome, StageSummary
from mlopsc.stdlib.runtime.engine.outcome import Message
from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.summary.earlier import Before
from mlopsc.stdlib.runtime.summary.markdown import first_line, page, told
from mlopsc.stdlib.runtime.summary.report import FOLDER, leave
from mlopsc.stdlib.runtime.summary.stages import Places
from mlopsc.stdlib.runtime.workflow_commands import Level, annotation

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.engine.runner import RunResult

_TOP = "GITHUB_WORKSPACE"
LARGEST = 1024 * 1024
"""GitHub shows nothing of a step's page that has more bytes."""
_CUT = "\n\nThe page is cut here: it would have been larger than GitHub shows. The log tells the rest.\n"
_LEVELS: Mapping[Outcome, Level] = {Outcome.FAIL: "error", Outcome.ERROR: "error", Outcome.UNDECIDED: "warning"}


def annotate(result: RunResult, places: Places, stream: TextIO) -> None:
    """Print what keeps the run from ending well, for GitHub to show beside the spec."""
    for line in annotated(result, places):
        print(line, file=stream, flush=True)


def append_page(path: Path, request: Request, result: RunResult, places: Places) -> None:
    """Add what the run found to the page of the job, as much of it as GitHub shows, and leave it for other jobs."""
    assert isinstance(request.pipeline, Mapping), "a run that is told of has its pipeline at hand"
    before = Before.of(request, result.number)
    _append(path, "\n".join(page(request.pipeline, result, request.only, before, places)))
    if folder := os.environ.get(FOLDER):
        leave(Path(folder), told(result, request.only, before, places), result.stages)


def annotated(result: RunResult, places: Places) -> Iterator[str]:
    """A line for each thing that keeps the run from ending well."""
    for one in result.stages:
        if one.outcome in _LEVELS:
            yield from _annotations(one, _LEVELS[one.outcome], places)


def _annotations(summary: StageSummary, level: Level, places: Places) -> Iterator[str]:
    record, failure = summary.record, summary.failure
    about: list[Message | Failure] = (
        [one for one in record.messages if one.rule or one.level != "info"] if record else []
    )
    about += [failure] if failure else []
    undecided = (
        {one["rule"] for one in record.facts.get("rules", ()) if one["verdict"] == "undecided"} if record else ()
    )
    title = safe(f"{summary.stage}: {summary.outcome.told}")
    for one in about or [Failure(title)]:
        file, line = _split(places(summary.stage, one.rule, one.setting))
        fact = one.message if isinstance(one, Failure) else one.text
        is_advice = one.rule in undecided or (isinstance(one, Message) and one.level == "warning")
        words = "\n".join(filter(None, (first_line(fact), one.hint)))
        yield annotation("warning" if is_advice else level, safe(words), file=safe(file), line=line, title=title)


def _split(place: str) -> tuple[str, str]:
    """The file and the line of `file:line:column`."""
    file, _, rest = place.rpartition(":")[0].rpartition(":")
    return (file, rest) if rest.isdecimal() else ("", "")


def _append(path: Path, text: str) -> None:
    content = f"{without_credentials(text)}\n\n".encode("utf-8", "replace")
    with path.open("ab") as file:
        room = LARGEST - file.tell()
        if len(content) > room:
            cut = content[: max(0, room - len(_CUT.encode()))]
            content = cut[: cut.rfind(b"\n") + 1] + _CUT.encode()
        if len(content) <= room:
            file.write(content)


def from_top(places: Places, project: Path) -> Places:
    """Places as paths from the top of the checkout, which is how GitHub names files."""
    top = os.environ.get(_TOP) or str(project)

    def place_of(stage: str, rule: str, setting: str) -> str:
        file, line = _split(place := places(stage, rule, setting))
        if not line:
            return ""
        relative = os.path.relpath(project.resolve() / file, Path(top).resolve())
        return f"{relative.replace(os.sep, '/')}{place.removeprefix(file)}"

    return place_of
