"""Every fence and every link of the README and of docs/: specs are checked, commands are parsed, code compiles."""

from __future__ import annotations

import ast as python_ast
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mlopsc.compiler.cli.commands import program
from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.program import vocabulary_of
from mlopsc.compiler.syntax.messages import syntax_diagnostics
from mlopsc.compiler.syntax.parser import parse
from mlopsc.compiler.text import SourceFile
from mlopsc.compiler.workspace import MemoryWorkspace
from mlopsc.stdlib import registry

ROOT = Path(__file__).parents[2]
WRITTEN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
PAGES = [page for page in WRITTEN if ".mlops" not in page.parts]
"""All but what runs and rehearsals of an example have left there."""
FENCE = re.compile(r"^( *)```(\w+)?([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
KINDS = {"mlops", "mlops fragment", "console", "python", "json", "text", "toml", "yaml", "bash"}


def fences() -> Iterator[pytest.param]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            kind = f"{match[2] or ''}{match[3]}".strip()
            body = "\n".join(one.removeprefix(match[1]) for one in match[4].split("\n"))
            yield pytest.param(kind, body, id=f"{page.relative_to(ROOT).as_posix()}:{line}")


@pytest.mark.parametrize(("kind", "body"), list(fences()))
def test_a_fence_holds_what_it_says(kind: str, body: str) -> None:
    assert kind in KINDS, f"fences are of the kinds {sorted(KINDS)}"
    if kind == "mlops":
        check_program(body)
    elif kind == "mlops fragment":
        check_fragment(body)
    elif kind == "console":
        for line in body.splitlines():
            if line.startswith("$ "):
                check_command(line.removeprefix("$ "))
    elif kind == "python":
        python_ast.parse(body)
    elif kind == "json":
        json.loads(body)


def check_program(text: str) -> None:
    """A whole spec is right, given the files that it names."""
    files = dict.fromkeys(re.findall(r'"([\w./-]+\.(?:csv|parquet))"', text), "")
    workspace = MemoryWorkspace({"pipeline.mlops": text, "requirements.lock": "", **files})
    errors = [one for one in Compilation(workspace, registry()).diagnostics if one.is_error]
    assert not errors, "\n".join(f"{one.location}: {one.code.id} {one.message}" for one in errors)


def check_fragment(text: str) -> None:
    """A part of a spec is written right."""
    problems = syntax_diagnostics(parse(SourceFile("fragment.mlops", text), vocabulary_of(registry())))
    assert not problems, "\n".join(f"{one.location}: {one.code.id} {one.message}" for one in problems)


def check_command(line: str) -> None:
    """A command of ours exists, with these options; `make` has the target."""
    words = shlex.split(line.split("  #")[0], comments=True)
    if words[0] == "make":
        assert all(re.search(rf"^{word}:", (ROOT / "Makefile").read_text(), re.MULTILINE) for word in words[1:2])
    if words[0] != "mlopsc":
        return
    context = click.Context(program, info_name="mlopsc")
    name, command, rest = program.resolve_command(context, words[1:])
    assert command is not None, f"there is no command `{name}`"
    parse_arguments(command, rest, context)


def parse_arguments(command: click.Command, words: list[str], parent: click.Context) -> None:
    """Raises click's UsageError where the words are not what the command takes."""
    inner = command.make_context(command.name, list(words), parent=parent)
    if isinstance(command, click.Group):
        name, nested, rest = command.resolve_command(inner, [*inner._protected_args, *inner.args])
        assert nested is not None, f"there is no command `{name}`"
        parse_arguments(nested, rest, inner)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{target} is not there"


@pytest.mark.parametrize(
    ("kind", "body", "caught"),
    [
        ("mlops fragment", "data rides {\n  source csv(1)\n}", AssertionError),
        ("mlops", "pipeline x {}\n\ntrain model {}\n", AssertionError),
        ("console", "$ mlopsc chekc", click.UsageError),
        ("console", "$ mlopsc check --no-such-option", click.UsageError),
        ("python", "def f(:", SyntaxError),
        ("json", "{", ValueError),
        ("sh", "ls", AssertionError),
    ],
)
def test_a_fence_that_is_wrong_is_caught(kind: str, body: str, caught: type[Exception]) -> None:
    with pytest.raises(caught):
        test_a_fence_holds_what_it_says(kind, body)
