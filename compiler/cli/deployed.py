"""The environment that `plan` and `verify` are about: its folder of Terraform, held against the spec."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.cli.sound import RUNNING
from mlopsc.compiler.cli.spec import DEFAULT, Spec, environment_named, is_spec, locate

if TYPE_CHECKING:
    from mlopsc.compiler.compilation import Compilation
    from mlopsc.targets import Build
    from mlopsc.targets.terraform.reading.running import Terraform
    from mlopsc.targets.terraform.resources import Root

TARGETS = (*RUNNING, "terraform")
"""The targets whose files an environment that Terraform keeps must have."""


@dataclass(frozen=True)
class Deployed:
    """An environment of a spec that Terraform keeps."""

    spec: Spec
    build: Build
    root: Root

    @property
    def environment(self) -> str:
        """Its name."""
        return self.build.pipeline.environment.name

    @property
    def folder(self) -> Path:
        """Where Terraform is run."""
        return self.spec.folder / self.root.folder

    @property
    def serves(self) -> bool:
        """Whether it is production: a release reads it."""
        return self.build.pipeline.environment.serves

    def terraform(self, verbose: bool) -> Terraform:
        """Terraform in its folder; raises CommandFailure where there is none on this machine."""
        from mlopsc.targets.terraform.reading.running import Terraform, require_terraform

        with terraform_failures():
            require_terraform()
        name = f".mlops/terraform/{Path(self.build.folder).name}.log"
        say = _say_all if verbose else _say_steps
        return Terraform(self.folder, self.spec.shown(self.root.folder), self.spec.folder / name, self.told(name), say)

    def begin(self, terraform: Terraform) -> None:
        """Get Terraform ready, and say so where providers have been pinned by that."""
        from mlopsc.targets.terraform.reading.running import LOCK

        if terraform.init():
            path = self.told(f"{self.root.folder}/{LOCK}")
            click.echo(f"wrote `{path}`: commit it, so that everybody gets these providers", err=True)

    def told(self, path: str) -> str:
        """A path of the project as a person in the current folder would write it."""
        return self.spec.shown(path)


def split_environments(arguments: Sequence[str], number: int) -> tuple[Spec, tuple[str, ...]]:
    """`[FILE] ENV…`, with as many environments as `number`; raises UsageError where there are others."""
    files = [one for one in arguments if is_spec(one)]
    names = [one for one in arguments if not is_spec(one)]
    if len(files) > 1:
        raise click.UsageError("one spec at a time")
    if len(names) != number:
        asked = ("name no environment: all are compared", "name the environment", f"name {number} environments")
        raise click.UsageError(asked[min(number, 2)])
    return locate(files[0] if files else None), tuple(names)


def deployed(arguments: Sequence[str]) -> Deployed:
    """The environment that the arguments name; raises CommandFailure where its files are not those of the spec."""
    from mlopsc.compiler.cli.build import compile_for

    spec, (name,) = split_environments(arguments, 1)
    compilation = compile_for(spec, TARGETS)
    environment = environment_named(compilation.pipelines, name)
    found = _kept(spec, compilation, environment)
    _require_built(found, compilation)
    return found


def _kept(spec: Spec, compilation: Compilation, environment: str) -> Deployed:
    from mlopsc.targets.terraform.reading.asked import root_of

    build = compilation.builds[environment]
    root = root_of(build)
    if root is None:
        fact = f"Terraform does not keep `{environment}`: its platform is this machine"
        raise CommandFailure(fact, "`platform = local(terraform = true)`, or one of a cloud", Exit.USAGE)
    return Deployed(spec, build, root)


def _require_built(found: Deployed, compilation: Compilation) -> None:
    from mlopsc.compiler.cli.outputs import compare
    from mlopsc.compiler.cli.sound import emit_sound

    spec = found.spec
    files = [one for one in emit_sound(spec, compilation, TARGETS) if one.committed]
    difference = compare(spec.folder, spec.name, files, TARGETS, f"{found.build.folder}/")
    if difference.is_empty:
        return
    wrong = [spec.shown(path) for path in (*difference.changed, *difference.stale)]
    named = "" if spec.shown(spec.name) == DEFAULT else f" {spec.shown(spec.name)}"
    more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    fact = f"`{wrong[0]}`{more} {'are' if more else 'is'} not as the spec says, so nothing was asked of Terraform"
    raise CommandFailure(fact, f"`mlopsc build{named}`, then commit what it wrote", Exit.FINDINGS)


@contextmanager
def terraform_failures() -> Iterator[None]:
    """Turns a failure of Terraform into that of the command."""
    from mlopsc.targets.terraform.reading.failures import TerraformError

    try:
        yield
    except TerraformError as error:
        raise CommandFailure(error.fact, error.hint) from error


def _say_all(words: str) -> None:
    from mlopsc.compiler.render.cells import safe

    click.echo(safe(words), err=True)


def _say_steps(words: str) -> None:
    if words.startswith("terraform "):
        click.echo(words, err=True)
