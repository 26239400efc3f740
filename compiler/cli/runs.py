"""`mlopsc runs`: the runs of a project, one of them, or two side by side."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from mlopsc.compiler.cli.commands import Group
from mlopsc.compiler.cli.exits import Exit
from mlopsc.compiler.cli.spec import locate

if TYPE_CHECKING:
    from mlopsc.compiler.cli.past import PastRun
    from mlopsc.compiler.render.style import Style
    from mlopsc.stdlib.runtime.engine.outcome import StageRecord

_file = click.option("--file", metavar="FILE", help="The spec; by default the pipeline.mlops of this folder.")


@click.group(cls=Group, name="runs", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> int:
    """List, show and compare the runs of this project.

    \b
    Examples:
      mlopsc runs                   the newest runs
      mlopsc runs show 7            what run 7 found
      mlopsc runs compare 5 7       what changed between the two, and what came of it
    """
    return int(ctx.invoke(list_runs)) if ctx.invoked_subcommand is None else Exit.OK


@command.command(name="list")
@click.option("-n", "limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")
@_file
def list_runs(limit: int = 20, file: str | None = None) -> int:
    """The newest runs, with their scores and verdicts."""
    from itertools import islice

    from mlopsc.compiler.cli.past import Past, when
    from mlopsc.compiler.render.style import style_of
    from mlopsc.compiler.render.table import render_table
    from mlopsc.stdlib.runtime.summary.stages import seconds

    rows = [
        (str(run.number), when(run.began), run.environment, _ending(run), seconds(run.seconds), _told(run))
        for run in islice(Past(locate(file).folder).runs(), limit)
    ]
    if not rows:
        click.echo("nothing has been run here yet; `mlopsc run` is the first")
        return Exit.OK
    headings = ("run", "began", "environment", "ended", "took", "found")
    click.echo("\n".join(render_table(headings, rows, style_of(sys.stdout))))
    return Exit.OK


@command.command(name="show")
@click.argument("number", type=int, required=False)
@_file
def show(number: int | None, file: str | None) -> int:
    """What a run found; by default the newest."""
    from mlopsc.compiler.cli.past import Past, when
    from mlopsc.compiler.render.style import style_of
    from mlopsc.stdlib.runtime.summary.stages import seconds, summarize

    run = Past(locate(file).folder).run(number)
    style = style_of(sys.stdout)
    head = f"run {run.number} of {run.pipeline} in {run.environment}, {when(run.began)}: {_ending(run)}"
    lines = [style("bold", head), "", *summarize(run.stages, style, lambda *_: "")]
    click.echo("\n".join([*lines, f"it took {seconds(run.seconds)}"]), color=style.colour)
    return Exit.OK


@command.command(name="compare")
@click.argument("first", type=int)
@click.argument("second", type=int)
@_file
def compare(first: int, second: int, file: str | None) -> int:
    """What changed from run FIRST to run SECOND, and what came of it."""
    from mlopsc.compiler.cli.past import Past
    from mlopsc.compiler.render.style import style_of

    past = Past(locate(file).folder)
    style = style_of(sys.stdout)
    click.echo("\n".join(_comparison(past.run(first), past.run(second), style)), color=style.colour)
    return Exit.OK


def _ending(run: PastRun) -> str:
    words = {0: "ok", 1: "failed", 3: "undecided", 4: "stopped", 130: "interrupted"}
    return "not finished" if run.exit_code is None else words.get(run.exit_code, f"exit {run.exit_code}")


def _told(run: PastRun) -> str:
    """The score of each model and the verdict of each gate, in a line."""
    parts = []
    for stage in run.stages:
        if stage.record is not None and stage.kind == "train":
            parts += [f"{stage.stage} {text}" for text in _scores(stage.record)]
        elif stage.kind == "test" or stage.outcome.value not in ("ok", "skipped"):
            parts.append(f"{stage.stage} {stage.outcome.told}")
    return ", ".join(parts)


def _scores(record: StageRecord) -> Iterator[str]:
    from mlopsc.stdlib.runtime.summary.stages import number, score_of

    yield f"{record.facts['objective']['metric']} {number(score_of(record.facts))}"


def _comparison(first: PastRun, second: PastRun, style: Style) -> Iterator[str]:
    yield style("bold", f"run {first.number} → run {second.number}")
    before = {stage.stage: stage for stage in first.stages}
    after = {stage.stage: stage for stage in second.stages}
    for name in [*after, *(name for name in before if name not in after)]:
        yield ""
        if name not in before or name not in after:
            only = second.number if name in after else first.number
            yield f"{style('bold', name)}  only in run {only}"
            continue
        yield from _compared(name, before[name].record, after[name].record, style)


def _compared(name: str, before: StageRecord | None, after: StageRecord | None, style: Style) -> Iterator[str]:
    if before is None or after is None:
        yield f"{style('bold', name)}  did not finish in both"
        return
    if before.key == after.key:
        yield f"{style('bold', name)}  the same"
        return
    from mlopsc.stdlib.runtime.engine.why import causes
    from mlopsc.stdlib.runtime.summary.comparison import changes, figures

    yield style("bold", name)
    yield from (f"  because {style.ticked(cause)}" for cause in causes(dict(after.parts), dict(before.parts)))
    rows = changes(figures(before), figures(after))
    if not rows:
        yield "  with the same result"
        return
    from mlopsc.compiler.render.table import render_table

    yield from (f"  {line}" for line in render_table(("", "before", "after"), rows, style))
