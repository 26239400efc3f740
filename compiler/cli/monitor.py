"""`mlopsc monitor`: look at what a release does, list what happened, and write a report of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mlopsc.compiler.cli.commands import Group
from mlopsc.compiler.cli.deployments import built_for, locate_pipeline
from mlopsc.compiler.cli.exits import Exit
from mlopsc.compiler.cli.spec import Spec, complete_environment, complete_monitor
from mlopsc.compiler.records import Record

if TYPE_CHECKING:
    from mlopsc.compiler.render.style import Style, Tone
    from mlopsc.stdlib.runtime.monitor.journal import Journal
    from mlopsc.stdlib.runtime.service.deployment import Deployment

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Watched(Record):
    """A monitor with the release that it watches, and where its rules stand in the spec, by their ids."""

    deployment: Deployment
    stage: Mapping[str, Any]
    places: Mapping[str, str]


@click.group(cls=Group, name="monitor", short_help="Watch a release: what is wrong, and what is done about it.")
def command() -> None:
    """Look at what a release does in production, as the `watch` rules of a `monitor` block say.

    Call `look` from a scheduler, as often as you like: it does what is due. Events and actions are a log; to look
    twice, from two machines or after a crash, tells nothing twice and does nothing beyond its limit.

    \b
    Examples:
      mlopsc monitor look -e prod
      mlopsc monitor events -e prod --json
      mlopsc monitor report -e prod -o report.html
    """


def _options(function: _Command) -> _Command:
    """What all of them take."""
    function = click.option("--json", "as_json", is_flag=True, help="One JSON object.")(function)
    named = click.option("--monitor", metavar="NAME", shell_complete=complete_monitor, help="Where there are several.")
    where = click.option(
        "-e", "--environment", shell_complete=complete_environment, help="By default the first that serves."
    )
    file = click.argument("file", required=False, metavar="[FILE]")
    return file(where(named(function)))


@command.command(name="look", short_help="Look at what is due, and do what events ask for.")
@click.option(
    "--metrics",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what was found so far to this file, for Prometheus (the textfile collector of its node exporter).",
)
@_options
def look(file: str | None, environment: str | None, monitor: str | None, as_json: bool, metrics: Path | None) -> int:
    """Look at what is due now, note events, and do what the spec says then: notify, retrain, roll back, run.

    Ends with 1 when something began to be wrong. Mail goes through the server that MLOPSC_SMTP names, as in
    smtp://user:password@mail.example.com:587, from the address in MLOPSC_MAIL_FROM.

    \b
    Examples:
      mlopsc monitor look
      mlopsc monitor look -e prod --json
      mlopsc monitor look -e prod --metrics /var/lib/node_exporter/mlopsc.prom
      */5 * * * *  mlopsc monitor look pipelines/pipeline.mlops -e prod     in a crontab
    """
    watched = _open(locate_pipeline(file), environment, monitor)
    from mlopsc.stdlib.runtime.monitor.look import look as look_once
    from mlopsc.stdlib.runtime.release.actor import actor_of

    result = look_once(watched.deployment, watched.stage, actor_of(watched.deployment.project))
    if metrics is not None:
        from mlopsc.stdlib.runtime.engine.writing import write_atomically
        from mlopsc.stdlib.runtime.monitor.exposition import exposition

        write_atomically(metrics, exposition(watched.deployment, watched.stage).encode())
    if as_json:
        told = {"events": result.events, "actions": result.actions, "texts": result.texts}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        style = _style()
        lines = [style.ticked(text) for text in result.texts] or ["nothing new"]
        click.echo("\n".join(lines), color=style.colour)
    return Exit.FINDINGS if result.events else Exit.OK


@command.command(name="events", short_help="What happened, and what was done about it.")
@click.option("-n", "limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")
@_options
def events(file: str | None, environment: str | None, monitor: str | None, as_json: bool, limit: int) -> int:
    """The newest events, each with the rule that raised it, and with what was done about it.

    \b
    Examples:
      mlopsc monitor events
      mlopsc monitor events -e prod -n 5
      mlopsc monitor events --json          with all figures
    """
    watched = _open(locate_pipeline(file), environment, monitor)
    journal = _journal(watched)
    if as_json:
        told = {"events": [_event_json(event, journal) for event in journal.events[-limit:]]}
        click.echo(json.dumps(told, ensure_ascii=False))
        return Exit.OK
    style = _style()
    lines = [
        line for event in reversed(journal.events[-limit:]) for line in _event_lines(event, journal, watched, style)
    ]
    click.echo("\n".join(lines or ["no event so far"]), color=style.colour)
    return Exit.OK


@command.command(name="report", short_help="A page of all windows, over time, and of all events.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Where to write the page.")
@_options
def report(file: str | None, environment: str | None, monitor: str | None, as_json: bool, output: Path | None) -> int:
    """Write one HTML page: every watch over time, its newest window, all events, and what was done about them.

    \b
    Examples:
      mlopsc monitor report -e prod
      mlopsc monitor report -e prod -o report.html
    """
    spec = locate_pipeline(file)
    watched = _open(spec, environment, monitor)
    from mlopsc.stdlib.runtime.engine.history import STATE
    from mlopsc.stdlib.runtime.engine.writing import write_atomically
    from mlopsc.stdlib.runtime.monitor.report import render_report
    from mlopsc.stdlib.runtime.monitor.watches import read_monitor

    page = render_report(watched.deployment, read_monitor(watched.stage), _journal(watched), watched.places)
    default = spec.folder / STATE / "reports" / f"{watched.stage['name']}.{watched.deployment.environment}.html"
    path = output or default
    write_atomically(path, page.encode())
    shown = spec.shown(str(path.relative_to(spec.folder))) if output is None else str(path)
    click.echo(json.dumps({"report": shown}) if as_json else f"wrote {shown}")
    return Exit.OK


def _open(spec: Spec, environment: str | None, monitor: str | None) -> Watched:
    from mlopsc.compiler.ir.origins import place

    built, name = built_for(spec, environment)
    from mlopsc.stdlib.runtime.monitor.look import find_monitor
    from mlopsc.stdlib.runtime.service.deployment import open_deployment

    document = built.documents[name]
    stage = find_monitor(document, monitor)
    deployment = open_deployment(document, spec.folder, str(stage["settings"]["release"]))
    places = {rule["id"]: place(built.origins[name], stage["name"], rule=rule["id"]) for rule in stage["rules"]}
    return Watched(deployment, stage, {key: spec.shown(text) if text else "" for key, text in places.items()})


def _journal(watched: Watched) -> Journal:
    from mlopsc.stdlib.runtime.monitor.journal import EventLog

    return EventLog(watched.deployment.store, watched.deployment.events(str(watched.stage["name"]))).read()


def _event_json(event: Mapping[str, Any], journal: Journal) -> dict[str, Any]:
    done = [record for one in journal.done.values() if one.event == event["id"] for record in one.records]
    return {**event, "goes_on": journal.is_going_on(event), "done": done}


def _event_lines(event: Mapping[str, Any], journal: Journal, watched: Watched, style: Style) -> Iterator[str]:
    goes_on = journal.is_going_on(event)
    tone: Tone = "error" if goes_on else "dim"
    head = f"{event['id']:>4}  {event['at'][:16].replace('T', ' ')}  {event['category']}"
    where = watched.places.get(event["watch"], "")
    yield f"{style(tone, head)}  {event['watch']}{'  ' + style('place', where) if where else ''}"
    yield f"      {style.ticked(event['text'])}{'' if goes_on else style('dim', '; over')}"
    for one in journal.done.values():
        if one.event == event["id"]:
            yield f"      {one.action} {one.last['state']}: {style.ticked(one.last['reason'])}"


def _style() -> Style:
    from mlopsc.compiler.render.style import style_of

    return style_of(sys.stdout)
