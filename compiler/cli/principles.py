"""`mlopsc principles`: how far a spec follows the seven principles, by which lines, and what is missing next."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mlopsc.compiler.cli.exits import Exit
from mlopsc.compiler.cli.sound import compile_sound
from mlopsc.compiler.cli.spec import Spec, locate

if TYPE_CHECKING:
    from mlopsc.compiler.compilation import Compilation

FORMATS = ("text", "json", "badge", "sarif")


@click.command(name="principles")
@click.argument("file", required=False, type=click.Path())
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", help="How the score is written.")
def command(file: str | None, format_: str) -> int:
    """Score a spec by the seven principles, line by line.

    FILE is as for `check`. A badge is an SVG for a README. Whatever the score, this ends with 0: what must be there is
    for `[tool.mlopsc.severity]` to say, and for `check` to find.

    \b
    Examples:
      mlopsc principles
      mlopsc principles --format badge > principles.svg
      mlopsc principles --format sarif > missing.sarif
    """
    spec = locate(file)
    sys.stdout.write(_rendered(spec, compile_sound(spec), format_))
    return Exit.OK


def _rendered(spec: Spec, compilation: Compilation, format_: str) -> str:
    from mlopsc.compiler.render.principles import missing, render_badge, render_principles, render_principles_json

    scores = compilation.principles
    pipeline = compilation.model.pipeline
    name = pipeline.name if pipeline else spec.shown(spec.name)
    match format_:
        case "json":
            return render_principles_json(name, scores, spec.shown)
        case "badge":
            return render_badge(scores)
        case "sarif":
            from mlopsc.compiler.cli.crash import program_version
            from mlopsc.compiler.render.sarif import render_sarif

            return render_sarif(missing(scores), program_version(), spec.shown)
    from mlopsc.compiler.render.style import style_of

    return render_principles(name, scores, style_of(sys.stdout), spec.shown)
