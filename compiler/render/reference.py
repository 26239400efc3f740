"""The reference pages: every word that is declared and every message, written by `make docs`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from mlopsc.compiler.catalogue import Page, pages
from mlopsc.compiler.lint import rules
from mlopsc.compiler.lint.principle import PRINCIPLES
from mlopsc.compiler.render.forms import FORMS
from mlopsc.compiler.render.wording import default_of, kind_of, paragraphs, role_of, signature, takes
from mlopsc.compiler.schema.declarations import ColumnType, Declaration, Function, StageKind
from mlopsc.compiler.schema.registry import Registry

DOCS = Path(__file__).parents[2] / "docs"
_EXAMPLE = DOCS.parent / "examples" / "bike-demand" / "deploy"
_MADE = "<!-- Made by `make docs` from the declarations and the messages themselves: change those. -->"

_LINT = """\
What is allowed and still likely to be a mistake. `mlopsc check` says it beside all other [messages](messages.md), as
soon as a spec has no errors; `mlopsc check --fix` makes the fixes that keep the meaning. `mlopsc explain NAME` shows
the page of a rule in the terminal.

## Allowing, and telling what a project wants

A comment allows a rule on its line, or on the next line with code, if it says why:

```mlops fragment
limit = 45  # mlopsc: allow unused-constant -- the dashboard reads it
```

For a whole project, `[tool.mlopsc]` of the nearest `pyproject.toml` that has one, beside the spec or above it within
the repository, says how bad a rule is (`error`, `warning` or `info`) and switches rules off, with a reason:

```toml
[tool.mlopsc.severity]
unused-stage = "error"

[tool.mlopsc.off]
single-environment = "a pilot; one is enough until it is decided"
```

An unknown word there is an error, with the nearest name. Errors of the language (`E…`) cannot be allowed or switched
off."""
_PRINCIPLES = """\
Some rules stand for one of the seven principles of running machine learning well. `mlopsc principles` shows for each
which lines earn it and what is missing next (`--format json`, `sarif`, or `badge` for an SVG). `mlopsc check` says what
is missing once a program leaves this machine: where it names a cloud, or `github(…)`. A rule that is allowed or
switched off is set aside, with its reason, and does not count."""


def reference_pages() -> dict[str, str]:
    """The pages by their name in `docs/`."""
    from mlopsc.stdlib import registry

    return {
        "reference.md": _text(_words(registry())),
        "messages.md": _text(_messages({code: page for code, page in pages().items() if not _is_lint(code)})),
        "lint.md": _text(_lint({code: page for code, page in pages().items() if _is_lint(code)})),
        "permissions.md": _text(_permissions()),
    }


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _words(registry: Registry) -> Iterator[str]:
    yield from ("# Reference", "", _MADE, "")
    yield "Every word of the language. [language.md](language.md) is the guide, [messages.md](messages.md) has every"
    yield "message; `mlopsc explain WORD` shows the same in the terminal."
    yield ""
    yield from (
        f"- [{title}](#{title.lower()})" for title in ("Words", "Blocks", "Rules", "Columns", "Functions", "Events")
    )
    yield from ("", "## Words", "", "What stands in any block, or in several.")
    for word, form in FORMS.items():
        yield from ("", f"### `{word}`", "", form.text, "", "```mlops fragment", *form.example.splitlines(), "```")
    yield from ("", "## Blocks")
    for block in registry.blocks.values():
        yield from _declaration(block, registry)
    yield from ("", "## Rules")
    for verb in registry.verbs:
        yield from _declaration(verb, registry)
    yield from ("", "## Columns", "")
    yield from _documented(registry.schema_field)
    yield from _parameters(registry.schema_field, registry)
    yield from _list(registry.column_types.values())
    yield from ("", "## Functions")
    for family, functions in _families(registry).items():
        yield from ("", f"### {family[0].upper()}{family[1:]}")
        for function in functions:
            yield from _declaration(function, registry, level=4)
    yield from ("", "## Events", "", "What happens by itself, for `on`; besides these, each `watch` is one.", "")
    yield from _list(registry.events.values())


def _declaration(declaration: type[Declaration], registry: Registry, level: int = 3) -> Iterator[str]:
    is_function = issubclass(declaration, Function)
    called = signature(declaration) if issubclass(declaration, Function) else declaration.word
    about = "" if is_function else f", {kind_of(declaration)}"
    yield from ("", f"{'#' * level} `{called}`{about}", "")
    yield from _documented(declaration)
    if issubclass(declaration, StageKind):
        verbs = ", ".join(f"`{word}`" for word in registry.verbs_of(declaration.word))
        yield from ("", f"Rules: {verbs or 'none'}.")
    if issubclass(declaration, StageKind) and not declaration.runtime:
        yield from ("", f"`mlopsc {declaration.word}` does its work; `mlopsc run` names it and does not start it.")
    elif not declaration.runs:
        yield from ("", "Declared and checked; nothing of this version runs it yet.")
    yield from _parameters(declaration, registry)


def _documented(declaration: type[Declaration]) -> Iterator[str]:
    before = ""
    for paragraph in paragraphs(declaration):
        if before and not (before.startswith("- ") and paragraph.startswith("- ")):
            yield ""
        yield paragraph
        before = paragraph


def _parameters(declaration: type[Declaration], registry: Registry) -> Iterator[str]:
    accepted = declaration.accepts()
    if not accepted:
        return
    yield from ("", f"| {role_of(declaration)} | takes | unless it is said | |", "|---|---|---|---|")
    for word, one in accepted.items():
        default = default_of(one)
        unless = "needed" if one.is_required else f"`{default}`" if default else ""
        later = "" if one.runs else " Nothing runs it yet."
        cells = (f"`{word}`", takes(one, registry), unless, one.description + later)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""


def _list(declarations: Iterable[type[Declaration]]) -> Iterator[str]:
    for one in declarations:
        call = signature(one) if issubclass(one, Function) and one.accepts() else one.word
        yield f"- `{call}`: {' '.join(paragraphs(one))}"


def _families(registry: Registry) -> dict[str, list[type[Function]]]:
    """The functions by family, in the order in which they are declared."""
    found: dict[str, list[type[Function]]] = {}
    for function in registry.functions:
        if not issubclass(function, ColumnType):
            found.setdefault(function.family, []).append(function)
    return found


def _is_lint(code: str) -> bool:
    return code.startswith("L")


def _messages(found: Mapping[str, Page]) -> Iterator[str]:
    yield from ("# Messages", "", _MADE, "")
    yield "What `mlopsc check` can say, by code; `mlopsc explain CODE` shows the same in the terminal. What is allowed"
    yield "and still likely to be a mistake is said by the [linter](lint.md)."
    yield from ("", "| code | |", "|---|---|")
    yield from (f"| [{code}](#{code.lower()}) | {page.code.title} |" for code, page in found.items())
    yield from _pages(found)


def _lint(found: Mapping[str, Page]) -> Iterator[str]:
    """The rules of the linter, how they are told what a project wants, and the principles that some stand for."""
    number_of = {rule.code.id: rule.principle for rule in rules()}
    yield from ("# The linter", "", _MADE, "")
    yield from _LINT.splitlines()
    yield from ("", "## Principles", "")
    yield from (f"{number}. {text[0].upper()}{text[1:]}." for number, text in PRINCIPLES.items())
    yield ""
    yield from _PRINCIPLES.splitlines()
    yield from ("", "## Rules", "", "| code | name | unless said otherwise | principle |", "|---|---|---|---|")
    for code, page in found.items():
        number = number_of.get(code) or ""
        yield f"| [{code}](#{code.lower()}) | {page.code.title} | {page.code.severity.value} | {number} |"
    yield from _pages(found)


def _pages(found: Mapping[str, Page]) -> Iterator[str]:
    for code, page in found.items():
        yield from ("", f"## {code}", "", f"**{page.code.title}** ({page.code.severity.value})", "")
        yield from _page(page.text.splitlines())


def _page(lines: Sequence[str]) -> Iterator[str]:
    """The text of a page; what is wrong is no example to follow, so only the mended one is marked as a spec."""
    kind = ""
    for line in lines:
        if line in ("wrong:", "right:"):
            kind = "text" if line == "wrong:" else "mlops fragment"
        yield f"```{kind}" if line == "```mlops" else line


def _permissions() -> Iterator[str]:
    """What the identities of the example may do, from the Terraform that is committed beside it."""
    from mlopsc.targets.terraform.aws.permissions import page

    yield from ("# Permissions", "", "<!-- Made by `make docs` from the Terraform of the example: change that. -->", "")
    yield "What each identity of the bicycle example may do on AWS, in its environment `prod`. Nothing here is written"
    yield "by hand: the policies that were emitted are read back, bootstrap included, and an evaluator of our own"
    yield "decides each cell as AWS documents it: a denial anywhere wins, then the role's policy or the resource's must"
    yield "allow it, and the role's boundary too. Every request goes over TLS. *Create* makes a key that is not there;"
    yield "*replace* may also write over one, and is given only where a key is the hash of what it holds. All of them"
    yield "may see which keys there are: without that, S3 does not say that a record is missing."
    yield "[Terraform](terraform.md) has the rest."
    yield ""
    yield from page(json.loads(path.read_text("utf-8")) for path in sorted(_EXAMPLE.rglob("main.tf.json")))
    yield from ("", "## What the evaluator leaves out", "")
    yield "Organisations' policies (SCPs), session policies, VPC endpoint policies, grants of KMS, access points, and"
    yield "policies that others attach to these roles by hand. An operator of a condition that it does not know, or a"
    yield "reference that it cannot follow, is an error, never a yes. It is not AWS: apply to `dev` first."


def main() -> None:
    """Write the pages."""
    for name, text in reference_pages().items():
        (DOCS / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
