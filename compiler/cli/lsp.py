"""`mlopsc lsp`: the language server that editors start."""

from __future__ import annotations

import sys

import click

from mlopsc.compiler.cli.exits import CommandFailure


@click.command(name="lsp", short_help="Answer editors: mistakes, completion, definitions, renaming.")
@click.option("--tcp", type=click.IntRange(1, 65535), metavar="PORT", help="Listen there instead of using stdio.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on, with --tcp.")
def command(tcp: int | None, host: str) -> int:
    """Answer an editor, by the Language Server Protocol.

    Editors start this command themselves and speak to it over stdin and stdout; docs/editors.md has the line for each.

    \b
    Examples:
      mlopsc lsp                   what an editor starts
      mlopsc lsp --tcp 2087        one editor, over TCP
    """
    try:
        from mlopsc.compiler.lsp.server import serve
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("mlopsc"):
            raise
        fact = f"the language server needs `{error.name}`, which is not installed"
        raise CommandFailure(fact, '`pip install "mlopsc[editor]"`') from error
    from mlopsc.compiler.cli.crash import program_version
    from mlopsc.compiler.cli.sound import DEFAULT_TARGETS
    from mlopsc.stdlib import registry

    if tcp is None and sys.stdin.isatty():
        click.echo("this speaks to editors; Ctrl-D ends it, docs/editors.md says how editors start it", err=True)
    if tcp is not None:
        click.echo(f"listening on {host}:{tcp} for one editor", err=True)
    return serve(program_version(), registry(), DEFAULT_TARGETS, None if tcp is None else (host, tcp))
