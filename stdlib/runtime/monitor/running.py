"""`run(…)`: a script or a function of the project, in a process of its own."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

from mlopsc.stdlib.runtime.engine.usercode import load_callable
from mlopsc.stdlib.runtime.monitor.journal import Record
from mlopsc.stdlib.runtime.monitor.notifying import message_of
from mlopsc.stdlib.runtime.monitor.outcomes import Outcome
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.store.faults import OperationError

_SECONDS = 3_600.0
_TAIL = 500


def run_of_project(deployment: Deployment, path: str, event: Record, key: str) -> Outcome:
    """Run it, the event being JSON on its standard input, and a function's argument if it takes one.

    Raises OperationError when it cannot be started, takes more than an hour, or does not end with 0.
    """
    told = json.dumps(message_of(deployment, event, key))
    project = deployment.project.resolve()
    environment = {**os.environ, "MLOPSC_EVENT_KEY": key}
    try:
        done = subprocess.run(
            _command(project, path),
            input=told.encode(),
            cwd=project,
            env=environment,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OperationError(f"`{path}` could not be run: {error}", "make it a script that can be run") from error
    if done.returncode:
        tail = done.stderr.decode(errors="replace").strip()[-_TAIL:]
        raise OperationError(f"`{path}` ended with {done.returncode}{': ' if tail else ''}{tail}", "see to it")
    return Outcome("ran", f"`{path}` ended with 0")


def _command(project: Path, path: str) -> list[str]:
    file, colon, _ = path.partition(":")
    if colon:
        return [sys.executable, "-m", __name__, str(project), path]
    return [sys.executable, file] if file.endswith(".py") else [str(project / file)]


def main(project: str, reference: str) -> None:
    """Call a function of the project, with the event on standard input if it takes an argument."""
    function = load_callable(Path(project), reference)
    event = json.load(sys.stdin)
    function(*([event] if inspect.signature(function).parameters else []))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
