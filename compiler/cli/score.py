"""`mlopsc score`: predictions for many rows at once, written whole or not at all."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from mlopsc.compiler.cli.deployments import built_for, locate_pipeline
from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.cli.run import places_of, request_for
from mlopsc.compiler.cli.spec import Spec, complete_environment, complete_stage, split_arguments

if TYPE_CHECKING:
    from mlopsc.compiler.cli.built import Built
    from mlopsc.compiler.render.style import Style
    from mlopsc.stdlib.runtime.score.stage import Scoring


def _moment(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
    """A day (its midnight) or a time, as ISO 8601 writes it."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError as error:
        fact = f"`{text}` is no day or time; write it as 2025-03-01 or 2025-03-01T06:00Z"
        raise click.BadParameter(fact) from error


@click.command(name="score", short_help="Predict for many rows at once, and write it down.")
@click.argument("arguments", nargs=-1, metavar="[FILE] [STAGE]...", shell_complete=complete_stage)
@click.option("-e", "--environment", shell_complete=complete_environment, help="By default the first that serves.")
@click.option(
    "--as-of",
    callback=_moment,
    metavar="TIME",
    help="Only rows up to this day or time, such as 2025-03-01; without an offset, in the zone of the data.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each stage.")
def command(arguments: tuple[str, ...], environment: str | None, as_of: datetime | None, as_json: bool) -> int:
    """Predict for the rows of the score STAGEs, by default of all: read and check the rows, predict, check the
    predictions, write them where `into` says.

    A batch is written as a whole or not at all; to do it again changes nothing. `--as-of` makes up for a batch of an
    earlier day. Ends with 1 when rows or predictions break a check; then nothing is written.

    \b
    Examples:
      mlopsc score                             from a scheduler, each night
      mlopsc score nightly -e prod
      mlopsc score nightly --as-of 2025-03-01
    """
    spec, named = split_arguments(arguments, locate_pipeline)
    built, where = built_for(spec, environment)
    stages = _stages(built, where, named)
    from mlopsc.compiler.render.style import style_of
    from mlopsc.stdlib.runtime.score.stage import score
    from mlopsc.stdlib.runtime.score.telling import as_json as in_json
    from mlopsc.stdlib.runtime.score.telling import exit_code

    style, codes = style_of(sys.stdout), []
    for stage in stages:
        done = score(request_for(spec, built, where), stage, as_of)
        codes.append(exit_code(done))
        lines = [in_json(done)] if as_json else [*_told(spec, built, where, done, style)]
        click.echo("\n".join(lines), color=style.colour)
    return max(codes)


def _stages(built: Built, environment: str, named: Sequence[str]) -> Sequence[str]:
    """The score stages that are named, or all; raises CommandFailure where a name is none, or there is none."""
    kinds = built.kinds(environment)
    known = [stage for stage, kind in kinds.items() if kind == "score"]
    for name in named:
        if name not in known:
            from mlopsc.compiler.diagnostics import did_you_mean

            close = did_you_mean(name, known)
            what = f"`{name}` is a `{kinds[name]}` stage" if name in kinds else f"there is no stage `{name}`"
            there = f"there are {', '.join(f'`{one}`' for one in known)}" if known else "write a `score` block"
            raise CommandFailure(what, f"did you mean `{close}`?" if close else there, Exit.USAGE)
    if not known:
        raise CommandFailure(f"there is no `score` stage in `{environment}`", "write a `score` block", Exit.USAGE)
    return named or known


def _told(spec: Spec, built: Built, environment: str, done: Scoring, style: Style) -> Iterator[str]:
    from mlopsc.stdlib.runtime.score.telling import told
    from mlopsc.stdlib.runtime.summary.stages import summarize

    place = places_of(spec, built, environment)
    if done.run.exit_code:
        yield from summarize(done.run.stages, style, place, len(done.run.stages))
    first, *others = told(done, place)
    yield f"{style('good' if done.put else 'error', first[:1])}{first[1:]}"
    yield from (style.ticked(line) for line in others)
