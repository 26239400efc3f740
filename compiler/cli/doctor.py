"""`mlopsc doctor`: whether this machine and this project have what they need."""

from __future__ import annotations

import sys

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
    from mlopsc.compiler.render.cells import safe
    from mlopsc.compiler.render.style import Tone, style_of
    from mlopsc.stdlib.runtime.credentials import without_credentials

    style = style_of(sys.stdout)
    tones: dict[str, Tone] = {"ok": "good", "warn": "warning", "fail": "error"}
    failed = False
    for found in examine(file):
        failed = failed or found.status == "fail"
        fact = safe(without_credentials(found.fact))
        click.echo(f"{style(tones[found.status], f'{found.status:<4}')}  {found.what}: {fact}")
        if found.next:
            click.echo(f"      {style('bold', 'next')}: {style.ticked(safe(found.next))}")
    return Exit.ENVIRONMENT if failed else Exit.OK
