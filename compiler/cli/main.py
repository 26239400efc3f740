"""The program's entry: runs a command and turns whatever happens into a message and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from mlopsc.compiler.cli.exits import CommandFailure, Exit


def main() -> NoReturn:
    """Run the command of this process's arguments, and exit."""
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError as error:
        code = _lost_output(error)
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run a command; returns its exit code. Nothing but a message on stderr comes of a failure."""
    try:
        return _dispatch(arguments)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError as error:
        return _lost_output(error)
    except CommandFailure as failure:
        return _tell(failure.message, failure.hint, failure.code)
    except OSError as error:
        return _tell(_described(error), "", Exit.ENVIRONMENT)
    except Exception as error:
        from mlopsc.compiler.cli.crash import report_crash

        return _tell(*report_crash(error, arguments), Exit.INTERNAL)


def _dispatch(arguments: Sequence[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal of another encoding shows `?` rather than end the program
            stream.reconfigure(errors="replace")
    import click

    from mlopsc.compiler.cli.commands import program

    try:
        code = program.main(list(arguments), prog_name="mlopsc", standalone_mode=False)
    except click.Abort as abort:
        raise KeyboardInterrupt from abort
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return code if isinstance(code, int) else Exit.OK


def _tell(message: str, hint: str, code: Exit) -> int:
    from mlopsc.compiler.diagnostics import Severity
    from mlopsc.compiler.render.style import style_of
    from mlopsc.compiler.render.text import render_fact

    try:
        sys.stdout.flush()
        sys.stderr.write(render_fact(Severity.ERROR, message, hint, style_of(sys.stderr)))
        sys.stderr.flush()
    except OSError:
        pass  # there is nowhere left to say it; the exit code does
    return code


def _described(error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return f"`{error.filename}`: {reason}" if error.filename else reason


def _lost_output(error: OSError) -> int:
    """Nobody reads our output any more, or it cannot be written; Python must not try again at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return Exit.PIPE
    return _tell(f"the output cannot be written: {_described(error)}", "", Exit.ENVIRONMENT)
