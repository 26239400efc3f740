"""`mlopsc run`: build, then do what is not done yet."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlopsc.compiler.cli.built import Built, build_afresh, remembered
from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.cli.sound import RUNNING, emit_sound
from mlopsc.compiler.cli.spec import Spec, complete_environment, complete_stage, environment_named, split_arguments
from mlopsc.stdlib.runtime.extras import need_extra

if TYPE_CHECKING:
    from mlopsc.compiler.compilation import Compilation
    from mlopsc.stdlib.runtime.engine.events import Listener, StageSummary
    from mlopsc.stdlib.runtime.engine.prepared import Request
    from mlopsc.stdlib.runtime.engine.runner import RunResult

_MOST = 20
"""Of how many stages the summary tells."""


@click.command(name="run", short_help="Build, then run what is not done yet.")
@click.argument("arguments", nargs=-1, metavar="[FILE] [STAGE]...", shell_complete=complete_stage)
@click.option("-e", "--environment", shell_complete=complete_environment, help="By default the first.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), metavar="N", help="How many stages run side by side.")
@click.option(
    "--force", multiple=True, metavar="STAGE", shell_complete=complete_stage, help="Run it even if unchanged."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each event.")
def command(
    arguments: tuple[str, ...], environment: str | None, jobs: int | None, force: tuple[str, ...], as_json: bool
) -> int:
    """Build, then run the stages that are not done yet, or only some STAGEs and what they need.

    Ends with 1 when a stage or a gate failed, and with 3 when a gate is undecided. What is done is kept, however a
    run ends.

    \b
    Examples:
      mlopsc run
      mlopsc run demand_gate               that stage and what it needs
      mlopsc run -e prod -j 4
      mlopsc run --force rides             once more, from its source
      mlopsc run examples/bike-demand/pipeline.mlops
    """
    spec, stages = split_arguments(arguments)
    built = remembered(spec) or build_afresh(spec, lambda compilation: _write(spec, compilation))
    name = environment_named(built.documents, environment)
    refuse_unknown(built, name, (*stages, *force))
    need_extra("run")
    from mlopsc.stdlib.runtime.engine.runner import run
    from mlopsc.stdlib.runtime.on_github import shielded, tell

    request = request_for(spec, built, name, only=stages, force=force, jobs=jobs)
    with nullcontext() if as_json else shielded(sys.stdout):
        with _listening(as_json) as listener:
            result = run(request, listener)
        if not as_json:
            _show(spec, built, name, result)
        _track(request, result)
        if not as_json:
            _close(spec, built, name, result)
    if warning := tell(request, result, _places_in(built, name), None if as_json else sys.stdout):
        click.echo(f"warning: {warning}", err=True)
    return result.exit_code


def request_for(spec: Spec, built: Built, environment: str, **options: Any) -> Request:
    """What the engine is asked to run: the pipeline of an environment, as its `run.py` would ask."""
    from mlopsc.stdlib.runtime.engine.prepared import Request

    return Request(built.documents[environment], spec.folder, built.runtimes, **options)


def refuse_unknown(built: Built, environment: str, names: Iterable[str]) -> None:
    """Raise CommandFailure for a name that is no stage, or a stage that a run does not start."""
    stages = built.kinds(environment)
    for name in names:
        if name not in stages:
            from mlopsc.compiler.diagnostics import did_you_mean

            close = did_you_mean(name, stages)
            hint = f"did you mean `{close}`?" if close else f"there are {', '.join(f'`{one}`' for one in stages)}"
            raise CommandFailure(f"there is no stage `{name}`", hint, Exit.USAGE)
        if stages[name] not in built.runtimes:
            fact = f"`{name}` is a `{stages[name]}` stage: it is declared and checked, and no run starts it"
            raise CommandFailure(fact, f"`mlopsc {stages[name]} --help` says what does its work", Exit.USAGE)


def _write(spec: Spec, compilation: Compilation) -> dict[str, str]:
    from mlopsc.compiler.cli.outputs import apply, compare, told_edits

    files = emit_sound(spec, compilation, RUNNING)
    difference = compare(spec.folder, spec.name, files, RUNNING)
    apply(spec.folder, difference, files)
    for line in told_edits(difference, spec.shown):
        click.echo(f"warning: {line}", err=True)
    return {one.path: one.text for one in files}


@contextmanager
def _listening(as_json: bool) -> Iterator[Listener]:
    """Whoever shows the run: JSON, a table on a terminal, else plain lines."""
    from mlopsc.compiler.render.style import is_terminal

    if not as_json and is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb":
        from mlopsc.compiler.cli.progress import LiveTable

        table = LiveTable(sys.stdout)
        try:
            yield table
        finally:
            table.close()
        return
    from mlopsc.stdlib.runtime.engine.listeners import JsonLines, PlainLines

    yield JsonLines(sys.stdout) if as_json else _brief(PlainLines(sys.stdout))


def _brief(lines: Listener) -> Listener:
    """The same without what stages found and why they failed, which the summary at the end tells."""
    from mlopsc.stdlib.runtime.engine.events import Event, RunFinished, StageFinished

    def listen(event: Event) -> None:
        if isinstance(event, StageFinished):
            event = StageFinished(replace(event.summary, record=None, failure=None))
        if not isinstance(event, RunFinished):
            lines(event)

    return listen


def _track(request: Request, result: RunResult) -> None:
    """Mirror what was trained and judged into the tracker, now that the verdict is told; a failure is one line."""
    from mlopsc.stdlib.runtime.tracking import track_run

    if warning := track_run(request, result):
        click.echo(f"warning: {warning}", err=True)


def _show(spec: Spec, built: Built, environment: str, result: RunResult) -> None:
    from mlopsc.compiler.render.style import style_of
    from mlopsc.stdlib.runtime.summary.stages import summarize

    style = style_of(sys.stdout)
    lines = ["", *summarize(result.stages, style, places_of(spec, built, environment), _MOST)]
    click.echo("\n".join(lines), color=style.colour)


def _close(spec: Spec, built: Built, environment: str, result: RunResult) -> None:
    from mlopsc.compiler.render.style import style_of
    from mlopsc.stdlib.runtime.summary.stages import counts, seconds

    style = style_of(sys.stdout)
    lines: list[str] = []
    idle = _not_started(built, environment)
    if idle:
        lines += [style("dim", f"declared and checked, not started by a run: {idle}"), ""]
    lines.append(f"run {result.number} in {environment}: {counts(result.stages)}, {seconds(result.seconds)}")
    lines += _records(spec, built, environment, result)
    lines.append(f"next: {_next(spec, built, environment, result)}")
    click.echo("\n".join(lines), color=style.colour)


def places_of(spec: Spec, built: Built, environment: str) -> Callable[[str, str, str], str]:
    """Where in the spec a stage, or a rule or setting of it, is written, as a person here would name the file."""
    places = _places_in(built, environment)

    def place_of(stage: str, rule: str, setting: str) -> str:
        file, colon, rest = places(stage, rule, setting).partition(":")
        return f"{spec.shown(file)}{colon}{rest}" if file else ""

    return place_of


def _places_in(built: Built, environment: str) -> Callable[[str, str, str], str]:
    """The same, with the file relative to the folder of the spec."""
    from mlopsc.compiler.ir.origins import place

    origins = built.origins[environment]
    return lambda stage, rule, setting: place(origins, stage, rule=rule, setting=setting)


def _not_started(built: Built, environment: str) -> str:
    """The stages that have a command of their own, which has effects outside: `nightly (mlopsc score nightly)`."""
    kinds = built.kinds(environment).items()
    idle = [(stage, kind) for stage, kind in kinds if kind not in built.runtimes]
    return ", ".join(f"{stage} (`mlopsc {kind}{f' {stage}' if kind == 'score' else ''}`)" for stage, kind in idle)


def _records(spec: Spec, built: Built, environment: str, result: RunResult) -> Iterator[str]:
    """Where more is to be read."""
    yield f"log: {spec.shown(os.path.relpath(result.folder, spec.folder.resolve()))}"
    tracking = built.documents[environment]["environment"].get("settings", {}).get("tracking")
    if tracking:
        from mlopsc.stdlib.runtime.credentials import without_credentials

        yield f"experiments: {without_credentials(str(tracking))}"
    elif (spec.folder / ".mlops" / "mlflow.db").exists():
        database = spec.shown(".mlops/mlflow.db")
        if _has_pages():
            yield f"experiments: mlflow ui --backend-store-uri sqlite:///{database}"
        else:
            yield f"experiments: {database}, and `pip install mlflow` brings the pages that show them"


def _has_pages() -> bool:
    """Whether MLflow's user interface is installed, which `mlflow-skinny` comes without; nothing is imported."""
    found = find_spec("mlflow")
    return bool(found and found.origin and (Path(found.origin).parent / "server" / "js" / "build").is_dir())


def _next(spec: Spec, built: Built, environment: str, result: RunResult) -> str:
    """What to do now."""
    outcomes = {one.outcome.value for one in result.stages}
    if "interrupted" in outcomes:
        return "run again; what is done is kept"
    if "error" in outcomes:
        return "mend it and run again; what is done is kept"
    if "fail" in outcomes:
        failed = next(one for one in result.stages if one.outcome.value == "fail")
        if failed.kind == "test":
            return f"the gate `{failed.stage}` stays closed: a better model, or another requirement"
        return f"mend the rows of `{failed.stage}`, or what its schema and checks say of them"
    if "undecided" in outcomes:
        return _to_decide(next(one for one in result.stages if one.outcome.value == "undecided"))
    return _after_success(spec, built, environment, result)


def _to_decide(gate: StageSummary) -> str:
    """What an undecided gate waits for."""
    rules: list[Mapping[str, Any]] = gate.record.facts["rules"] if gate.record else []
    needs_rows = any(one.get("rows_needed") for rule in rules for one in rule["judgements"])
    what = "more rows would decide" if needs_rows else "it cannot tell yet"
    return f"the gate `{gate.stage}` stays closed: {what}; the lines above say what is missing"


def _after_success(spec: Spec, built: Built, environment: str, result: RunResult) -> str:
    gates: list[Mapping[str, Any]] = [one.record.facts for one in result.stages if one.kind == "test" and one.record]
    order = [*built.documents]
    later = order[order.index(environment) + 1 :]
    if gates and later and not any(gate.get("counted") for gate in gates):
        return f"`mlopsc run -e {later[0]}` judges the model on the test split"
    if gates and "release" not in built.kinds(environment).values():
        return "`mlopsc add release` says how the model comes into service"
    opened = {one.stage: one.record.facts["version"] for one in result.stages if one.kind == "test" and one.record}
    if release := _to_release(spec, built.documents[environment], opened):
        return release
    return "`mlopsc runs` lists all runs, `mlopsc data` the versions of the rows"


def _to_release(spec: Spec, document: Mapping[str, Any], opened: Mapping[str, int | None]) -> str:
    """How a version that just passed its gate comes into service; "" where none did, or it has been there before."""
    from mlopsc.stdlib.runtime.release.state import ReleaseLog
    from mlopsc.stdlib.runtime.release.versions import tried
    from mlopsc.stdlib.runtime.service.deployment import open_deployment
    from mlopsc.stdlib.runtime.store.faults import StoreError

    for stage in document["stages"]:
        version = opened.get(str(stage.get("settings", {}).get("gate"))) if stage["kind"] == "release" else None
        if version is None:
            continue
        deployment = open_deployment(document, spec.folder, stage["name"])
        with suppress(StoreError):  # the release says so itself, when it is asked
            if version not in tried(ReleaseLog(deployment.store, deployment.log).records()):
                where = f"-e {deployment.environment}"
                return f"`mlopsc release start {where}` brings version {version} of `{deployment.model}` into service"
    return ""
