"""Help, `explain`, `graph` and completion."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from inspect import cleandoc
from pathlib import Path

import click
import pytest
from commands import Done, start

from mlopsc.compiler.catalogue import pages
from mlopsc.compiler.cli.commands import SECTIONS, program
from mlopsc.compiler.cli.exits import MEANINGS, Exit
from mlopsc.compiler.render.reference import DOCS, reference_pages
from mlopsc.compiler.render.wording import all_meanings
from mlopsc.stdlib import registry

Call = Callable[..., Done]


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command, and those inside groups."""
    context = click.Context(program)
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", command.commands[inner]) for inner in command.commands)


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_command_explains_itself(name: str, command: click.Command) -> None:
    assert command.get_short_help_str(200).endswith(".")
    assert all(option.help for option in command.params if isinstance(option, click.Option))
    if " " not in name:
        assert "\b\nExamples:\n  mlopsc " in cleandoc(command.help or ""), f"{name} has no examples"


def test_the_group_lists_commands_and_exit_codes(call: Call) -> None:
    done = call("--help")
    assert done.code == 0
    for title, names in SECTIONS.items():
        assert f"{title}:\n" in done.out
        assert all(f"\n  {name} " in done.out for name in names)
    assert all(f"{code.value:<4} {meaning}" in done.out for code, meaning in MEANINGS.items())


def test_the_documented_exit_codes_are_those_of_the_program() -> None:
    text = (DOCS / "running.md").read_text(encoding="utf-8")
    for code in MEANINGS:
        if code is not Exit.PIPE:
            assert f"| {code.value} |" in text


def test_version(call: Call) -> None:
    done = call("--version")
    assert done.code == 0
    assert done.out.startswith("mlopsc ")


def test_both_ways_to_start_it(project: Path) -> None:
    script = Path(sys.executable).parent / "mlopsc"
    done = subprocess.run([script, "check"], cwd=project, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, start("check", folder=project).out)


def test_every_code_has_a_page(call: Call) -> None:
    listed = call("explain").out
    for code, page in pages().items():
        assert f"{code}  {page.code.title}\n" in listed
        assert f" {code}: {page.code.title}\n" in call("explain", code.lower()).out


def test_every_word_is_explained(call: Call) -> None:
    for word in {one.word for one in all_meanings(registry())}:
        done = call("explain", word)
        assert done.code == 0, word
        assert done.out.startswith(word)


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("by_time", "by_time(train, validation = 0%, test, gap = ?)  way to split rows"),
        ("require", "require  rule in `release`"),
        ("data.split", "setting of `data`"),
        ("leak", "known only once the target is"),
        ("split", "`by_group`"),
        ("retries", "at least 0 and at most 10"),
        ("`mae`", "mae(on)  metric"),
    ],
)
def test_explaining_a_word(topic: str, words: str, call: Call) -> None:
    assert words in call("explain", topic).out


def test_the_reference_pages_are_those_of_the_declarations() -> None:
    for name, text in reference_pages().items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, f"docs/{name} is stale: run `make docs`"


def test_a_tree(project: Path, call: Call) -> None:
    out = call("graph").out
    assert out.startswith("orders in local\n\n● orders data\n│   source = csv(")
    assert "● gate test, reads orders too\n    require mae(test) <= 5 at 95%\n" in out
    assert project.exists()


def test_a_drawing_shows_every_stage_and_reading(project: Path, call: Call) -> None:
    assert call("graph", "-o", "a drawing.svg") == Done(0, "wrote a drawing.svg\n", "")
    svg = (project / "a drawing.svg").read_text(encoding="utf-8")
    root = ET.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    assert [one.attrib["data-stage"] for one in root.iter(f"{space}g")] == ["orders", "prices", "gate"]
    edges = {
        (one.attrib["data-from"], one.attrib["data-to"]) for one in root.iter(f"{space}path") if "data-to" in one.attrib
    }
    assert edges == {("orders", "prices"), ("prices", "gate"), ("orders", "gate")}
    boxes = [[float(box.attrib[key]) for key in ("x", "y", "width", "height")] for box in root.iter(f"{space}rect")][1:]
    for i, (x, y, width, height) in enumerate(boxes):
        for other_x, other_y, other_width, other_height in boxes[i + 1 :]:
            apart = x + width < other_x or other_x + other_width < x
            assert apart or y + height < other_y or other_y + other_height < y


class Page(HTMLParser):
    """What a page refers to, and the ids that it has."""

    def __init__(self) -> None:
        super().__init__()
        self.references: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src"):
                self.references.append(value or "")
            if name == "id":
                self.ids.add(value or "")


def test_a_page_needs_nothing_from_elsewhere(project: Path, call: Call) -> None:
    assert call("graph", "-o", "page.html").code == 0
    text = (project / "page.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert {f"stage-{name}" for name in ("orders", "prices", "gate")} <= page.ids
    assert len(page.references) > 3
    assert all(reference.removeprefix("#") in page.ids for reference in page.references)
    assert "@import" not in text
    assert "url(" not in text.replace("url(#arrow)", "")


def test_what_a_spec_says_is_escaped(project: Path, call: Call) -> None:
    spec = project / "pipeline.mlops"
    nasty = spec.read_text(encoding="utf-8").replace('csv("orders.csv")', "csv('orders.csv', separator = '<')")
    spec.write_text(
        nasty.replace("check rows >= 100", "check rows >= 100\n  check matches(note, '</script>&\"')"), "utf-8"
    )
    spec.write_text(
        spec.read_text(encoding="utf-8").replace("    price:", "    note:   text role ignore\n    price:"), "utf-8"
    )
    assert "&lt;/script&gt;&amp;" in call("graph", "--format", "html").out
    assert "'</script>" not in call("graph", "--format", "html").out
    ET.fromstring(call("graph", "--format", "svg").out)
    assert "#lt;/script#gt;#amp;#quot;" in call("graph", "--format", "mermaid").out


def test_a_chain_of_hundreds_stays_on_the_screen(project: Path, call: Call) -> None:
    first = 'data s0 {\n  source = csv("orders.csv")\n\n  schema { price: float }\n\n  check rows >= 1\n}\n'
    more = (
        f"data s{i} {{\n  from = s{i - 1}\n\n  schema {{ price: float }}\n\n  check rows >= 1\n}}\n"
        for i in range(1, 300)
    )
    (project / "pipeline.mlops").write_text("\n".join(["pipeline long {}\n", first, *more]), encoding="utf-8")
    done = call("graph")
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) < 60


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("mlopsc ", {"check", "run", "explain"}),
        ("mlopsc run ", {"orders", "prices", "gate"}),
        ("mlopsc run pr", {"prices"}),
        ("mlopsc why g", {"gate"}),
        ("mlopsc run -e ", set()),
        ("mlopsc explain E10", {"E101"}),
        ("mlopsc explain by_t", {"by_time"}),
        ("mlopsc check --for", {"--format"}),
    ],
)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, words: str, expected: set[str], project: Path) -> None:
    parts = words.split(" ")
    environment = {
        "_MLOPSC_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(parts) - 1) if shell != "fish" else parts[-1],
    }
    script = str(Path(sys.executable).parent / "mlopsc")
    done = subprocess.run(
        [script], cwd=project, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    found = {line.split("\t")[0].split(",", 1)[-1] for line in done.stdout.splitlines()}
    assert expected <= found, done.stdout + done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_completion_is_one(shell: str, call: Call) -> None:
    done = call("completion", shell)
    assert done.code == 0
    assert "_MLOPSC_COMPLETE" in done.out
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=done.out, text=True, check=True)
