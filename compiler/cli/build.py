"""`mlopsc build`: write what the spec stands for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.cli.sound import DEFAULT_TARGETS, RUNNING, compile_sound, emit_sound
from mlopsc.compiler.cli.spec import DEFAULT, STDIN, Spec, complete_environment, environment_named, locate

if TYPE_CHECKING:
    from mlopsc.compiler.cli.outputs import Difference
    from mlopsc.compiler.compilation import Compilation
    from mlopsc.compiler.workspace import Workspace


_KEEP = "what is to stay in a workflow belongs into `.github/mlopsc-overlays.yml`; see `mlopsc explain E645`"


@click.command(name="build", short_help="Write runners, alert rules, Terraform and workflows.")
@click.argument("file", required=False, type=click.Path())
@click.option("--check", is_flag=True, help="Write nothing; end with 1 and a diff if a file is not that of the spec.")
@click.option(
    "--target",
    "targets",
    multiple=True,
    default=DEFAULT_TARGETS,
    show_default=True,
    help="What to write it as.",
)
@click.option("-e", "--environment", shell_complete=complete_environment, help="Only this one; by default all.")
def command(file: str | None, check: bool, targets: tuple[str, ...], environment: str | None) -> int:
    """Write the runner of each environment to deploy/PIPELINE/ENVIRONMENT, alert rules where it has a service, and
    Terraform where that keeps it; where the spec names a repository of GitHub, workflows to .github/workflows.

    Nothing is written while the spec has errors. Files of earlier builds that the spec no longer makes are removed,
    unless they have been edited; of an edited file that is made anew a copy is kept. With --target, only those are
    written, and the files of other targets stay as they are.

    \b
    Examples:
      mlopsc build
      mlopsc build --check       in CI: are the committed files those of the spec?
      mlopsc build -e prod
    """
    if file == STDIN:
        raise click.UsageError("a build needs a folder to write to, so it cannot read stdin")
    from mlopsc.compiler.cli.outputs import apply, compare, is_workflow

    spec = locate(file)
    compilation = compile_for(spec, targets)
    files = emit_sound(spec, compilation, targets)
    only = _folder_of(compilation, environment_named(compilation.pipelines, environment)) if environment else ""
    if check:
        demanded = [one for one in files if one.committed and not one.is_seed]
        difference = compare(spec.folder, spec.name, demanded, targets, only)
        return _report_check(spec, difference, environment)
    difference = compare(spec.folder, spec.name, files, targets, only)
    apply(spec.folder, difference, files)
    _report(spec, difference)
    if any(is_workflow(path) for path in difference.changed):
        _warn_of_github(spec, compilation)
    return Exit.OK


def _warn_of_github(spec: Spec, compilation: Compilation) -> None:
    """Say where GitHub would not find workflows that have just been written, or not run them."""
    from mlopsc.compiler.cli.examination_of_github import examine_github
    from mlopsc.compiler.cli.looks import show

    show((one for one in examine_github(spec, compilation) if one.status != "ok"), sys.stderr)


def compile_for(spec: Spec, targets: Sequence[str] = RUNNING, workspace: Workspace | None = None) -> Compilation:
    """The compilation of a spec that the targets can express, by default those that running needs.

    Raises CommandFailure with the messages shown.
    """
    from mlopsc.targets import UnknownTargetError

    try:
        return compile_sound(spec, targets, workspace)
    except UnknownTargetError as error:
        known = ", ".join(f"`{name}`" for name in error.known)
        raise CommandFailure(f"there is no target `{error.name}`", f"there are {known}", Exit.USAGE) from error


def _folder_of(compilation: Compilation, environment: str) -> str:
    from mlopsc.targets import folder_name

    pipeline = compilation.pipelines[environment]
    return f"deploy/{folder_name(pipeline.name)}/{folder_name(environment)}/"


def _report(spec: Spec, difference: Difference) -> None:
    from mlopsc.compiler.cli.outputs import is_workflow, told_edits

    lines = [f"wrote      {spec.shown(path)}" for path in difference.changed]
    lines += [f"unchanged  {spec.shown(path)}" for path in difference.unchanged]
    lines += [f"removed    {spec.shown(path)}" for path in difference.stale]
    for path in difference.kept:
        lines.append(f"kept       {spec.shown(path)}: nothing makes it any more, but it has been edited")
    click.echo("\n".join(lines))
    for line in told_edits(difference, spec.shown):
        click.echo(f"warning: {line}", err=True)
    if any(is_workflow(path) for path in difference.edited):
        click.echo(f"next: {_KEEP}", err=True)


def _report_check(spec: Spec, difference: Difference, environment: str | None) -> Exit:
    from mlopsc.compiler.cli.outputs import is_workflow, read_text
    from mlopsc.compiler.render.differences import render_diff
    from mlopsc.compiler.render.style import style_of

    if difference.is_empty:
        click.echo(f"{len(difference.unchanged)} files are those of {spec.shown(spec.name)}")
        return Exit.OK
    style = style_of(sys.stdout)
    for path, text in difference.changed.items():
        before = read_text(spec.folder / path) or ""
        sys.stdout.write(render_diff(spec.shown(path), before, text, style))
    for path in difference.stale:
        click.echo(f"{spec.shown(path)}: the spec does not make it any more")
    number = len(difference.changed) + len(difference.stale)
    named = f" {spec.shown(spec.name)}" if spec.shown(spec.name) != DEFAULT else ""
    only = f" -e {environment}" if environment else ""
    are = "1 file is not that" if number == 1 else f"{number} files are not those"
    click.echo(style("error", f"{are} of the spec; mend it with: mlopsc build{named}{only}"))
    if any(is_workflow(path) for path in difference.edited):
        click.echo(f"next: {_KEEP}")
    return Exit.FINDINGS
