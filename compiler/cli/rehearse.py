"""`mlopsc rehearse`: the life of a release, in minutes, on this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from mlopsc.compiler.cli.deployments import built_of
from mlopsc.compiler.cli.exits import Exit
from mlopsc.compiler.cli.spec import complete_environment, environment_named, is_spec, locate
from mlopsc.stdlib.runtime.extras import need_extra

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from mlopsc.compiler.cli.built import Built
    from mlopsc.compiler.cli.spec import Spec
    from mlopsc.stdlib.runtime.rehearsal.diary import Audience
    from mlopsc.stdlib.runtime.rehearsal.report import Report
    from mlopsc.stdlib.runtime.rehearsal.scene import Scene


def _complete_trouble(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from mlopsc.stdlib.runtime.rehearsal.injections import KINDS

    return [CompletionItem(one.value, help=kind.what) for one, kind in KINDS.items() if one.startswith(incomplete)]


@click.command(name="rehearse", short_help="Play the life of a release in minutes, with trouble if you like.")
@click.argument("arguments", nargs=-1, metavar="[FILE] [ENVIRONMENT]", shell_complete=complete_environment)
@click.option(
    "--inject",
    "troubles",
    multiple=True,
    metavar="TROUBLE[@WHEN]",
    shell_complete=_complete_trouble,
    help="drift, bad-model, slow-model, errors, stale-data, outage or label-delay; WHEN it begins, such as 14d.",
)
@click.option("--days", type=click.FloatRange(min=1), metavar="N", help="How many days to play; by default all rows.")
@click.option("--release", metavar="NAME", help="Which release, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each thing that happens.")
def command(
    arguments: tuple[str, ...], troubles: tuple[str, ...], days: float | None, release: str | None, as_json: bool
) -> int:
    """Play the whole life of a release on this machine: train on the rows up to a day, pass the gate, approve, serve,
    send the rows after that day through the real router, tell what turned out to be true, tick, watch, retrain.

    The clock is simulated, everything else is real. Nothing outside `.mlops/rehearsals` is touched. By default it
    plays the last environment. Ends with 1 when there is no model to serve, or when a trouble that was injected was
    noticed by no rule of the spec.

    \b
    Examples:
      mlopsc rehearse prod
      mlopsc rehearse prod --inject drift
      mlopsc rehearse prod --inject errors@5d --inject outage@20d --days 40
    """
    spec, name = _split(arguments)
    need_extra("run")
    need_extra("serve")
    from mlopsc.stdlib.runtime.rehearsal.injections import parse_injection
    from mlopsc.stdlib.runtime.rehearsal.report import rehearse
    from mlopsc.stdlib.runtime.rehearsal.scene import Asked, set_scene

    injections = tuple(parse_injection(text) for text in troubles)
    built = built_of(spec)
    environment = environment_named(built.documents, name) if name else [*built.documents][-1]
    asked = Asked(built.documents[environment], spec.folder.resolve(), built.runtimes, release, injections, days)
    if not as_json:
        click.echo("reading the data", err=True)
    scene = set_scene(asked)
    with _telling(spec, built, environment, scene, as_json) as audience:
        report = rehearse(scene, audience, built.origins[environment], _texts(spec, built))
    _end(spec, report, as_json)
    return Exit.OK if report.is_well else Exit.FINDINGS


def _split(arguments: Sequence[str]) -> tuple[Spec, str | None]:
    """`[FILE] [ENVIRONMENT]`; raises UsageError where there is more."""
    files = [one for one in arguments if is_spec(one)]
    names = [one for one in arguments if not is_spec(one)]
    if len(files) > 1 or len(names) > 1:
        raise click.UsageError("one spec and one environment at a time")
    return locate(files[0] if files else None), names[0] if names else None


def _texts(spec: Spec, built: Built) -> dict[str, str]:
    """The texts of the files that rules stand in, by path."""
    found = {}
    for stage in (stage for origins in built.origins.values() for stage in origins["stages"].values()):
        for place in stage["rules"].values():
            file = place.partition(":")[0]
            if file not in found and (spec.folder / file).is_file():
                found[file] = (spec.folder / file).read_text(encoding="utf-8")
    return found


@contextmanager
def _telling(spec: Spec, built: Built, environment: str, scene: Scene, as_json: bool) -> Iterator[Audience]:
    """Whoever shows the moments: JSON, or lines with a bar below them on a terminal."""
    from mlopsc.compiler.cli.rehearsed import Lines, opening
    from mlopsc.compiler.render.style import is_terminal, style_of
    from mlopsc.stdlib.runtime.rehearsal.diary import Audience

    if as_json:
        yield Audience(
            lambda moment: click.echo(json.dumps({**vars(moment), "details": dict(moment.details)}, default=str))
        )
        return
    style = style_of(sys.stdout)
    click.echo("\n".join(opening(scene, environment, style)), color=style.colour)
    lines = Lines(scene, built.origins[environment], spec.shown, style)
    if not is_terminal(sys.stdout):
        yield Audience(lambda moment: click.echo(lines.line(moment), color=style.colour))
        return
    from mlopsc.compiler.cli.bar import Bar

    bar = Bar(sys.stdout, scene.world.begins, scene.ends)
    try:
        yield Audience(lambda moment: bar.show(lines.line(moment)), bar.advance)
    finally:
        bar.close()


def _end(spec: Spec, report: Report, as_json: bool) -> None:
    from mlopsc.compiler.cli.rehearsed import summary
    from mlopsc.compiler.render.style import style_of

    if as_json:
        return
    style = style_of(sys.stdout)
    click.echo("\n".join(summary(report, spec.shown, style)), color=style.colour)
