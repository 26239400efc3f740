"""`mlopsc pins`: the releases of GitHub's actions that the workflows use."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlopsc.compiler.cli.commands import Group
from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.cli.spec import Spec, locate

if TYPE_CHECKING:
    from mlopsc.compiler.render.style import Style
    from mlopsc.targets.github.own_files import OwnFileProblem
    from mlopsc.targets.github.pins import Pin

_KNOWN = "mlopsc"
_file = click.option("--file", metavar="FILE", help="The spec; by default the pipeline.mlops of this folder.")


@dataclass(frozen=True)
class _Repository:
    """A repository by the way from its spec to its top, and what its file of pins says, if it has one."""

    spec: Spec
    to_top: str
    text: str | None
    others: Collection[str]
    """Actions that nobody but its overlays use."""

    @property
    def path(self) -> str:
        """The file of pins, as a person here would name it."""
        from mlopsc.targets.github.pins_file import PATH

        return self.spec.shown(f"{self.to_top}{PATH}")

    @property
    def target(self) -> Path:
        """The file of pins."""
        from mlopsc.targets.github.pins_file import PATH

        return self.spec.folder / f"{self.to_top}{PATH}"

    def listed(self) -> dict[str, Pin]:
        """The pins of the file, by action; raises CommandFailure where it cannot be followed."""
        from mlopsc.targets.github.own_files import OwnFileProblem
        from mlopsc.targets.github.pins_file import read

        try:
            return read(self.text or "", others=self.others)
        except OwnFileProblem as problem:
            raise _failure(self.path, problem) from problem


@click.group(
    cls=Group, name="pins", invoke_without_command=True, short_help="Say by which commits workflows use actions."
)
@click.pass_context
def command(ctx: click.Context) -> int:
    """List, update and check the releases of GitHub's actions that the workflows use, each by its commit.

    They are kept in .github/mlopsc-pins.yml, at the top of the repository. The file is yours: a build begins it, reads
    it, and never changes it. Nothing here asks the network.

    \b
    Examples:
      mlopsc pins                                 which are in force, and where they come from
      mlopsc pins update ../other/.github/mlopsc-pins.yml
      mlopsc pins update pins.json --check        would that change anything? 1 if so
      mlopsc pins check                           do the workflows use these and no others? 1 if not
    """
    return int(ctx.invoke(list_pins)) if ctx.invoked_subcommand is None else Exit.OK


@command.command(name="list")
@_file
def list_pins(file: str | None = None) -> int:
    """The actions with their releases and commits, and where each is from."""
    from mlopsc.compiler.render.style import style_of
    from mlopsc.compiler.render.table import render_table
    from mlopsc.targets.github.pins_file import in_force

    repository = _repository(file)
    listed = repository.listed()
    rows = [
        (pin.action, pin.version, pin.commit, repository.path if pin.action in listed else _KNOWN)
        for pin in in_force(listed).values()
    ]
    style = style_of(sys.stdout)
    lines = render_table(("action", "release", "commit", "from"), rows, style)
    click.echo("\n".join(lines), color=style.colour)
    return Exit.OK


@command.command(name="update")
@click.argument("source", metavar="FROM", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; end with 1 if something would change.")
@_file
def update(source: Path, check: bool, file: str | None) -> int:
    """Take releases over from FROM: a file of pins as a repository has it, or the same as JSON."""
    from mlopsc.compiler.cli.writing import write_file
    from mlopsc.compiler.render.style import style_of
    from mlopsc.targets.github.pins_file import begun, changed, in_force

    repository = _repository(file)
    before = {pin.action: pin for pin in in_force(repository.listed()).values()}
    after = _offered(source, repository.others)
    differing = {action: pin for action, pin in after.items() if pin != before.get(action)}
    if not differing:
        click.echo(f"all is as in `{source}` already")
        return Exit.OK
    style = style_of(sys.stdout)
    click.echo("\n".join(_told(before, differing, style)), color=style.colour)
    if check:
        return Exit.FINDINGS
    text = begun() if repository.text is None else repository.text
    write_file(repository.target, changed(text, differing.values()))
    click.echo(f"wrote      {repository.path}")
    click.echo("next: `mlopsc build` writes the workflows by it")
    return Exit.OK


@command.command(name="check")
@_file
def check(file: str | None) -> int:
    """Whether the file of pins can be followed, and the workflows that a build wrote use its releases and no others."""
    from mlopsc.compiler.render.cells import counted
    from mlopsc.compiler.render.style import style_of
    from mlopsc.targets.github.pins_file import in_force

    repository = _repository(file)
    pins = {pin.action: pin for pin in in_force(repository.listed()).values()}
    workflows = _workflows(repository)
    found = [line for path, text in workflows.items() for line in _findings(path, text, pins)]
    style = style_of(sys.stdout)
    for line in found:
        click.echo(f"{style('error', '✗')} {style.ticked(line)}", color=style.colour)
    if found:
        click.echo("next: `mlopsc build` writes the workflows anew")
        return Exit.FINDINGS
    click.echo(f"{counted(len(workflows), 'workflow')} looked at: nothing but the {counted(len(pins), 'pin')}")
    return Exit.OK


def _repository(file: str | None) -> _Repository:
    """The repository that a spec names; raises CommandFailure where it names none."""
    from mlopsc.compiler.cli.sound import compile_sound
    from mlopsc.compiler.workspace import DiskWorkspace, SourceProblem
    from mlopsc.targets.github.overlays import PATH as OVERLAYS
    from mlopsc.targets.github.overlays import read
    from mlopsc.targets.github.own_files import OwnFileProblem
    from mlopsc.targets.github.pins_file import PATH
    from mlopsc.targets.github.repository import Repository

    spec = locate(file)
    repository = Repository([*compile_sound(spec).builds.values()])
    if not repository.settings.get("repository"):
        hint = 'write `github = github(repository = "owner/name")` in its `pipeline` block'
        raise CommandFailure(f"`{spec.shown(spec.name)}` names no repository of GitHub", hint, Exit.FINDINGS)
    workspace = DiskWorkspace(spec.folder)
    try:
        pins, overlays = (
            workspace.read(path) if workspace.exists(path) else None
            for path in (f"{repository.to_top}{PATH}", f"{repository.to_top}{OVERLAYS}")
        )
        others = read(overlays or "").actions
    except SourceProblem as problem:
        raise CommandFailure(problem.message, problem.hint) from problem
    except OwnFileProblem as problem:
        raise _failure(spec.shown(f"{repository.to_top}{OVERLAYS}"), problem) from problem
    return _Repository(spec, repository.to_top, pins, others)


def _offered(source: Path, others: Collection[str]) -> dict[str, Pin]:
    from mlopsc.compiler.workspace import DiskWorkspace, SourceProblem
    from mlopsc.targets.github.own_files import OwnFileProblem
    from mlopsc.targets.github.pins_file import read

    try:
        found = read(DiskWorkspace(source.parent).read(source.name), is_ours=False, others=others)
    except SourceProblem as problem:
        raise CommandFailure(f"`{source}`: {problem.message}", problem.hint) from problem
    except OwnFileProblem as problem:
        raise _failure(str(source), problem) from problem
    if not found:
        raise CommandFailure(f"`{source}` lists no action that the workflows use", "name another file", Exit.FINDINGS)
    return found


def _failure(path: str, problem: OwnFileProblem) -> CommandFailure:
    place = f"{path}:{problem.line}" if problem.line else path
    return CommandFailure(f"`{place}`: {problem.fact}", problem.hint, Exit.FINDINGS)


def _told(before: Mapping[str, Pin], differing: Mapping[str, Pin], style: Style) -> Iterator[str]:
    from mlopsc.compiler.render.table import render_table

    rows = [(one, _version(before, one), pin.version, pin.commit) for one, pin in differing.items()]
    yield from render_table(("action", "before", "after", "commit"), rows, style)
    for action, pin in differing.items():
        if pin.version == _version(before, action):
            line = f"`{action}` {pin.version} is another commit now: releases do not move by themselves, so ask why"
            yield f"{style('warning', 'warning')}: {style.ticked(line)}"


def _version(before: Mapping[str, Pin], action: str) -> str:
    return before[action].version if action in before else ""


def _workflows(repository: _Repository) -> dict[str, str]:
    """The workflows that builds wrote, by the path that a person here would name."""
    from mlopsc.compiler.cli.outputs import read_text
    from mlopsc.targets.github.target import FOLDER, MARK

    folder = f"{repository.to_top}{FOLDER}"
    found = {}
    for path in sorted((repository.spec.folder / folder).glob("*.y*ml")):
        text = read_text(path) or ""
        if text.startswith(f"# {MARK}"):
            found[repository.spec.shown(f"{folder}/{path.name}")] = text
    return found


def _findings(path: str, text: str, pins: Mapping[str, Pin]) -> Iterator[str]:
    from mlopsc.targets.github.uses import UnreadableError, against, uses_of

    try:
        uses = uses_of(text)
    except UnreadableError:
        yield f"`{path}` is no workflow any more"
        return
    for use in uses:
        if wrong := against(use, pins):
            yield f"`{path}:{use.line}`: {wrong}"
