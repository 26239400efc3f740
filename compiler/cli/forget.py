"""`mlopsc forget`: delete what was logged for one key."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mlopsc.compiler.cli.deployments import deployment_of, locate_pipeline
from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.cli.spec import complete_environment, complete_release

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.service.deployment import Deployment
    from mlopsc.stdlib.runtime.service.retention import Forgotten


@click.command(name="forget", short_help="Delete what was logged for one key.")
@click.argument("key")
@click.argument("file", required=False, metavar="[FILE]")
@click.option("-e", "--environment", shell_complete=complete_environment, help="By default the first that serves.")
@click.option("--release", metavar="NAME", shell_complete=complete_release, help="Where there are several.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(key: str, file: str | None, environment: str | None, release: str | None, yes: bool) -> int:
    """Delete all requests, answers and feedback of a KEY, such as a user, from the log of a release, for good.

    KEY is a value of the column that the release assigns by, or of the header `X-Assign-Key`. The log holds no keys:
    it takes the secret that the routers have to find one. Once more finds nothing.

    \b
    Examples:
      mlopsc forget 4711 -e prod
      mlopsc forget ada@example.com pipelines/pipeline.mlops --yes
    """
    deployment = deployment_of(locate_pipeline(file), environment, release)
    if not yes and not _is_meant(deployment, key):
        click.echo("nothing was deleted")
        return Exit.OK
    from mlopsc.stdlib.runtime.service.retention import forget

    found = forget(deployment, key)
    click.echo(f"deleted {found.requests:,} rows of the request log and {found.feedback:,} of feedback")
    _require_all(found)
    _tell_of_routers(deployment)
    return Exit.OK


def _is_meant(deployment: Deployment, key: str) -> bool:
    if not sys.stdin.isatty():
        raise click.UsageError("what is deleted cannot be restored: say `--yes` where nobody can be asked")
    where = f"`{deployment.name}` in {deployment.environment}"
    return click.confirm(f"Delete all that {where} has logged for `{key}`, for good?")


def _require_all(found: Forgotten) -> None:
    """Raise CommandFailure where files could not be searched: nobody may take them for clean."""
    if found.unreadable:
        count = len(found.unreadable)
        raise CommandFailure(
            f"{count:,} file{'s' * (count > 1)} could not be searched, such as `{found.unreadable[0]}`: "
            "written with another secret, or damaged",
            "set `MLOPSC_LOG_SECRET` to the secret of the routers that wrote them, and run this again",
        )


def _tell_of_routers(deployment: Deployment) -> None:
    """Rows that a router holds are not in the store yet."""
    import time

    from mlopsc.stdlib.runtime.service.heartbeats import INTERVAL, newest_heartbeats

    wall = time.time()
    beats = newest_heartbeats(deployment.store, deployment.heartbeats).values()
    if any(beat.is_live(wall) for beat in beats):
        click.echo(f"routers are at work and write what they hold every {INTERVAL:.0f} s: run this again after that")
