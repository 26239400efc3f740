"""Balances braces: where one is missing or one too many, the indentation says which block was meant."""

from __future__ import annotations

from dataclasses import dataclass

from mlopsc.compiler.syntax import messages_structure as say
from mlopsc.compiler.syntax.messages_text import unterminated
from mlopsc.compiler.syntax.problems import Problems
from mlopsc.compiler.syntax.tokens import (
    LINE_ENDS,
    NAMES,
    Token,
    across,
    end_of,
    indent_of,
    kind_at,
    line_start,
    made,
    past_lines,
    span_of,
    start_of,
)
from mlopsc.compiler.syntax.vocabulary import Vocabulary
from mlopsc.compiler.text import Span

HEADER_PARTS = NAMES | {"DOT"}


def balance_braces(tokens: list[Token], vocabulary: Vocabulary, problems: Problems) -> list[Token]:
    """The tokens with a brace for every brace, and each `{` on the line of its header."""
    tokens = _mend_headers(tokens, vocabulary, problems)
    missing, extra = _count(tokens)
    if extra:
        tokens = _drop_extra(tokens, problems)
        missing, _ = _count(tokens)
    if missing:
        tokens = _close_blocks(tokens, problems, missing)
    return tokens


def _count(tokens: list[Token]) -> tuple[int, int]:
    """How many blocks are never closed, and how many braces close nothing."""
    depth = extra = 0
    for token in tokens:
        if token.type == "LBRACE":
            depth += 1
        elif token.type == "RBRACE":
            extra += depth == 0
            depth = max(0, depth - 1)
    return depth, extra


def _mend_headers(tokens: list[Token], vocabulary: Vocabulary, problems: Problems) -> list[Token]:
    done: list[Token] = []
    for index, token in enumerate(tokens):
        if token.type == "LBRACE":
            _raise_brace(done, token, problems)
            _unquote_label(done, problems)
        elif (
            token.type == "_NL"
            and kind_at(done, len(done) - 1) not in LINE_ENDS | {""}
            and not _is_braced(tokens, index)
        ):
            _open_header(done, vocabulary, problems)
        done.append(token)
    _open_header(done, vocabulary, problems)
    return done


def _is_braced(tokens: list[Token], index: int) -> bool:
    """Whether the next line begins with a brace."""
    return kind_at(tokens, past_lines(tokens, index)) == "LBRACE"


def _open_header(done: list[Token], vocabulary: Vocabulary, problems: Problems) -> None:
    """A line that begins like a header opens its block, with or without a brace; indentation will close it."""
    start = line_start(done)
    line = done[start:]
    has_colon = bool(line) and line[-1].type == "COLON"
    header = line[:-1] if has_colon else line
    if _is_header(header, vocabulary):
        end = end_of(header[-1])
        sign = span_of(line[-1]) if has_colon else Span(end, end)
        problems.add(say.missing_brace, across(header), sign=sign)
    elif line and line[0].value in vocabulary.kinds and kind_at(line, 1) not in ("COLON", "EQUAL"):
        if not problems.any_within(start_of(line[0]), end_of(line[-1])):
            problems.add(say.malformed_header, across(line))
        header = line[: 1 + (kind_at(line, 1) in NAMES)]
        sign = Span(end_of(line[-1]), end_of(line[-1]))
    else:
        return
    done[start:] = [*header, made("LBRACE", "", sign, line[0])]


def _is_header(line: list[Token], vocabulary: Vocabulary) -> bool:
    """Whether a line is the kind and perhaps the name of a block, and nothing else."""
    return bool(line) and line[0].value in vocabulary.kinds and all(token.type in HEADER_PARTS for token in line)


def _raise_brace(done: list[Token], brace: Token, problems: Problems) -> None:
    """A `{` at the start of a line belongs to the line above, if that can be a header."""
    above = past_lines(done, len(done) - 1, step=-1) + 1
    line = done[line_start(done, above) : above]
    if above == len(done) or not line or len(line) > 2 or line[0].type not in NAMES:
        return
    if line[-1].type in NAMES | {"STRING", "RAW_STRING"}:
        del done[above:]
        end = end_of(line[-1])
        problems.add(say.brace_on_next_line, span_of(brace), header_end=Span(end, end))


def _unquote_label(done: list[Token], problems: Problems) -> None:
    """`data "rides"`."""
    start = line_start(done)
    if len(done) - start != 2 or done[start].type not in NAMES or done[-1].type not in ("STRING", "RAW_STRING"):
        return
    label = done[-1].value[1:-1]
    name = label if label.isidentifier() else f"`{label.replace('`', '')}`"
    if label.strip():
        problems.add(say.quoted_label, span_of(done[-1]), replacement=name)
        done[-1] = made("NAME" if label.isidentifier() else "QUOTED_NAME", name, span_of(done[-1]), done[-1])


def _drop_extra(tokens: list[Token], problems: Problems) -> list[Token]:
    """Leave out the braces that close nothing: first those that do not stand where their block begins."""
    _, extra = _count(tokens)
    done: list[Token] = []
    blocks: list[int] = []
    line_indent = 0
    for index, token in enumerate(tokens):
        if index == 0 or tokens[index - 1].type == "_NL":
            line_indent = indent_of(token)
        if token.type == "LBRACE":
            blocks.append(line_indent)
        elif token.type == "RBRACE":
            is_early = extra > 0 and bool(blocks) and _is_early(tokens, index, line_indent, blocks)
            if is_early or not blocks:
                problems.add(say.stray_brace, span_of(token))
                extra -= 1
                continue
            blocks.pop()
        done.append(token)
    return done


def _is_early(tokens: list[Token], index: int, line_indent: int, blocks: list[int]) -> bool:
    """Whether a brace ends a block too soon: it stands deeper than the header, or what follows the block does."""
    following = past_lines(tokens, index + 1)
    goes_on = len(blocks) == 1 and kind_at(tokens, following) in NAMES and following > index + 1
    return line_indent > blocks[-1] or (goes_on and indent_of(tokens[following]) > blocks[-1])


@dataclass
class Open:
    """A block that is not closed yet."""

    header: list[Token]
    brace: Token
    indent: int


def _close_blocks(tokens: list[Token], problems: Problems, missing: int) -> list[Token]:
    """Close as many blocks as lack a brace, each where a line stands no deeper than its header."""
    done: list[Token] = []
    blocks: list[Open] = []
    for index, token in enumerate(tokens):
        if index and tokens[index - 1].type == "_NL" and token.type != "_NL":
            least = indent_of(token) + (token.type == "RBRACE")
            while missing and blocks and blocks[-1].indent >= least:
                _close(done, blocks.pop(), problems)
                missing -= 1
        if token.type == "LBRACE":
            header = done[line_start(done) :] or [token]
            blocks.append(Open(header, token, indent_of(header[0])))
        elif token.type == "RBRACE":
            if not blocks:  # the block that it would close has been closed by its indentation
                continue
            blocks.pop()
        done.append(token)
    while blocks:
        _close(done, blocks.pop(), problems)
    return done


def _close(done: list[Token], block: Open, problems: Problems) -> None:
    while len(done) > 1 and done[-1].type == "_NL":
        done.pop()
    end = end_of(done[-1])
    # a block that a colon opened, or that a text without end has swallowed, has its message already
    if block.brace.value == "{" and not any(problem.code == unterminated.code.id for problem in problems.found):
        header = across(block.header)
        problems.add(say.unclosed_block, header, end=Span(end, end), indent=" " * block.indent)
    done += [made("_NL", "\n", Span(end, end)), made("RBRACE", "}", Span(end, end)), made("_NL", "\n", Span(end, end))]
