"""`mlopsc completion`: what a shell needs to complete commands, stages, environments and codes."""

from __future__ import annotations

import click

from mlopsc.compiler.cli.exits import Exit

SHELLS = ("bash", "zsh", "fish")


@click.command(name="completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> int:
    """Print the script that completes commands, stages, environments and codes.

    \b
    Examples:
      mlopsc completion bash >> ~/.bashrc
      mlopsc completion zsh >> ~/.zshrc
      mlopsc completion fish > ~/.config/fish/completions/mlopsc.fish
    """
    from click.shell_completion import get_completion_class

    from mlopsc.compiler.cli.commands import program

    found = get_completion_class(shell)
    assert found is not None
    # Without the check of the shell's version, which asks a shell that need not be installed here.
    script = found(program, {}, "mlopsc", "_MLOPSC_COMPLETE")
    click.echo(script.source_template % script.source_vars())
    return Exit.OK
