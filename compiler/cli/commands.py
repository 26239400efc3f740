"""The group of all commands; the module of each is imported only when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from keyword import iskeyword
from typing import Any

import click

from mlopsc.compiler.cli.exits import MEANINGS

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Write a spec": ("init", "import", "add", "check", "fmt", "explain", "playground", "lsp"),
    "Run it": ("build", "run", "why"),
    "Serve it": ("rehearse", "release", "serve", "monitor", "score", "forget"),
    "Deploy it": ("plan", "diff", "verify", "job", "pins"),
    "Look at it": ("graph", "principles", "data", "runs"),
    "Set up": ("doctor", "completion"),
}
"""The commands by section of the help. Each is the `command` of the module of its name in this folder."""

EXIT_CODES = "\b\nExit codes:\n" + "".join(f"  {code.value:<4} {meaning}\n" for code, meaning in MEANINGS.items())

EXAMPLES = """\b
Examples:
  mlopsc check                      mistakes in pipeline.mlops
  mlopsc run                        run what is not done yet
  mlopsc run -e prod demand_gate    up to one stage, in one environment
  mlopsc explain E203               what a message means
"""


class Group(click.Group):
    """Commands, of which an unknown one is told the one that was probably meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but for what is said of an unknown command."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            from mlopsc.compiler.diagnostics import did_you_mean

            known = self.list_commands(ctx)
            close = did_you_mean(name, known) or next((one for one in known if one.startswith(name)), None)
            hint = f"did you mean `{close}`?" if close else f"`{ctx.command_path} --help` lists all"
            raise click.UsageError(f"there is no command `{name}`: {hint}", ctx)
        return super().resolve_command(ctx, args)


class Commands(Group):
    """Finds a command by importing its module."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """Every command, in the order of the help."""
        return [name for names in SECTIONS.values() for name in names if find_spec(_module(name))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, with its module imported."""
        if not any(cmd_name in names for names in SECTIONS.values()) or not find_spec(_module(cmd_name)):
            return None
        command = import_module(_module(cmd_name)).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by section, with one line each."""
        for title, names in SECTIONS.items():
            commands = [one for name in names if (one := self.get_command(ctx, name))]
            if commands:
                with formatter.section(title):
                    formatter.write_dl([(str(one.name), one.get_short_help_str(80)) for one in commands])


def _module(name: str) -> str:
    """The module of a command; one whose name is a word of Python has a `_` after it."""
    return f"mlopsc.compiler.cli.{name}_" if iskeyword(name) else f"mlopsc.compiler.cli.{name}"


def _print_version(ctx: click.Context, _: click.Parameter, value: Any) -> None:
    if value:
        from mlopsc.compiler.cli.crash import program_version

        click.echo(f"mlopsc {program_version()}")
        ctx.exit()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=f"{EXAMPLES}\n{EXIT_CODES}",
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show it.")
def program() -> None:
    """Compile and run machine-learning pipelines written in `.mlops` files."""
