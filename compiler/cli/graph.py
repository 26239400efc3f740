"""`mlopsc graph`: the stages of a pipeline, their rules, and what reads what."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlopsc.compiler.cli.exits import Exit
from mlopsc.compiler.cli.sound import compile_sound
from mlopsc.compiler.cli.spec import complete_environment, environment_named, locate

if TYPE_CHECKING:
    from mlopsc.compiler.compilation import Compilation

FORMATS = ("tree", "svg", "mermaid", "html")
_ENDINGS = {
    ".svg": "svg",
    ".html": "html",
    ".htm": "html",
    ".mmd": "mermaid",
    ".md": "mermaid",
    ".txt": "tree",
    "": "tree",
}


@click.command(name="graph")
@click.argument("file", required=False, type=click.Path())
@click.option("--format", "format_", type=click.Choice(FORMATS), help="By default what -o ends in, else a tree.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write; by default, stdout.")
@click.option("-e", "--environment", shell_complete=complete_environment, help="By default the first.")
def command(file: str | None, format_: str | None, output: Path | None, environment: str | None) -> int:
    """Draw the stages of a pipeline, their rules, and what reads what.

    \b
    Examples:
      mlopsc graph
      mlopsc graph -o pipeline.html          to click through, in a browser
      mlopsc graph -o pipeline.svg
      mlopsc graph --format mermaid          for Markdown
      mlopsc graph -e prod
    """
    compilation = compile_sound(locate(file))
    text = draw(compilation, format_ or _format_of(output), environment_named(compilation.pipelines, environment))
    if output is None:
        sys.stdout.write(text)
        return Exit.OK
    from mlopsc.compiler.cli.writing import write_file

    write_file(output, text)
    click.echo(f"wrote {output}")
    return Exit.OK


def _format_of(output: Path | None) -> str:
    if output is None:
        return "tree"
    found = _ENDINGS.get(output.suffix.lower())
    if found is None:
        endings = ", ".join(f"`{one}`" for one in _ENDINGS if one)
        raise click.UsageError(f"no format ends in `{output.suffix}`: use {endings}, or say it with --format")
    return found


def draw(compilation: Compilation, format_: str, environment: str) -> str:
    """The drawing of one environment in one of `FORMATS`."""
    from mlopsc.compiler.ir.graph import levels
    from mlopsc.compiler.render.cards import cards

    pipeline = compilation.pipelines[environment]
    shown = cards(compilation.model.environments[environment], levels(pipeline))
    title = f"{pipeline.name} in {environment}"
    match format_:
        case "svg":
            from mlopsc.compiler.render.svg import render_svg

            return render_svg(title, shown)
        case "mermaid":
            from mlopsc.compiler.render.mermaid import render_mermaid

            return render_mermaid(shown)
        case "html":
            from mlopsc.compiler.render.page import render_page

            return render_page(pipeline.name, environment, shown, _documentation(compilation))
    from mlopsc.compiler.render.style import style_of
    from mlopsc.compiler.render.tree import render_tree

    return render_tree(title, shown, style_of(sys.stdout))


def _documentation(compilation: Compilation) -> Mapping[str, str]:
    """A sentence for each setting (`data.split`) and verb."""
    registry = compilation.registry
    found = {verb.word: verb.summary() for verb in registry.verbs}
    for kind, declaration in registry.stage_kinds.items():
        found |= {f"{kind}.{word}": parameter.description for word, parameter in declaration.accepts().items()}
    return found
