"""`mlopsc doctor`: whether this machine and this project have what they need."""

from __future__ import annotations

import click

from mlopsc.compiler.cli.exits import Exit


@click.command(name="doctor", short_help="Check that this machine and this project are ready.")
@click.argument("file", required=False, type=click.Path())
def command(file: str | None) -> int:
    """Check that this machine and this project have what they need, and say the next step where they don't.

    Ends with 4 when something keeps mlopsc from working; warnings alone do not count.

    \b
    Examples:
      mlopsc doctor
      mlopsc doctor examples/bike-demand
    """
    from mlopsc.compiler.cli.examination import examine
    from mlopsc.compiler.cli.looks import show

    return Exit.OK if show(examine(file)) else Exit.ENVIRONMENT
