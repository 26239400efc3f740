"""Completion in comments: `# mlopsc: allow RULE -- why`, with the rules that speak on the line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsprotocol import types as lsp

from mlopsc.compiler.lsp.offers import Offer, escaped
from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Span

_ALLOW = re.compile(r"#\s*mlopsc:\s*allow\s+(?:[\w-]+,\s*)*(?P<name>[\w-]*)\Z")
_BEGUN = re.compile(r"#\s*(?P<word>[\w:]*(?:\s+\w*)?)\Z")


def allowed_offers(project: Project, file: ast.File, comment: ast.Comment, offset: int) -> tuple[Span, Iterator[Offer]]:
    """The rules of the linter behind `allow`, or all of the comment before it; and what of it is replaced."""
    start = next(at for at, chunk in zip(file.starts, file.chunks, strict=True) if comment in chunk.comments)
    begin = start + comment.span.start
    typed = file.source.text[begin:offset]
    if (match := _ALLOW.search(typed)) is not None:
        first = offset - len(match["name"])
        return Span(first, offset), _rules(project, file, begin, "")
    begun = _BEGUN.search(typed)
    if begun is not None and "mlopsc: allow".startswith(begun["word"]):
        first = offset - len(begun["word"])
        return Span(first, offset), _rules(project, file, begin, "mlopsc: allow ", only_spoken=True)
    return Span(offset, offset), iter(())


def _rules(project: Project, file: ast.File, at: int, before: str, *, only_spoken: bool = False) -> Iterator[Offer]:
    """The rules that speak on the line of the comment, or the one below, first; what they said is shown."""
    from mlopsc.compiler.lint import rules

    line = file.source.position(at).line
    said = {
        one.code.title: one.message
        for one in project.compilation.diagnostics
        if one.location.file.path == file.source.path
        and one.code.id.startswith("L")
        and one.location.position.line <= line + 1 <= one.location.end.line + 1
    }
    known = {rule.code.title: rule for rule in rules()}
    order = [*(name for name in said if name in known), *(name for name in known if name not in said)]
    for name in order:
        if only_spoken and name not in said:
            continue
        page = " ".join((known[name].__doc__ or "").split("\n\n")[0].split())
        doc = f"{said[name]}\n\n{page}" if name in said else page
        text = f"{before}{name} -- "
        detail = "says something here" if name in said else "says nothing here"
        snippet = f"{escaped(text)}${{1:why it may be so}}"
        yield Offer(f"{before}{name}", lsp.CompletionItemKind.Value, detail, doc, text, snippet)
