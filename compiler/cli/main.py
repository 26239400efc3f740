"""The program's entry: runs a command and turns whatever happens into a message and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.stdlib.runtime.collector import look_seldom
from mlopsc.stdlib.runtime.streams import abandon_output, prepare_streams


def main() -> NoReturn:
    """Run the command of this process's arguments, and exit."""
    look_seldom()
    prepare_streams()
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
        return _tell_of_system(_described(error), error)
    except Exception as error:
        return _tell_of(error, arguments)


def _tell_of(error: Exception, arguments: Sequence[str]) -> int:
    from mlopsc.stdlib.runtime.store.faults import OperationError

    if isinstance(error, OperationError):
        return _tell(error.message, error.hint, Exit.ENVIRONMENT)
    from mlopsc.compiler.cli.crash import report_crash

    return _tell(*report_crash(error, arguments), Exit.INTERNAL)


def _dispatch(arguments: Sequence[str]) -> int:
    import click

    from mlopsc.compiler.cli.commands import program

    streams = sys.stdout, sys.stderr
    try:
        code = program.main(list(arguments), prog_name="mlopsc", standalone_mode=False)
    except click.Abort as abort:
        raise KeyboardInterrupt from abort
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except SystemExit as leaving:
        if sys.stdout is streams[0]:
            raise
        # Where nobody reads the output, click puts other streams in place and leaves.
        sys.stdout, sys.stderr = streams
        raise BrokenPipeError from leaving
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


def _tell_of_system(message: str, error: OSError) -> int:
    from mlopsc.stdlib.runtime.store.faults import next_step

    return _tell(message, next_step(error), Exit.ENVIRONMENT)


def _described(error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return f"`{error.filename}`: {reason}" if error.filename else f"the system says: {reason}"


def _lost_output(error: OSError) -> int:
    """Nobody reads our output any more, or it cannot be written; Python must not try again at its end."""
    abandon_output()
    if isinstance(error, BrokenPipeError):
        return Exit.PIPE
    fact = f"the output cannot be written: {error.strerror or type(error).__name__}"
    return _tell_of_system(fact, error)
