"""`mlopsc serve`: answer over HTTP with the versions that are released."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mlopsc.compiler.cli.deployments import deployment_of, locate_pipeline
from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.cli.spec import complete_environment, complete_release
from mlopsc.compiler.schema.values import Bytes, Duration
from mlopsc.stdlib.runtime.extras import need_extra

if TYPE_CHECKING:
    pass


@click.command(name="serve", short_help="Answer over HTTP with the versions that are released.")
@click.argument("file", required=False, metavar="[FILE]")
@click.option("-e", "--environment", shell_complete=complete_environment, help="By default the first that serves.")
@click.option("--release", metavar="NAME", shell_complete=complete_release, help="Where there are several.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 is all.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 is any free one.")
@click.option("--store", metavar="URL", help="Another store than the environment's.")
@click.option("--timeout", default="10s", show_default=True, metavar="TIME", help="How long a request may take.")
@click.option("--memory", default="2GB", show_default=True, metavar="SIZE", help="A larger worker is replaced.")
@click.option("--body", default="10MB", show_default=True, metavar="SIZE", help="The largest body of a request.")
@click.option("--rows", type=click.IntRange(min=1), default=10_000, show_default=True, help="The most rows of one.")
def command(
    file: str | None,
    environment: str | None,
    release: str | None,
    host: str,
    port: int,
    store: str | None,
    timeout: str,
    memory: str,
    body: str,
    rows: int,
) -> int:
    """Answer requests with the versions that the release log names, and follow it.

    FILE is a spec, or a `pipeline.json` that was built from one. Each version runs in a process of its own. Where
    nothing is released yet, `/ping` answers and `/predict` says so. With `MLOPSC_TOKEN` set, clients must send it.
    SIGTERM ends it once all requests are answered and logged; SIGUSR1 writes the log and looks for a new entry at
    once.

    \b
    Examples:
      mlopsc serve
      mlopsc serve -e prod --host 0.0.0.0
      mlopsc serve --port 0                any free port
      curl -d '{"hr": 8, …}' -H 'Content-Type: application/json' http://127.0.0.1:8000/predict
    """
    need_extra("serve")
    deployment = deployment_of(locate_pipeline(file), environment, release, store)
    from mlopsc.stdlib.runtime.serve.limits import Limits
    from mlopsc.stdlib.runtime.serve.server import serve

    limits = Limits(_size(body, "--body"), rows, _seconds(timeout), _size(memory, "--memory"))
    if lost := serve(deployment, host, port, limits):
        raise CommandFailure(f"{lost:,} rows of the request log could not be written", "look after the store")
    return Exit.OK


def _seconds(text: str) -> float:
    try:
        found = Duration.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--timeout") from error
    if not found.seconds:
        raise click.BadParameter(f"`{text}` is no time that a request may take", param_hint="--timeout")
    return found.seconds


def _size(text: str, option: str) -> int:
    try:
        return Bytes.parse(text).count
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from error
