"""The command line of a generated `run.py`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from mlopsc.stdlib.runtime.collector import look_seldom
from mlopsc.stdlib.runtime.engine.endings import ENVIRONMENT, INTERRUPTED
from mlopsc.stdlib.runtime.engine.events import Event, Failure, Listener, Outcome, StageFinished, StageSummary
from mlopsc.stdlib.runtime.engine.listeners import JsonLines, PlainLines
from mlopsc.stdlib.runtime.engine.outcome import Message
from mlopsc.stdlib.runtime.engine.prepared import Request
from mlopsc.stdlib.runtime.engine.runner import run
from mlopsc.stdlib.runtime.extras import need_extra
from mlopsc.stdlib.runtime.store.faults import OperationError
from mlopsc.stdlib.runtime.streams import PIPE, abandon_output, prepare_streams
from mlopsc.stdlib.runtime.tracking import track_run

if TYPE_CHECKING:
    from argparse import Namespace

    from mlopsc.stdlib.runtime.summary.stages import Places

_DEPTH = 3
"""How many folders a `run.py` stands below the project: `deploy/<pipeline>/<environment>`."""
_UNTOLD = (Outcome.OK, Outcome.SKIPPED, Outcome.INTERRUPTED)


def main(
    file: str,
    pipeline: Mapping[str, Any],
    stages: Sequence[Callable[[], Mapping[str, Any]]],
    functions: Mapping[str, str],
) -> NoReturn:
    """Run the pipeline as the command line says, and exit with the run's code; 4 if it could not begin.

    `file` is the path of the script, `stages` give the stages of the pipeline.
    """
    look_seldom()
    prepare_streams()
    try:
        code = _run(Path(file), pipeline, stages, functions)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        abandon_output()
        code = PIPE
    except OperationError as error:
        sys.stderr.write(f"error: {error.message}\n" + (f"  next: {error.hint}\n" if error.hint else ""))
        code = ENVIRONMENT
    except OSError as error:
        abandon_output()
        sys.stderr.write(f"error: {error.filename or 'the output cannot be written'}: {error.strerror}\n")
        code = ENVIRONMENT
    sys.exit(code)


def _run(
    file: Path,
    pipeline: Mapping[str, Any],
    stages: Sequence[Callable[[], Mapping[str, Any]]],
    functions: Mapping[str, str],
) -> int:
    document = {**pipeline, "stages": [stage() for stage in stages]}
    arguments = _parsed(document)
    need_extra("run")
    project = file.resolve().parents[_DEPTH]
    scoring = [stage["name"] for stage in document["stages"] if stage["kind"] == "score"]
    named = [name for name in arguments.stages if name not in scoring]
    request = Request(
        document,
        project,
        functions,
        only=tuple(named),
        force=tuple(arguments.force),
        jobs=arguments.jobs,
    )
    origins = file.with_name("origins.json")
    listener = JsonLines(sys.stdout) if arguments.json else _lines_with_places(origins)
    code = _run_stages(request, listener, arguments, origins) if named or not arguments.stages else 0
    asked = [name for name in arguments.stages if name in scoring]
    return code or max((_score(request, name, arguments, listener) for name in asked), default=0)


def _run_stages(request: Request, listener: Listener, arguments: Namespace, origins: Path) -> int:
    from mlopsc.stdlib.runtime.on_github import tell

    with _shielded(arguments):
        result = run(request, listener)
    places = _places_in(origins)
    for warning in (track_run(request, result), tell(request, result, places, None if arguments.json else sys.stdout)):
        if warning:
            sys.stderr.write(f"warning: {warning}\n")
    return result.exit_code


def _shielded(arguments: Namespace) -> AbstractContextManager[None]:
    """What stages print is text, on GitHub too; JSON is for programs, which nothing may stand between."""
    from mlopsc.stdlib.runtime.on_github import shielded

    return nullcontext() if arguments.json else shielded(sys.stdout)


def _score(request: Request, name: str, arguments: Namespace, listener: Listener) -> int:
    """Score a stage that was named, which a run without names never does."""
    from mlopsc.stdlib.runtime.score.stage import score
    from mlopsc.stdlib.runtime.score.telling import as_json, exit_code, told

    with _shielded(arguments):
        done = score(replace(request, force=()), name, arguments.as_of, listener)
        print(as_json(done) if arguments.json else "\n".join(told(done, lambda *_: "")), flush=True)
    return exit_code(done)


def _places_in(origins: Path) -> Places:
    """Where in the spec stages, rules and settings are written, if that was left beside the script."""
    import json

    from mlopsc.compiler.ir.origins import place

    try:
        known = json.loads(origins.read_bytes())
    except (OSError, ValueError):
        return lambda *_: ""
    return lambda stage, rule, setting: place(known, stage, rule=rule, setting=setting)


def _lines_with_places(origins: Path) -> Listener:
    """Plain lines, and where in the spec what failed was written, if that was left beside the script."""
    lines = PlainLines(sys.stdout)

    def listen(event: Event) -> None:
        lines(event)
        if isinstance(event, StageFinished) and event.summary.outcome not in _UNTOLD:
            for place in _places(event.summary, origins):
                print(f"  at {place}", flush=True)

    return listen


def _places(summary: StageSummary, origins: Path) -> list[str]:
    """The places of the rules and settings that a stage's messages are about, else that of the stage."""
    place_of = _places_in(origins)
    told: list[Message | Failure] = [*summary.record.messages] if summary.record else []
    told += [summary.failure] if summary.failure else []
    about = [(one.rule, one.setting) for one in told if one.rule or one.setting] or [("", "")]
    found = [place_of(summary.stage, rule, setting) for rule, setting in about]
    return [one for one in dict.fromkeys(found) if one]


def _parsed(document: Mapping[str, Any]) -> Namespace:
    from argparse import ArgumentParser

    about = f"Run the pipeline {document['name']} in {document['environment']['name']}."
    parser = ArgumentParser(description=about, allow_abbrev=False)
    parser.add_argument("stages", nargs="*", metavar="STAGE", help="only these, and what they need")
    parser.add_argument("-j", "--jobs", type=_jobs, metavar="N", help="how many stages run side by side")
    parser.add_argument("--force", action="append", default=[], metavar="STAGE", help="run it even if nothing changed")
    parser.add_argument("--json", action="store_true", help="one JSON object a line for each event")
    parser.add_argument("--as-of", type=_moment, metavar="TIME", help="of a score stage: only rows up to then")
    arguments = parser.parse_args()
    known = [stage["name"] for stage in document["stages"]]
    for name in (*arguments.stages, *arguments.force):
        if name not in known:
            parser.error(f"there is no stage `{name}`; there are {', '.join(f'`{one}`' for one in known)}")
    return arguments


def _moment(text: str) -> datetime:
    from argparse import ArgumentTypeError

    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError("a day or time such as 2025-03-01 or 2025-03-01T06:00Z") from error


def _jobs(text: str) -> int:
    from argparse import ArgumentTypeError

    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError("a number of 1 or more")
    return int(text)
