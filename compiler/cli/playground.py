"""`mlopsc playground`: a page of this machine on which a spec is written, with all that it stands for beside it."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlopsc.compiler.cli.exits import CommandFailure, Exit

if TYPE_CHECKING:
    from mlopsc.compiler.playground.desk import Desk

DEFAULT = "bike"
"""The example that is shown where there is no spec."""


@click.command(name="playground", short_help="Write a spec in the browser, and see what it stands for.")
@click.argument("file", required=False, metavar="[SPEC|FOLDER]", type=click.Path())
@click.option("--example", metavar="NAME", help="Open a copy of an example: `bike` or `flights`.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on; by default any free one.")
@click.option("--no-open", is_flag=True, help="Print the address only, and open no browser.")
def command(file: str | None, example: str | None, port: int | None, no_open: bool) -> int:
    """Write a spec on a page of this machine. Beside it, live, are its graph, what a run would do, all files that a
    build would write, and its score by the principles.

    Without SPEC, this folder's `pipeline.mlops` is opened, else a copy of an example. Nothing is written before you
    press Save. Ctrl-C ends it.

    \b
    Examples:
      mlopsc playground
      mlopsc playground examples/bike-demand
      mlopsc playground --example flights
    """
    if file is not None and example is not None:
        raise click.UsageError("name a spec or an --example, not both")
    _need_editor()
    from mlopsc.compiler.playground.assets import is_built

    if not is_built():
        raise CommandFailure("the page of the playground has not been built", "`make playground` builds it")
    with _desk(file, example) as desk:
        _serve(desk, port or 0, opens=not no_open)
    return Exit.OK


def _need_editor() -> None:
    try:
        import_module("mlopsc.compiler.playground.server")
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("mlopsc"):
            raise
        fact = f"the playground needs `{error.name}`, which is not installed"
        raise CommandFailure(fact, '`pip install "mlopsc[editor]"`') from error


@contextmanager
def _desk(file: str | None, example: str | None) -> Iterator[Desk]:
    """The spec that is asked for, or a copy of an example that is gone afterwards."""
    from mlopsc.compiler.cli.spec import DEFAULT as SPEC
    from mlopsc.compiler.cli.spec import STDIN, locate
    from mlopsc.compiler.playground.desk import Desk

    if file == STDIN:
        raise click.UsageError("what comes by stdin cannot be saved: name a file")
    if file is not None or (example is None and Path(SPEC).is_file()):
        spec = locate(file)
        yield Desk(spec.folder, spec.name)
        return
    from tempfile import TemporaryDirectory

    from mlopsc.compiler.playground.desk import MAIN, lay_out_example

    texts = _texts(example or DEFAULT)
    with TemporaryDirectory(prefix="mlopsc-playground-", ignore_cleanup_errors=True) as folder:
        lay_out_example(texts, Path(folder))
        yield Desk(Path(folder), MAIN, Path.cwd())


def _texts(name: str) -> dict[str, str]:
    from mlopsc.compiler.diagnostics import did_you_mean
    from mlopsc.compiler.playground.assets import example, examples

    known = examples()
    if name not in known:
        close = did_you_mean(name, known)
        hint = f"did you mean `{close}`?" if close else f"there are {' and '.join(f'`{one}`' for one in known)}"
        raise CommandFailure(f"there is no example `{name}`", hint, Exit.USAGE)
    return dict(example(name))


def _serve(desk: Desk, port: int, *, opens: bool) -> None:
    from mlopsc.compiler.cli.crash import program_version
    from mlopsc.compiler.cli.sound import DEFAULT_TARGETS
    from mlopsc.compiler.playground.server import serve_playground
    from mlopsc.stdlib import registry

    def is_up(address: str) -> None:
        click.echo(f"{desk.title}: {address}\nCtrl-C ends it")
        if opens:
            _open(address)

    try:
        serve_playground(desk, program_version(), registry(), DEFAULT_TARGETS, port, is_up)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        hint = "name another one, or leave --port out: then any free one is taken"
        raise CommandFailure(f"the port {port} is taken by another program", hint) from error


def _open(address: str) -> None:
    """Show the page, where somebody would see it: a browser in the terminal would be in the way."""
    if sys.platform not in ("darwin", "win32") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    import threading
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
