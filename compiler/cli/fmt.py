"""`mlopsc fmt`: files written the one way that files are written."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.cli.spec import STDIN, STDIN_NAME, locate, read_stdin, specs_in
from mlopsc.compiler.records import Record

if TYPE_CHECKING:
    from mlopsc.compiler.diagnostics import Diagnostic


class Outcome(Record):
    """What became of a file: its text before and after, or why it was refused."""

    path: str
    before: str = ""
    after: str = ""
    findings: tuple[Diagnostic, ...] = ()
    trouble: CommandFailure | None = None

    @property
    def is_changed(self) -> bool:
        """Whether it is to be written."""
        return self.before != self.after


@click.command(name="fmt")
@click.argument("files", nargs=-1, type=click.Path())
@click.option("--check", is_flag=True, help="Write nothing; end with 1 if a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change, and end with 1 if anything would.")
def command(files: tuple[str, ...], check: bool, diff: bool) -> int:
    """Format specs: layout only, never the meaning.

    FILES are specs, folders with specs, or - for stdin; by default all specs of this folder. A file with mistakes in
    its syntax is left as it is.

    \b
    Examples:
      mlopsc fmt
      mlopsc fmt --check --diff          in CI
      cat pipeline.mlops | mlopsc fmt -
    """
    outcomes = []
    for path in _paths(files):
        outcome = _format_stdin() if path is None else _format(path)
        outcomes.append(outcome)
        if outcome.findings or outcome.trouble:
            _refuse(outcome)
        elif path is None and not check and not diff:
            sys.stdout.write(outcome.after)
        elif outcome.is_changed:
            _treat(outcome, check=check, diff=diff)
    if STDIN not in files:
        click.echo(_closing(outcomes, check=check or diff), err=True)
    return _exit_code(outcomes, check=check or diff)


def _paths(files: Sequence[str]) -> Iterator[Path | None]:
    """The files to format; None is stdin."""
    if not files:
        yield from specs_in(Path()) or [locate(None).path]
    for file in files:
        path = Path(file)
        if file == STDIN:
            yield None
        elif path.is_dir():
            yield from specs_in(path) or [locate(file).path]
        else:
            yield path


def _format_stdin() -> Outcome:
    return _formatted(STDIN_NAME, read_stdin())


def _format(path: Path) -> Outcome:
    from mlopsc.compiler.workspace import DiskWorkspace, SourceProblem

    try:
        return _formatted(str(path), DiskWorkspace(path.parent).read(path.name))
    except SourceProblem as problem:
        message = problem.message.replace(f"`{problem.path}`", f"`{path}`")
        return Outcome(str(path), trouble=CommandFailure(message, problem.hint))


def _formatted(path: str, text: str) -> Outcome:
    from mlopsc.compiler.syntax.formatter import format_file
    from mlopsc.compiler.syntax.parser import parse
    from mlopsc.compiler.text import SourceFile
    from mlopsc.stdlib.vocabulary import STANDARD

    file = parse(SourceFile(path, text), STANDARD)
    if any(chunk.problems for chunk in file.chunks):
        from mlopsc.compiler.syntax.messages import syntax_diagnostics

        return Outcome(path, findings=tuple(syntax_diagnostics(file)))
    return Outcome(path, text, _with_line_ends_of(text, format_file(file)))


def _with_line_ends_of(text: str, formatted: str) -> str:
    """A file whose first line ends as on Windows keeps such line ends."""
    first = text.find("\n")
    return formatted.replace("\n", "\r\n") if first > 0 and text[first - 1] == "\r" else formatted


def _refuse(outcome: Outcome) -> None:
    from mlopsc.compiler.render.style import style_of
    from mlopsc.compiler.render.text import render_fact, render_text

    style = style_of(sys.stderr)
    if outcome.trouble:
        from mlopsc.compiler.diagnostics import Severity

        sys.stderr.write(render_fact(Severity.ERROR, outcome.trouble.message, outcome.trouble.hint, style))
    else:
        sys.stderr.write(render_text(outcome.findings, style))


def _treat(outcome: Outcome, *, check: bool, diff: bool) -> None:
    if diff:
        from mlopsc.compiler.render.differences import render_diff
        from mlopsc.compiler.render.style import style_of

        sys.stdout.write(render_diff(outcome.path, outcome.before, outcome.after, style_of(sys.stdout)))
    elif check:
        click.echo(f"would change {outcome.path}")
    else:
        from mlopsc.compiler.cli.writing import write_file

        write_file(Path(outcome.path), outcome.after)
        click.echo(f"formatted {outcome.path}")


def _closing(outcomes: Sequence[Outcome], *, check: bool) -> str:
    refused = [one for one in outcomes if one.findings or one.trouble]
    changed = [one for one in outcomes if one.is_changed and one not in refused]
    same = len(outcomes) - len(changed) - len(refused)
    parts = [
        f"{_files(len(changed))} {'would be ' if check else ''}formatted" if changed else "",
        f"{_files(same)} {'as it is' if same == 1 else 'as they are'}" if same else "",
        f"{_files(len(refused))} not formatted" if refused else "",
    ]
    return ", ".join(filter(None, parts))


def _files(number: int) -> str:
    return f"{number} file" if number == 1 else f"{number} files"


def _exit_code(outcomes: Sequence[Outcome], *, check: bool) -> Exit:
    if any(one.trouble for one in outcomes):
        return Exit.ENVIRONMENT
    refused = any(one.findings for one in outcomes)
    return Exit.FINDINGS if refused or (check and any(one.is_changed for one in outcomes)) else Exit.OK
