"""`mlopsc job`: stages that run as tasks on the cloud of an environment."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mlopsc.compiler.cli.commands import Group
from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.cli.spec import complete_environment, environment_named, locate

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.jobs.submission import Jobs, Report
    from mlopsc.targets import Build

_Command = TypeVar("_Command", bound=Callable[..., Any])
_CODES: Mapping[str, Exit] = {"done": Exit.OK, "running": Exit.RUNNING, "none": Exit.RUNNING, "failed": Exit.FINDINGS}
_WORDS = {"done": "done", "running": "running", "none": "not started", "failed": "failed"}


@click.group(cls=Group, name="job", short_help="Start stages as tasks on a cloud, and wait for them.")
def command() -> None:
    """Start the stages that say `compute = job(…)` as tasks on the cloud of their environment, and wait for them.

    A task is found again by the key of its stage: whoever asks next, on whatever machine, waits for the one that runs
    and starts none for what is done. Ends with 75 while a job is running or has yet to start.

    \b
    Examples:
      mlopsc job wait -e prod --within 5h    start what is not done, and wait
      mlopsc job submit -e prod              start, and leave
      mlopsc job status -e prod
    """


def _options(function: _Command) -> _Command:
    """What all of them take."""
    function = click.option("--json", "as_json", is_flag=True, help="One JSON object.")(function)
    where = click.option(
        "-e", "--environment", shell_complete=complete_environment, help="By default the first with jobs."
    )
    return click.argument("file", required=False, type=click.Path())(where(function))


def _seconds(_: click.Context, __: click.Parameter, text: str) -> float:
    from mlopsc.compiler.schema.values import Duration

    try:
        duration = Duration.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    if duration.months:
        raise click.BadParameter("nobody waits for months")
    return duration.seconds


@command.command(name="submit", short_help="Start the next job that is not done.")
@_options
def submit(file: str | None, environment: str | None, as_json: bool) -> int:
    """Start the first job that is neither done nor under way, and leave. The later ones need what it makes."""
    return _show(_jobs(file, environment).submit(), as_json)


@command.command(name="status", short_help="How the jobs are doing.")
@_options
def status(file: str | None, environment: str | None, as_json: bool) -> int:
    """How the jobs are doing; changes nothing. With --json, `left` says whether somebody has stopped waiting for one,
    and nobody has come back to it."""
    return _show(_jobs(file, environment).status(), as_json)


@command.command(name="wait", short_help="Start what is not done, and wait for it.")
@click.option("--within", callback=_seconds, default="5h", show_default=True, metavar="TIME", help="How long at most.")
@_options
def wait(file: str | None, environment: str | None, within: float, as_json: bool) -> int:
    """Start what is not done, one job after the other, and wait for them.

    A job that failed has its last lines shown, and is started again by the next call. One that is still running when
    the time is over goes on.
    """
    jobs = _jobs(file, environment)
    report = jobs.wait(within, lambda words: click.echo(words, err=as_json))
    return _show([report] if report else jobs.status(), as_json)


def _jobs(file: str | None, environment: str | None) -> Jobs:
    """The jobs of an environment; raises CommandFailure where it has none."""
    from mlopsc.compiler.cli.build import compile_for
    from mlopsc.compiler.cli.built import describe
    from mlopsc.compiler.cli.deployed import TARGETS
    from mlopsc.compiler.cli.run import request_for
    from mlopsc.stdlib.runtime.extras import need_extra

    spec = locate(file)
    compilation = compile_for(spec, TARGETS)
    name = environment_named(compilation.pipelines, environment or _first(compilation.builds))
    build = compilation.builds[name]
    if not _has_jobs(build):
        fact = f"`{name}` has no jobs: none of its stages says `compute = job(…)`, or it is on no cloud that runs them"
        raise CommandFailure(fact, f"`mlopsc run -e {name}` runs its stages here", Exit.USAGE)
    need_extra("run")
    from mlopsc.stdlib.runtime.engine.prepared import Prepared
    from mlopsc.stdlib.runtime.jobs.ecs import Ecs
    from mlopsc.stdlib.runtime.jobs.submission import Jobs
    from mlopsc.stdlib.runtime.store.opening import environment_place, open_store
    from mlopsc.targets.terraform.aws.jobs import where
    from mlopsc.targets.terraform.aws.place import Place
    from mlopsc.targets.terraform.jobs import jobs_of

    place = Place(build)
    built = describe(compilation)
    settings = built.documents[name]["environment"].get("settings", {})
    url = environment_place(settings) or place.store
    prepared = Prepared(request_for(spec, built, name, store=open_store(url, spec.folder)))
    return Jobs(prepared, Ecs(**where(place)), [job.stage.name for job in jobs_of(build)])


def _first(builds: Mapping[str, Build]) -> str | None:
    return next((name for name, build in builds.items() if _has_jobs(build)), None)


def _has_jobs(build: Build) -> bool:
    from mlopsc.targets.terraform.jobs import jobs_of
    from mlopsc.targets.terraform.platforms import LOCAL, platform_of

    return platform_of(build)["function"] != LOCAL and bool(jobs_of(build))


def _show(reports: Sequence[Report], as_json: bool) -> int:
    """Tell of them; what is worst decides how the command ends."""
    if as_json:
        told = [{"stage": one.stage, "state": one.state, "task": one.task, "reason": one.reason} for one in reports]
        click.echo(json.dumps({"jobs": told, "left": any(one.is_left for one in reports)}, ensure_ascii=False))
    else:
        for one in reports:
            _tell(one)
    codes = {_CODES[one.state] for one in reports}
    return next((code for code in (Exit.FINDINGS, Exit.RUNNING) if code in codes), Exit.OK)


def _tell(report: Report) -> None:
    from mlopsc.compiler.render.cells import safe

    words = [_WORDS[report.state], report.task, report.reason]
    click.echo(safe(f"{report.stage}: {', '.join(one for one in words if one)}"))
    if report.state == "failed" and report.printed:
        click.echo("  the last lines it printed:")
        for line in report.printed:
            click.echo(f"    {safe(line)}")
