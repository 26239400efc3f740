"""Running a router until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from mlopsc.stdlib.runtime.serve.app import TOKEN, make_app
from mlopsc.stdlib.runtime.serve.limits import Limits
from mlopsc.stdlib.runtime.serve.router import Router
from mlopsc.stdlib.runtime.service.deployment import Deployment
from mlopsc.stdlib.runtime.store.faults import OperationError, next_step

_BACKLOG = 2_048


def serve(deployment: Deployment, host: str, port: int, limits: Limits) -> int:
    """Serve until SIGTERM or Ctrl-C; the number of rows of the log that could not be written.

    Port 0 is any free one. Raises OperationError when nothing can listen there.
    """
    with _listening(host, port) as listener, tempfile.TemporaryDirectory(prefix="mlopsc-serve-") as scratch:
        return asyncio.run(_serve(deployment, listener, Path(scratch), limits))


class _Server(uvicorn.Server):
    """The server without signal handlers of its own: what a signal means is decided here."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(deployment: Deployment, listener: socket.socket, scratch: Path, limits: Limits) -> int:
    router = Router(deployment, scratch, limits)
    app = make_app(router, os.environ.get(TOKEN) or None)
    configuration = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        lifespan="off",
        backlog=_BACKLOG,
        timeout_graceful_shutdown=int(limits.timeout) + 1,
    )
    server = _Server(configuration)
    loop = asyncio.get_running_loop()
    flushes: set[asyncio.Task[None]] = set()

    def stop() -> None:
        server.should_exit = True

    def flush() -> None:
        task = loop.create_task(router.flush())
        flushes.add(task)
        task.add_done_callback(flushes.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGUSR1, flush)
    serving = asyncio.create_task(server.serve([listener]))
    await asyncio.wait(
        [serving, asyncio.create_task(router.follower.first_look())], return_when=asyncio.FIRST_COMPLETED
    )
    if not serving.done():
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        print(f"serving {deployment.name} in {deployment.environment} on http://{shown}:{port}", flush=True)
    await serving
    return await router.close()


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens there; raises OperationError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise OperationError(
            f"`{host}` is no address of this machine: {error.strerror}", "name another `--host`"
        ) from error
    with listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError as error:
            hint = (
                "stop what listens there, or name another `--port`"
                if error.errno == errno.EADDRINUSE
                else next_step(error)
            )
            raise OperationError(f"nothing can listen on {host}:{port}: {error.strerror}", hint) from error
        listener.setblocking(False)
        yield listener
