"""`mlopsc release`: bring a version into service, approve it, move it on, take it back, and say what served when."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mlopsc.compiler.cli.commands import Group
from mlopsc.compiler.cli.deployments import deployment_of, locate_pipeline
from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.cli.spec import Spec, complete_environment, complete_release, split_arguments

if TYPE_CHECKING:
    from mlopsc.compiler.render.style import Style
    from mlopsc.stdlib.runtime.service.deployment import Deployment

_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group(cls=Group, name="release", short_help="Bring models into service, and take them out again.")
def command() -> None:
    """Bring a version into service by its release's strategy, and take it out again.

    A release is a log: each of these commands adds at most one entry, or only reads. Routers follow the log. Call
    `tick` from a scheduler, as often as you like: it does what is due, one step at a time.

    \b
    Examples:
      mlopsc release status -e prod
      mlopsc release start                    the newest version that passed the gate
      mlopsc release approve --key ~/.ssh/id_ed25519
      mlopsc release rollback                 to the version before, in seconds
      mlopsc release history --at 2025-03-03  what served on that day, on which data, approved by whom
    """


def _options(function: _Command) -> _Command:
    """What all of them take."""
    function = click.option("--json", "as_json", is_flag=True, help="One JSON object.")(function)
    named = click.option("--release", metavar="NAME", shell_complete=complete_release, help="Where there are several.")
    where = click.option(
        "-e", "--environment", shell_complete=complete_environment, help="By default the first that serves."
    )
    return where(named(function))


_version = click.argument("arguments", nargs=-1, metavar="[FILE] [VERSION]")
_file = click.argument("arguments", nargs=-1, metavar="[FILE]")


@command.command(name="start", short_help="Start a version: it waits for approval, or meets requests.")
@_version
@_options
def start(arguments: tuple[str, ...], environment: str | None, release: str | None, as_json: bool) -> int:
    """Start VERSION, by default the newest that passed the gate: it waits for approval, or meets its first requests.

    \b
    Examples:
      mlopsc release start
      mlopsc release start 7 -e prod     also one that was rolled back before
    """
    spec, number = _split(arguments)
    deployment = _open(spec, environment, release)
    from mlopsc.stdlib.runtime.release.start import start as start_version

    record = start_version(deployment, number, _actor(spec.folder))
    return _close(deployment, record, "it is under way or in service already", as_json)


@command.command(name="approve", short_help="Approve the version that waits, with an SSH key.")
@_version
@click.option("--key", type=click.Path(path_type=Path), help="Your SSH key; by default the one that git signs with.")
@_options
def approve(
    arguments: tuple[str, ...], key: Path | None, environment: str | None, release: str | None, as_json: bool
) -> int:
    """Approve the version that waits, by a signature with your SSH key.

    Whose key is whose stands in the file `approvers` beside the spec: a line for each key, the approver's name as the
    spec has it and the public key. Name the VERSION that you looked at, and no other will be approved.

    \b
    Examples:
      mlopsc release approve 7
      mlopsc release approve 7 -e prod --key ~/.ssh/work
    """
    spec, number = _split(arguments)
    deployment = _open(spec, environment, release)
    from mlopsc.stdlib.runtime.release.approval import approve as approve_version

    record = approve_version(deployment, key, number=number)
    return _close(deployment, record, "you have approved it already", as_json)


@command.command(name="tick", short_help="Do what is due, at most one step.")
@_file
@_options
def tick(arguments: tuple[str, ...], environment: str | None, release: str | None, as_json: bool) -> int:
    """Do what is due, at most one step, and say what comes next. Two at once are safe, and so is none for a week.

    Ends with 1 when a version was taken out of service.

    \b
    Examples:
      mlopsc release tick -e prod
      */5 * * * *  mlopsc release tick pipelines/pipeline.mlops -e prod     in a crontab
    """
    spec, number = _split(arguments)
    _refuse_number(number)
    deployment = _open(spec, environment, release)
    from mlopsc.stdlib.runtime.release.tick import tick as tick_once

    result = tick_once(deployment, _actor(spec.folder))
    if as_json:
        told = {"entry": result.change, "text": result.text, "waiting_for": result.waiting_for}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        from mlopsc.compiler.cli.released import tick_lines

        _show(tick_lines(result, _style()))
    _mirror(deployment, result.change)
    is_taken_out = result.change is not None and result.change["kind"] in ("rollback", "keep")
    return Exit.FINDINGS if is_taken_out else Exit.OK


@command.command(name="status", short_help="What serves, what the figures say, and what is due.")
@_file
@_options
def status(arguments: tuple[str, ...], environment: str | None, release: str | None, as_json: bool) -> int:
    """What serves, what is on its way, what the figures say, and what the next tick would do. Nothing is changed.

    \b
    Examples:
      mlopsc release status
      mlopsc release status -e prod --json
    """
    spec, number = _split(arguments)
    _refuse_number(number)
    deployment = _open(spec, environment, release)
    from mlopsc.compiler.cli.released import outlook_json, status_lines
    from mlopsc.stdlib.runtime.release.tick import outlook

    found = outlook(deployment)
    if as_json:
        click.echo(json.dumps(outlook_json(deployment, found), ensure_ascii=False))
    else:
        _show(status_lines(deployment, found, _style()))
    return Exit.OK


@command.command(name="rollback", short_help="Go back to a version that served, in seconds.")
@_version
@click.option("--reason", default="", metavar="TEXT", help="Why; it stays in the log.")
@_options
def rollback(
    arguments: tuple[str, ...], reason: str, environment: str | None, release: str | None, as_json: bool
) -> int:
    """Go back: end the rollout that is under way, else to the version before, or to any VERSION that once served.

    It takes seconds and needs no approval: routers follow the log, and have loaded the version that served last.

    \b
    Examples:
      mlopsc release rollback
      mlopsc release rollback 5 -e prod --reason "complaints from Oslo"
    """
    spec, number = _split(arguments)
    deployment = _open(spec, environment, release)
    from mlopsc.stdlib.runtime.release.rollback import rollback as go_back

    record = go_back(deployment, number, _actor(spec.folder), reason)
    return _close(deployment, record, "it answers everything already", as_json)


@command.command(name="history", short_help="What served when, on which data, approved by whom.")
@_file
@click.option("--at", metavar="DATE", help="What served then: 2025-03-03, or 2025-03-03T14:00, in UTC.")
@_options
def history(
    arguments: tuple[str, ...], at: str | None, environment: str | None, release: str | None, as_json: bool
) -> int:
    """All entries of the log, or what served on a day or at a time: on which data, and approved by whom.

    The chain of hashes is checked from the first entry to the last, and so are the signatures of approvals.

    \b
    Examples:
      mlopsc release history -e prod
      mlopsc release history -e prod --at 2025-03-03
    """
    spec, number = _split(arguments)
    _refuse_number(number)
    span = _span(at) if at else None
    deployment = _open(spec, environment, release)
    from mlopsc.compiler.cli.released import entry_lines, past_json, past_lines
    from mlopsc.stdlib.runtime.release.history import read_records

    records = read_records(deployment)
    if as_json:
        told = {"entries": records} if span is None else past_json(deployment, records, span)
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        style = _style()
        _show(entry_lines(records, style) if span is None else past_lines(deployment, records, span, style))
    return Exit.OK


def _split(arguments: tuple[str, ...]) -> tuple[Spec, int | None]:
    """`[FILE] [VERSION]`; raises UsageError where there is more, or the version is no number."""
    spec, names = split_arguments(arguments, locate_pipeline)
    if len(names) > 1:
        raise click.UsageError(f"one version at a time, not {' and '.join(f'`{one}`' for one in names)}")
    if names and not names[0].isdecimal():
        raise click.UsageError(f"a version is a number, and `{names[0]}` is none; an environment is named by `-e`")
    return spec, int(names[0]) if names else None


def _refuse_number(number: int | None) -> None:
    if number is not None:
        raise click.UsageError(f"this takes no version, and was given {number}")


def _open(spec: Spec, environment: str | None, release: str | None) -> Deployment:
    return deployment_of(spec, environment, release)


def _actor(folder: Path) -> str:
    """On whose account an entry is made: who commits here, else who is logged in."""
    from mlopsc.stdlib.runtime.release.actor import actor_of

    return actor_of(folder)


def _close(deployment: Deployment, record: Mapping[str, Any] | None, otherwise: str, as_json: bool) -> int:
    """Tell of an entry that was made, or why none was, and mirror it."""
    if as_json:
        click.echo(json.dumps({"entry": record, "text": record["reason"] if record else otherwise}, ensure_ascii=False))
    else:
        from mlopsc.compiler.cli.released import change_lines

        _show(change_lines(deployment, record, otherwise, _style()))
    _mirror(deployment, record)
    return Exit.OK


def _mirror(deployment: Deployment, record: Mapping[str, Any] | None) -> None:
    """Have the tracker follow, now that all is done and told; a failure is one line."""
    if record is None:
        return
    sys.stdout.flush()
    from mlopsc.stdlib.runtime.tracking import track_release

    if warning := track_release(deployment):
        click.echo(f"warning: {warning}", err=True)


def _span(text: str) -> tuple[float, float]:
    """The day or the moment that a date or time names; raises CommandFailure for anything else."""
    from datetime import UTC, datetime, timedelta

    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        hint = "write a day as `2025-03-03` or a time as `2025-03-03T14:00`"
        raise CommandFailure(f"`{text}` is no date", hint, Exit.USAGE) from error
    start = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    is_day = len(text.replace("-", "")) <= len("YYYYMMDD")
    return start.timestamp(), (start + timedelta(days=1)).timestamp() if is_day else start.timestamp()


def _style() -> Style:
    from mlopsc.compiler.render.style import style_of

    return style_of(sys.stdout)


def _show(lines: Iterable[str]) -> None:
    click.echo("\n".join(lines), color=_style().colour)
