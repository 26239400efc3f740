"""Starting and ending worker processes, which get no credentials and nothing else that they have no use for."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mlopsc.stdlib.runtime.serve.messages import packed, receive
from mlopsc.stdlib.runtime.store.faults import OperationError

LaneName = Literal["served", "shadow"]

PROGRAM = Path(__file__).parents[3]
"""The folder whose subfolders are the packages of `mlopsc`, in a checkout as well as where it is installed."""
_BOOTSTRAP = (
    "import sys, types; module = types.ModuleType('mlopsc'); module.__path__ = [sys.argv[1]]; "
    "sys.modules['mlopsc'] = module; from mlopsc.stdlib.runtime.serve.worker import main; main(*sys.argv[2:])"
)
_PASSED_ON = frozenset({"PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH"})
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_LOAD_SECONDS = 120.0


@dataclass(frozen=True)
class Program:
    """What a worker runs: a Python interpreter and a model's artefact; `scratch` is its home and current folder."""

    interpreter: str
    artefact: Path
    scratch: Path
    lane: LaneName


class WorkerProcess:
    """One worker that has loaded its model: `about` is what the model takes and gives, `resident` its memory."""

    def __init__(
        self, process: Process, streams: tuple[StreamReader, StreamWriter], greeting: Mapping[str, Any]
    ) -> None:
        self._process = process
        self._reader, self._writer = streams
        self.about: Mapping[str, Any] = greeting["ready"]
        self._end_of_process = asyncio.create_task(process.wait())
        self.resident_at_start = self.resident = int(greeting["rss"])

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process is there."""
        return not self._end_of_process.done()

    def when_ended(self, call: Callable[[], object]) -> None:
        """Call this once the process has ended."""
        self._end_of_process.add_done_callback(lambda _: call())

    async def ask(self, document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The answers to a batch; raises ConnectionError when the process has ended."""
        try:
            self._writer.write(packed(document))
            await self._writer.drain()
            reply = await receive(self._reader)
        except (IncompleteReadError, OSError) as error:
            raise ConnectionError from error
        self.resident = int(reply["rss"])
        answers: list[Mapping[str, Any]] = reply["answers"]
        return answers

    async def end(self) -> str:
        """Kill the process, with all that it has started; how it ended, if it had ended by itself."""
        told = await _ending(self._process)
        self._writer.close()
        return told


async def start_worker(program: Program) -> WorkerProcess:
    """A worker that has loaded its model; raises OperationError, saying why, when it has not."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = await _spawn(program, theirs)
    streams = await asyncio.open_connection(sock=ours)
    try:
        greeting = await asyncio.wait_for(receive(streams[0]), _LOAD_SECONDS)
        if "ready" in greeting:
            return WorkerProcess(process, streams, greeting)
        fact = str(greeting["failed"])
    except IncompleteReadError:
        fact = f"its process ended while it loaded ({await _ending(process)})"
    except TimeoutError:
        fact = f"it has not loaded after {_LOAD_SECONDS:g} s"
    except asyncio.CancelledError:
        await _ending(process)
        streams[1].close()
        raise
    await _ending(process)
    streams[1].close()
    raise OperationError(fact)


async def _spawn(program: Program, connection: socket.socket) -> Process:
    descriptor = connection.fileno()
    arguments = [str(PROGRAM), str(descriptor), str(program.artefact), program.lane]
    try:
        return await asyncio.create_subprocess_exec(
            program.interpreter,
            *("-P", "-c", _BOOTSTRAP, *arguments),
            pass_fds=(descriptor,),
            env=worker_environment(os.environ, program.scratch),
            cwd=program.scratch,
            stdin=DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise OperationError(f"`{program.interpreter}` cannot be started: {error.strerror}") from error


def worker_environment(variables: Mapping[str, str], home: Path) -> dict[str, str]:
    """The variables of a worker: those that name no secret, one thread, and a home without anything in it."""
    kept = {name: value for name, value in variables.items() if name in _PASSED_ON}
    return {**kept, **dict.fromkeys(_THREADS, "1"), "HOME": str(home), "PYTHONUNBUFFERED": "1"}


async def _ending(process: Process) -> str:
    if process.returncode is None:
        with suppress(TimeoutError):  # one that is ending by itself says how
            await asyncio.wait_for(asyncio.shield(process.wait()), 0.2)
    code = process.returncode
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    if code is None:
        return "it was ended"
    return f"ended by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
