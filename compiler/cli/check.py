"""`mlopsc check`: the mistakes in a spec."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from mlopsc.compiler.cli.exits import Exit
from mlopsc.compiler.cli.sound import DEFAULT_TARGETS, INTERNAL
from mlopsc.compiler.cli.spec import STDIN_NAME, Spec, locate

if TYPE_CHECKING:
    from mlopsc.compiler.compilation import Compilation
    from mlopsc.compiler.diagnostics import Diagnostic

FORMATS = ("text", "json", "sarif", "github")


@click.command(name="check")
@click.argument("file", required=False, type=click.Path())
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", help="How findings are written.")
@click.option("--fix", is_flag=True, help="Make the fixes that keep the meaning, then check again.")
@click.option("--strict", is_flag=True, help="End with 1 for warnings too.")
def command(file: str | None, format_: str, fix: bool, strict: bool) -> int:
    """Find the mistakes in a spec.

    FILE is a spec, a folder with a pipeline.mlops, or - for stdin; by default the pipeline.mlops of this folder.

    \b
    Examples:
      mlopsc check
      mlopsc check examples/bike-demand --strict
      mlopsc check --fix
      mlopsc check --format sarif > findings.sarif
      git show HEAD:pipeline.mlops | mlopsc check -
    """
    spec = locate(file)
    compilation = spec.compile()
    made = 0
    if fix:
        compilation, made = _fixed(spec, compilation)
    found = compilation.diagnostics_for(DEFAULT_TARGETS)
    stream = sys.stderr if fix and spec.text is not None else sys.stdout
    stream.write(render(found, format_, spec))
    if format_ in ("text", "github"):
        stream.write(_closing(compilation, spec, found, made, asked=fix))
    return exit_code(found, strict=strict)


def render(found: Sequence[Diagnostic], format_: str, spec: Spec) -> str:
    """Findings in one of `FORMATS`."""
    match format_:
        case "json":
            from mlopsc.compiler.render.records import render_json

            return render_json(found, spec.shown)
        case "sarif":
            from mlopsc.compiler.cli.crash import program_version
            from mlopsc.compiler.render.sarif import render_sarif

            return render_sarif(found, program_version(), spec.shown)
        case "github":
            from mlopsc.compiler.render.github import render_github

            return render_github(found, spec.shown)
    if not found:
        return ""
    from mlopsc.compiler.render.style import style_of
    from mlopsc.compiler.render.text import render_text

    return render_text(found, style_of(sys.stdout), spec.shown)


def exit_code(found: Sequence[Diagnostic], *, strict: bool = False) -> Exit:
    """The exit code for findings: errors count, with `strict` warnings too; a mistake of the compiler is its own."""
    from mlopsc.compiler.diagnostics import Severity

    if any(one.code.id == INTERNAL for one in found):
        return Exit.INTERNAL
    counted = (Severity.ERROR, Severity.WARNING) if strict else (Severity.ERROR,)
    return Exit.FINDINGS if any(one.severity in counted for one in found) else Exit.OK


def _fixed(spec: Spec, compilation: Compilation) -> tuple[Compilation, int]:
    from mlopsc.compiler.cli.writing import write_files
    from mlopsc.compiler.fixes import apply_safe_fixes

    result = apply_safe_fixes(compilation)
    if spec.text is not None:
        sys.stdout.write(result.texts.get(STDIN_NAME, spec.text))
    write_files({spec.folder / path: text for path, text in result.texts.items() if path != STDIN_NAME})
    return result.compilation, result.count


def _closing(compilation: Compilation, spec: Spec, found: Sequence[Diagnostic], made: int, *, asked: bool) -> str:
    """The last line: what was found, or what the spec describes; `asked` is whether fixes were asked for."""
    from mlopsc.compiler.render.cells import counted
    from mlopsc.compiler.render.style import style_of

    style = style_of(sys.stdout)
    done = f"fixed {counted(made, 'mistake')}; " if made else ""
    if found:
        line = style("error" if any(one.is_error for one in found) else "warning", tally(found))
        fixable = sum(any(fix.safe for fix in one.fixes) for one in found)
        more = f"; `--fix` mends {'it' if fixable == len(found) == 1 else fixable}" if fixable else ""
        if asked and not fixable and any(one.fixes for one in found):
            more = "; `--fix` makes only fixes that are certain: choose the others yourself"
        return f"{done}{line}{more}\n"
    model = compilation.model
    name = model.pipeline.name if model.pipeline else spec.shown(spec.name)
    stages = {stage for environment in compilation.environments for stage in environment.stages}
    parts = [counted(len(stages), "stage"), counted(len(compilation.environments), "environment")]
    return f"{done}{style('bold', name)}: {', '.join(parts)}, {style('good', 'no findings')}\n"


def tally(found: Sequence[Diagnostic]) -> str:
    """Such as `1 error, 2 warnings in 3 files`."""
    from mlopsc.compiler.diagnostics import Severity
    from mlopsc.compiler.render.cells import counted
    from mlopsc.compiler.render.records import count

    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    parts = [counted(number, word) for severity, word in words.items() if (number := count(found, severity))]
    files = len({one.location.file.path for one in found})
    return f"{', '.join(parts)} in {counted(files, 'file')}"
