"""What a run does beside its work where a job of GitHub runs it; elsewhere nothing, and nothing is imported for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.engine.prepared import Request
    from mlopsc.stdlib.runtime.engine.runner import RunResult

PAGE = "GITHUB_STEP_SUMMARY"
"""The variable with the path of the file that GitHub shows on the page of the job."""


def is_here() -> bool:
    """Whether a job of GitHub runs this: what it leaves on its machine is gone when it ends."""
    return bool(os.environ.get(PAGE))


def shielded(stream: TextIO) -> AbstractContextManager[None]:
    """On GitHub, what is printed within is text, whatever it looks like."""
    if not is_here():
        return nullcontext()
    from mlopsc.stdlib.runtime.workflow_commands import without_commands

    return without_commands(stream)


def tell(request: Request, result: RunResult, places: Callable[[str, str, str], str], stream: TextIO | None) -> str:
    """On GitHub, annotate what did not end well on a stream, if one is given, and append to the page of the job.

    `places` are relative to the project. What could not be told is returned as a warning: no run fails by it.
    """
    if not (page := os.environ.get(PAGE)):
        return ""
    try:
        from mlopsc.stdlib.runtime.summary.github import annotate, append_page, from_top

        at = from_top(places, request.project)
        if stream is not None:
            annotate(result, at, stream)
        append_page(Path(page), request, result, at)
    except OSError as error:
        return f"the page of this job could not be written: {error.strerror or error}"
    except Exception as error:  # whatever it is, the run is done and counts
        return f"the page of this job could not be written: {type(error).__name__}"
    return ""
