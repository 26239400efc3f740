"""`mlopsc why`: what a run would do, and why, before anything runs."""

from __future__ import annotations

import sys

import click

from mlopsc.compiler.cli.build import compile_for
from mlopsc.compiler.cli.built import describe, remembered
from mlopsc.compiler.cli.exits import Exit
from mlopsc.compiler.cli.run import refuse_unknown, request_for
from mlopsc.compiler.cli.spec import complete_environment, complete_stage, environment_named, split_arguments


@click.command(name="why")
@click.argument("arguments", nargs=-1, metavar="[FILE] [STAGE]...", shell_complete=complete_stage)
@click.option("-e", "--environment", shell_complete=complete_environment, help="By default the first.")
def command(arguments: tuple[str, ...], environment: str | None) -> int:
    """Say which stages a run would do, and why; nothing is run.

    \b
    Examples:
      mlopsc why
      mlopsc why demand_gate       that stage and what it needs
      mlopsc why -e prod
    """
    from mlopsc.compiler.render.style import style_of
    from mlopsc.compiler.render.table import render_table
    from mlopsc.stdlib.runtime.engine.forecast import forecast

    spec, stages = split_arguments(arguments)
    built = remembered(spec) or describe(compile_for(spec))
    name = environment_named(built.documents, environment)
    refuse_unknown(built, name, stages)
    rows = [
        (one.stage, one.kind, _STATUS[one.status], "; ".join(one.causes))
        for one in forecast(request_for(spec, built, name, only=stages))
    ]
    click.echo("\n".join(render_table(("stage", "kind", "state", "why"), rows, style_of(sys.stdout))))
    return Exit.OK


_STATUS = {"cached": "done", "runs": "would run", "depends": "may run", "skipped": "skipped"}
