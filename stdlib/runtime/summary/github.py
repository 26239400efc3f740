"""A run on GitHub: a page of the job, and annotations at the lines of the spec. Neither ever makes a run fail."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mlopsc.compiler.render.cells import safe
from mlopsc.stdlib.runtime.credentials import without_credentials
from mlopsc.stdlib.runtime.engine.events import Failure, Outcome, StageSummary
from mlopsc.stdlib.runtime.engine.outcome import Message
from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.summary.markdown import first_line, page
from mlopsc.stdlib.runtime.summary.stages import Places
from mlopsc.stdlib.runtime.workflow_commands import Level, annotation, without_commands

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.engine.runner import RunResult

PAGE = "GITHUB_STEP_SUMMARY"
"""The variable with the path of the file that GitHub shows on the page of the job."""
_TOP = "GITHUB_WORKSPACE"
LARGEST = 1024 * 1024
"""GitHub shows nothing of a step's page that has more bytes."""
_CUT = "\n\nThe page is cut here: it would have been larger than GitHub shows. The log tells the rest.\n"
_LEVELS: Mapping[Outcome, Level] = {Outcome.FAIL: "error", Outcome.ERROR: "error", Outcome.UNDECIDED: "warning"}


def shielded(stream: TextIO) -> AbstractContextManager[None]:
    """On GitHub, what is printed within is text, whatever it looks like."""
    return without_commands(stream) if os.environ.get(PAGE) else nullcontext()


def tell(request: Request, result: RunResult, places: Places, stream: TextIO | None) -> str:
    """On GitHub, annotate what did not end well on a stream, if one is given, and append to the page of the job.

    `places` are relative to the project. What could not be told is returned as a warning.
    """
    if not os.environ.get(PAGE):
        return ""
    try:
        at = _from_top(places, request.project)
        if stream is not None:
            for line in annotated(result, at):
                print(line, file=stream, flush=True)
        _append(Path(os.environ[PAGE]), "\n".join(_lines(request, result, at)))
    except OSError as error:
        return f"the page of this job could not be written: {error.strerror or error}"
    except Exception as error:  # whatever it is, the run is done and counts
        return f"the page of this job could not be written: {type(error).__name__}"
    return ""


def annotated(result: RunResult, places: Places) -> Iterator[str]:
    """A line for each thing that keeps the run from ending well."""
    for one in result.stages:
        if one.outcome in _LEVELS:
            yield from _annotations(one, _LEVELS[one.outcome], places)


def _annotations(summary: StageSummary, level: Level, places: Places) -> Iterator[str]:
    record, failure = summary.record, summary.failure
    told: list[Message | Failure] = (
        [one for one in record.messages if one.rule or one.level != "info"] if record else []
    )
    told += [failure] if failure else []
    undecided = (
        {one["rule"] for one in record.facts.get("rules", ()) if one["verdict"] == "undecided"} if record else ()
    )
    title = safe(f"{summary.stage}: {summary.outcome.told}")
    for one in told or [Failure(title)]:
        file, line = _split(places(summary.stage, one.rule, one.setting))
        fact = one.message if isinstance(one, Failure) else one.text
        is_advice = one.rule in undecided or (isinstance(one, Message) and one.level == "warning")
        words = "\n".join(filter(None, (first_line(fact), one.hint)))
        yield annotation("warning" if is_advice else level, safe(words), file=safe(file), line=line, title=title)


def _split(place: str) -> tuple[str, str]:
    """The file and the line of `file:line:column`."""
    file, _, rest = place.rpartition(":")[0].rpartition(":")
    return (file, rest) if rest.isdecimal() else ("", "")


def _lines(request: Request, result: RunResult, places: Places) -> Iterator[str]:
    from mlopsc.stdlib.runtime.summary.earlier import Before

    assert isinstance(request.pipeline, Mapping)
    before = Before.of(request, result.number)
    yield from page(request.pipeline, result, request.only, before, places)


def _append(path: Path, text: str) -> None:
    """Add text to the page, as much of it as GitHub shows."""
    content = f"{without_credentials(text)}\n\n".encode("utf-8", "replace")
    with path.open("ab") as file:
        room = LARGEST - file.tell()
        if len(content) > room:
            cut = content[: max(0, room - len(_CUT.encode()))]
            content = cut[: cut.rfind(b"\n") + 1] + _CUT.encode()
        if len(content) <= room:
            file.write(content)


def _from_top(places: Places, project: Path) -> Places:
    """Places as paths from the top of the checkout, which is how GitHub names files."""
    top = os.environ.get(_TOP) or str(project)

    def place_of(stage: str, rule: str, setting: str) -> str:
        file, line = _split(place := places(stage, rule, setting))
        if not line:
            return ""
        relative = os.path.relpath(project.resolve() / file, Path(top).resolve())
        return f"{relative.replace(os.sep, '/')}{place.removeprefix(file)}"

    return place_of
