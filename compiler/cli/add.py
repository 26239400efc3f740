"""`mlopsc add`: one further block, with the names of the spec that is there filled in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlopsc.compiler.cli.commands import Group
from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.cli.spec import locate

if TYPE_CHECKING:
    from mlopsc.compiler.compilation import Compilation
    from mlopsc.compiler.semantics.model import StageModel

_PLATFORMS = {
    "local": "local()",
    "aws": 'aws(region = "eu-west-1", account = "000000000000")  # your region and account',
    "azure": 'azure(location = "westeurope", subscription = "00000000-0000-0000-0000-000000000000")  # yours',
}
_NEXT = {
    "environment": "mlopsc add release",
    "release": "mlopsc add monitor",
    "monitor": "mlopsc rehearse",
    "score": "mlopsc score",
}
_TAKEN = "E220"
_spec = click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default=Path("pipeline.mlops"))


@click.group(cls=Group, name="add")
def command() -> None:
    """Add a block to the spec: `environment`, `release`, `monitor` or `score`.

    The block comes with the names of your stages filled in and with rules to begin from.

    \b
    Examples:
      mlopsc add environment prod          where it shall serve
      mlopsc add release                   how a model comes into service
      mlopsc add monitor                   what is watched there
      mlopsc add score                     predictions for many rows at once
      mlopsc rehearse prod                 what all of that does, played in minutes
    """


@command.command()
@_spec
@click.option("--name", default="api", show_default=True, help="The name of the release.")
@click.option("--gate", help="The test stage that a model must have passed; needed where there are several.")
def release(file: Path, name: str, gate: str | None) -> int:
    """How a model that passed its gate comes into service."""
    from mlopsc.compiler.scaffold.production import compared_in_service

    compilation = _read(file)
    gate = _one_stage(compilation, "test", gate, "--gate")
    model = _named(compilation, gate)
    data = _named(compilation, model, "data")
    unit, outcome = (_stage(compilation, data).value(setting) for setting in ("unit", "outcome"))
    names = {
        "gate": gate,
        "model": model,
        "data": data,
        "assign": unit if isinstance(unit, str) and unit != "row" else "",
        "independent": "independent" if outcome == "independent" else "",
        "compared": compared_in_service(_stage(compilation, gate).rules),
    }
    return _append(compilation, file, "release", name, **names)


@command.command(short_help="What is watched of a release.")
@_spec
@click.option("--name", default="live", show_default=True, help="The name of the monitor.")
@click.option("--release", "watched", help="The release to watch; needed where there are several.")
@click.option("--notify", default="you@example.com", show_default=True, help="Whom events are told.")
def monitor(file: Path, name: str, watched: str | None, notify: str) -> int:
    """What is watched of a release, and what happens when something is wrong."""
    from mlopsc.compiler.scaffold.production import limited_in_service

    compilation = _read(file)
    watched = _one_stage(compilation, "release", watched, "--release")
    model, gate = (_named(compilation, watched, setting) for setting in ("model", "gate"))
    data = _named(compilation, model, "data")
    timed = "time" if _stage(compilation, data).value("time") else ""
    limited = limited_in_service(_stage(compilation, gate).rules)
    names = {"release": watched, "model": model, "data": data, "timed": timed, "limited": limited, "notify": notify}
    return _append(compilation, file, "monitor", name, **names)


@command.command(short_help="Predictions for many rows at once.")
@_spec
@click.option("--name", default="nightly", show_default=True, help="The name of the score stage.")
@click.option("--release", "served", help="The release whose model predicts; needed where there are several.")
@click.option("--data", help="The data stage with the rows to predict for; that of the model unless it is said.")
def score(file: Path, name: str, served: str | None, data: str | None) -> int:
    """Predictions for many rows at once, by the model that a release serves."""
    compilation = _read(file)
    served = _one_stage(compilation, "release", served, "--release")
    if data is not None:
        data = _one_stage(compilation, "data", data, "--data")
    data = data or _named(compilation, _named(compilation, served), "data")
    return _append(compilation, file, "score", name, model=served, data=data)


@command.command()
@click.argument("name")
@_spec
@click.option("--platform", type=click.Choice(list(_PLATFORMS)), default="local", show_default=True, help="Its place.")
def environment(name: str, file: Path, platform: str) -> int:
    """A further environment NAME, after the ones that are there."""
    compilation = _read(file)
    last = compilation.environments[-1].name
    return _append(compilation, file, "environment", name, follows=last, platform=_PLATFORMS[platform])


def _read(file: Path) -> Compilation:
    """The spec; raises CommandFailure where it has errors, since a block would not mend them."""
    compilation = locate(str(file)).compile()
    if compilation.has_errors:
        raise CommandFailure(f"`{file}` has errors", "mend them first: mlopsc check", Exit.FINDINGS)
    return compilation


def _one_stage(compilation: Compilation, kind: str, asked: str | None, option: str) -> str:
    stages = compilation.environments[0].stages.values()
    names = [stage.name for stage in stages if stage.kind.word == kind]
    if asked is not None and asked not in names:
        raise CommandFailure(f"there is no {kind} stage `{asked}`", _those(kind, names), Exit.USAGE)
    if asked is None and len(names) != 1:
        hint = f"name one with {option}: {', '.join(names)}" if names else _those(kind, names)
        raise CommandFailure(f"the spec has {len(names) or 'no'} {kind} stages", hint, Exit.USAGE)
    return asked or names[0]


def _those(kind: str, names: list[str]) -> str:
    if names:
        return f"it has {', '.join(names)}"
    return f"add one first: mlopsc add {kind}" if kind == "release" else f"write a `{kind}` block first"


def _stage(compilation: Compilation, name: str) -> StageModel:
    return compilation.environments[0].stages[name]


def _named(compilation: Compilation, stage: str, setting: str = "model") -> str:
    """The stage that a setting of a stage names."""
    return str(_stage(compilation, stage).value(setting))


def _append(compilation: Compilation, file: Path, kind: str, name: str, **names: str) -> int:
    """Write the block at the end of the spec, if the spec with it is right."""
    from mlopsc.compiler.cli.writing import write_file
    from mlopsc.compiler.scaffold.spec import block

    if not name.isidentifier():
        hint = "letters, digits and `_`, beginning with a letter"
        raise CommandFailure(f"`{name}` cannot be the name of a block", hint, Exit.USAGE)
    text = compilation.files[0].source.text
    added = block(kind, name=name, **names)
    grown = f"{text.rstrip()}\n\n{added}"
    after = compilation.edited(compilation.main, grown)
    if errors := [one for one in after.diagnostics if one.is_error]:
        if errors[0].code.id == _TAKEN:
            again = f"mlopsc add {kind} {'NAME' if kind == 'environment' else '--name NAME'}"
            raise CommandFailure(f"there is a block `{name}` already", f"give another name: {again}", Exit.USAGE)
        raise CommandFailure(f"`{kind} {name}` does not fit this spec: {errors[0].message}", errors[0].hint, Exit.USAGE)
    write_file(file, grown)
    click.echo(f"added to {file}:\n\n{added}\nNext: correct it to your needs, then {_NEXT[kind]}")
    return Exit.OK
