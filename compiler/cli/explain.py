"""`mlopsc explain`: the page of a message, or what a word of the language means."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from mlopsc.compiler.cli.exits import CommandFailure, Exit
from mlopsc.compiler.render.style import Style, style_of

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from mlopsc.compiler.catalogue import Page
    from mlopsc.compiler.render.forms import Form
    from mlopsc.compiler.render.wording import Meaning
    from mlopsc.compiler.schema.parameters import Parameter

_WIDEST = 100
_SHOWN = 12
_FEW = 3


def complete_topic(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Codes and words that begin as what is typed so far."""
    from click.shell_completion import CompletionItem

    from mlopsc.compiler.catalogue import pages
    from mlopsc.compiler.render.wording import all_meanings
    from mlopsc.stdlib import registry

    topics: dict[str, str] = {code: page.code.title for code, page in pages().items()}
    for one in all_meanings(registry()):
        topics.setdefault(one.word, one.parameter.description if one.parameter else one.owners[0].summary())
    found = [topic for topic in topics if topic.lower().startswith(incomplete.lower())]
    return [CompletionItem(topic, help=topics[topic]) for topic in found]


@click.command(name="explain")
@click.argument("topic", metavar="[CODE|WORD]", required=False, shell_complete=complete_topic)
def command(topic: str | None) -> int:
    """Explain a message by its code, or a word of the language.

    \b
    Examples:
      mlopsc explain E203         the page of a message
      mlopsc explain by_time      a function and its parameters
      mlopsc explain require      a rule and its clauses
      mlopsc explain data.split   a setting of one kind of block
      mlopsc explain              all codes
    """
    style = style_of(sys.stdout)
    lines = _list_of_codes(style) if topic is None else explain(topic, style)
    click.echo("\n".join(lines), color=style.colour)
    return Exit.OK


def explain(topic: str, style: Style) -> list[str]:
    """The lines that explain a code or a word; raises CommandFailure with the nearest one when there is none."""
    from mlopsc.compiler.catalogue import page, pages
    from mlopsc.compiler.render.forms import FORMS
    from mlopsc.compiler.render.wording import choices, meanings, suggestion
    from mlopsc.stdlib import registry

    topic = topic.strip("`")
    blocks = [list(_form(topic, FORMS[topic], style))] if topic in FORMS else []
    blocks += [list(_meaning(one, style)) for one in meanings(topic, registry())]
    blocks = blocks or [list(_choice(topic, one, style)) for one in choices(topic, registry())]
    if blocks:
        return [line for number, block in enumerate(blocks) for line in ([""] if number else []) + block]
    found = page(topic)
    if found is not None:
        return list(_page(found, style))
    close = suggestion(topic, registry(), [*pages(), *FORMS])
    hint = f"did you mean `{close}`?" if close else "`mlopsc explain` lists all codes; docs/reference.md all words"
    raise CommandFailure(f"there is no code or word `{topic}`", hint, Exit.USAGE)


def _list_of_codes(style: Style) -> Iterator[str]:
    from mlopsc.compiler.catalogue import pages

    for code, page in pages().items():
        yield f"{style('code', code)}  {page.code.title}"
    yield ""
    yield "`mlopsc explain CODE` tells more; so does `mlopsc explain WORD` of any word of the language."


def _page(page: Page, style: Style) -> Iterator[str]:
    tone: Any = {"error": "error", "warning": "warning"}.get(page.code.severity, "info")
    yield f"{style(tone, f'{page.code.severity.value} {page.code.id}')}: {style('bold', page.code.title)}"
    yield ""
    paragraph: list[str] = []
    in_code = False
    for line in [*page.text.splitlines(), ""]:
        if line.startswith("```"):
            in_code = not in_code
        elif in_code:
            yield f"    {line}".rstrip()
        elif line in ("wrong:", "right:"):
            yield style("error" if line == "wrong:" else "good", line)
        elif line:
            paragraph.append(line)
        elif paragraph:
            yield from _wrapped(" ".join(paragraph), style)
            yield ""
            paragraph = []


def _wrapped(text: str, style: Style, indent: str = "") -> Iterable[str]:
    from textwrap import wrap

    lines = wrap(text, min(style.columns or _WIDEST, _WIDEST), initial_indent=indent, subsequent_indent=indent)
    return map(style.ticked, lines)


def _form(word: str, form: Form, style: Style) -> Iterator[str]:
    yield f"{style('bold', word)}  word of the language"
    yield ""
    yield from _wrapped(form.text, style, "  ")
    yield ""
    yield from (f"    {line}" for line in form.example.splitlines())


def _meaning(meaning: Meaning, style: Style) -> Iterator[str]:
    from mlopsc.compiler.render.wording import kind_of, members, paragraphs, role_of, takes
    from mlopsc.stdlib import registry

    owner = meaning.owners[0]
    if meaning.parameter is None:
        yield f"{style('bold', _heading(owner))}  {style.ticked(kind_of(owner))}"
        for number, paragraph in enumerate(paragraphs(owner)):
            yield from [""] if number < 2 or not paragraph.startswith("- ") else []
            yield from _wrapped(paragraph, style, "  ")
        parameters = owner.accepts()
        if parameters:
            yield f"\n{role_of(owner)}s:"
            yield from (line for word, one in parameters.items() for line in _parameter(word, one, style))
        return
    shown = [f"`{one.word}`" for one in meaning.owners[:_SHOWN]]
    more = f" and {len(meaning.owners) - _SHOWN} more" if len(meaning.owners) > _SHOWN else ""
    yield f"{style('bold', meaning.word)}  {role_of(owner)} of {style.ticked(', '.join(dict.fromkeys(shown)))}{more}"
    yield ""
    words = takes(meaning.parameter, registry())
    yield from _wrapped(f"{meaning.parameter.description} It takes {words}.", style, "  ")
    functions = members(meaning.parameter, registry())
    if len(functions) > _FEW:
        yield from _wrapped(f"All of them: {', '.join(f'`{word}`' for word in functions)}.", style, "  ")
    yield from _default(meaning.parameter, style, "  ")


def _choice(word: str, meaning: Meaning, style: Style) -> Iterator[str]:
    """One of the few words that a parameter takes: what is said of it, then the parameter."""
    from mlopsc.compiler.render.wording import paragraphs

    owner = meaning.owners[0]
    yield f"{style('bold', word)}  one of the words of {style.ticked(f'`{meaning.word}` of `{owner.word}`')}"
    yield ""
    told = next((one for one in paragraphs(owner) if one.startswith(f"- `{word}`")), None)
    if told:
        yield from _wrapped(told.removeprefix("- "), style, "  ")
        yield ""
    yield from _meaning(meaning, style)


def _heading(owner: Any) -> str:
    from mlopsc.compiler.render.wording import signature
    from mlopsc.compiler.schema.declarations import Function

    return signature(owner) if issubclass(owner, Function) else str(owner.word)


def _parameter(word: str, parameter: Parameter, style: Style) -> Iterator[str]:
    from mlopsc.compiler.render.wording import takes
    from mlopsc.stdlib import registry

    needed = ", needed" if parameter.is_required else ""
    yield f"  {style('code', word)}  {style.ticked(takes(parameter, registry()))}{needed}"
    yield from _wrapped(parameter.description, style, "      ")
    yield from _default(parameter, style, "      ")


def _default(parameter: Parameter, style: Style, indent: str) -> Iterator[str]:
    from mlopsc.compiler.render.wording import default_of

    default = default_of(parameter)
    if default is not None:
        yield style.ticked(f"{indent}Unless it is said: `{default}`.")
    if not parameter.runs:
        yield style("dim", f"{indent}Declared and checked; nothing of this version runs it yet.")
