"""From a problem of a chunk to a diagnostic of a file."""

from __future__ import annotations

from functools import cache

from mlopsc.compiler.diagnostics import Diagnostic, Message
from mlopsc.compiler.syntax import (
    messages_items,
    messages_lines,
    messages_numbers,
    messages_structure,
    messages_text,
    messages_words,
)
from mlopsc.compiler.syntax.ast import File, Origin, SyntaxProblem
from mlopsc.compiler.text import Location, Span


def syntax_diagnostics(file: File) -> list[Diagnostic]:
    """What is wrong with the syntax of a file, in the order of the text."""
    found = [
        _worded(problem, Origin(file.source, start))
        for chunk, start in zip(file.chunks, file.starts, strict=True)
        for problem in chunk.problems
    ]
    if not found and not any(chunk.items for chunk in file.chunks):
        found.append(messages_text.empty_file(Location(file.source, Span(0, 0))))
    return sorted(found, key=lambda diagnostic: diagnostic.order)


def _worded(problem: SyntaxProblem, origin: Origin) -> Diagnostic:
    details = {name: origin.at(value) if isinstance(value, Span) else value for name, value in problem.details}
    return _messages()[problem.code](origin.at(problem.span), **details)


@cache
def _messages() -> dict[str, Message[...]]:
    words = (messages_text, messages_numbers, messages_words)
    forms = (messages_structure, messages_lines, messages_items)
    found = (value for module in (*words, *forms) for value in vars(module).values())
    return {value.code.id: value for value in found if isinstance(value, Message)}
