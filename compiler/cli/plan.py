"""`mlopsc plan`: what Terraform would do to an environment, and whether it gets weaker by it."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlopsc.compiler.cli.deployed import Deployed, deployed, terraform_failures
from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.cli.spec import complete_environment

if TYPE_CHECKING:
    from mlopsc.compiler.cli.planned import Planned


@click.command(name="plan", short_help="Say what Terraform would do to an environment, and who asked for it.")
@click.argument("arguments", nargs=-1, required=True, metavar="[FILE] ENVIRONMENT", shell_complete=complete_environment)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Keep the plan, to apply just that.")
@click.option("--weaker", metavar="REASON", help="Let a plan pass that makes the environment weaker, and say why.")
@click.option("--verbose", is_flag=True, help="Show Terraform's own words.")
@click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")
def command(arguments: tuple[str, ...], out: Path | None, weaker: str | None, verbose: bool, as_json: bool) -> int:
    """Say what `terraform apply` would do to an environment: what goes first, then what changes, then what is made,
    each with the stage and rule of the spec that ask for it. Nothing is applied.

    Ends with 1 where the committed files are not those of the spec, and where the plan would make an environment
    that serves weaker: something opens to the world, is not encrypted or versioned any more, is kept for a shorter
    time, loses its boundary or its budget, or lets in somebody else. --weaker says why that is meant.

    \b
    Examples:
      mlopsc plan prod
      mlopsc plan prod --out prod.tfplan     keep it for `terraform apply`
      mlopsc plan prod --weaker "logs move to the archive account"
      mlopsc plan examples/bike-demand prod --json
    """
    if weaker is not None and not weaker.strip():
        raise click.UsageError("--weaker needs a reason")
    found = deployed(arguments)
    planned = _planned(found, out, weaker, verbose)
    _show(found, planned, as_json)
    return Exit.OK if planned.passes else Exit.FINDINGS


def _planned(found: Deployed, out: Path | None, weaker: str | None, verbose: bool) -> Planned:
    from mlopsc.compiler.cli.planned import Planned
    from mlopsc.targets.terraform.reading.asked import asking
    from mlopsc.targets.terraform.reading.changes import read_plan
    from mlopsc.targets.terraform.reading.weaker import not_judged, weakenings

    terraform = found.terraform(verbose)
    with tempfile.TemporaryDirectory() as scratch, terraform_failures():
        file = Path(scratch) / "plan.tfplan"
        found.begin(terraform)
        terraform.plan(file)
        changes = read_plan(terraform.show(file))
        asked = asking(found.build, found.root)
        planned = Planned(
            found.environment, found.serves, changes, asked, weakenings(changes), not_judged(changes), weaker
        )
        if out is not None and planned.passes:
            _keep(file, out)
            return planned.kept_as(os.path.relpath(out, found.folder).replace(os.sep, "/"), str(out))
    return planned


def _keep(file: Path, out: Path) -> None:
    """A plan holds secrets of the state, so only its owner may read it."""
    try:
        content = file.read_bytes()
        out.unlink(missing_ok=True)
        with os.fdopen(os.open(out, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(content)
    except OSError as error:
        raise CommandFailure(f"`{out}` cannot be written: {error.strerror}", "name another file with --out") from error


def _show(found: Deployed, planned: Planned, as_json: bool) -> None:
    from mlopsc.compiler.cli.planned import as_document, lines
    from mlopsc.compiler.render.style import style_of

    if as_json:
        import json

        click.echo(json.dumps(as_document(planned), indent=2, ensure_ascii=False))
        return
    style = style_of(sys.stdout)
    shown = found.spec.shown
    click.echo("\n".join(lines(planned, found.spec.shown(found.root.folder), shown, style)), color=style.colour)
