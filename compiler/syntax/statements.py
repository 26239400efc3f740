"""Decides where lines end, and puts right settings, fields and rules that are written as another of the three."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlopsc.compiler.diagnostics import did_you_mean
from mlopsc.compiler.syntax import messages_items as say_items
from mlopsc.compiler.syntax import messages_lines as say
from mlopsc.compiler.syntax.problems import Problems
from mlopsc.compiler.syntax.tokens import (
    CLOSERS,
    INFIX,
    NAMES,
    OPENERS,
    OPERAND_ENDS,
    OPERAND_STARTS,
    Token,
    end_of,
    indent_of,
    kind_at,
    made,
    recast,
    span_of,
    start_of,
)
from mlopsc.compiler.syntax.vocabulary import Vocabulary
from mlopsc.compiler.text import Span

DANGLING = (INFIX | {"EQUAL", "NOT"}) - {"UP_TO"}


@dataclass
class Arranging:
    """The tokens of a chunk while they become statements; `blocks` are the kinds of the blocks that are open."""

    tokens: list[Token]
    vocabulary: Vocabulary
    problems: Problems
    done: list[Token] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    statement: list[Token] = field(default_factory=list)

    @property
    def holds_fields(self) -> bool:
        """Whether the innermost block holds fields."""
        return bool(self.blocks) and self.blocks[-1] in self.vocabulary.fielded

    @property
    def is_known(self) -> bool:
        """Whether it is known what the innermost block holds."""
        return not self.blocks or self.blocks[-1] in self.vocabulary.kinds | self.vocabulary.fielded


def arrange_statements(tokens: list[Token], vocabulary: Vocabulary, problems: Problems) -> list[Token]:
    """The tokens for the parser: a line break after every item, and none elsewhere."""
    at = Arranging(tokens, vocabulary, problems)
    for index, token in enumerate(tokens):
        match token.type:
            case "_NL":
                is_last = kind_at(tokens, index + 1) != "_NL"
                if is_last and at.statement and not _joins(at, index + 1):
                    _end_statement(at)
            case "LBRACE":
                at.blocks.append(at.statement[0].value if at.statement else "")
                at.done += [*at.statement, token]
                at.statement = []
            case "RBRACE":
                _end_statement(at)
                _end_block(at, token, index)
            case _:
                at.statement.append(token)
    _end_statement(at)
    return at.done


def _end_statement(at: Arranging) -> None:
    if at.statement and at.statement[-1].type == "COMMA":
        at.problems.add(say.trailing_comma, span_of(at.statement.pop()))
    if at.statement:
        statement = _mend_statement(at, at.statement)
        at.done += [*statement, _line_end(statement[-1])]
        at.statement = []


def _end_block(at: Arranging, brace: Token, index: int) -> None:
    if at.blocks:
        at.blocks.pop()
    at.done += [brace, _line_end(brace)]
    if kind_at(at.tokens, index + 1) not in ("", "_NL", "RBRACE"):
        following = at.tokens[index + 1]
        at.problems.add(say.two_items, span_of(following), gap=Span(end_of(brace), start_of(following)))


def _line_end(token: Token) -> Token:
    return made("_NL", "\n", Span(end_of(token), end_of(token)), token)


def _joins(at: Arranging, index: int) -> bool:
    """Whether the statement at hand goes on in the line that begins at `index`."""
    following, last = kind_at(at.tokens, index), at.statement[-1]
    if following in ("", "LBRACE", "RBRACE"):
        return False
    token = at.tokens[index]
    begins_item = _begins_item(at, index)
    if last.type == "COMMA":
        return not begins_item and kind_at(at.statement, 1) != "EQUAL"
    if following in INFIX or (following == "NOT" and kind_at(at.tokens, index + 1) == "IN"):
        return True
    gap = Span(end_of(last), start_of(token))
    if _is_clause_apart(at, index, begins_item):
        at.problems.add(say.clause_apart, span_of(token), line_end=Span(gap.start, gap.start))
        return True
    is_value = following in OPERAND_STARTS and not begins_item
    if (last.type in DANGLING and is_value) or (following == "EQUAL" and len(at.statement) == 1):
        at.problems.add(say.value_below, span_of(token), gap=gap, after=last.value)
        return True
    return False


def _begins_item(at: Arranging, index: int) -> bool:
    token, sign = at.tokens[index], kind_at(at.tokens, index + 1)
    roles = at.vocabulary.verbs | at.vocabulary.kinds
    return token.type in NAMES and (sign in ("EQUAL", "COLON", "LBRACE") or token.value in roles)


def _is_clause_apart(at: Arranging, index: int, begins_item: bool) -> bool:
    """Whether a line is a clause of the rule or field before it."""
    token, first = at.tokens[index], at.statement[0]
    if token.type != "NAME" or token.value not in at.vocabulary.clauses or begins_item:
        return False
    if at.holds_fields:
        return indent_of(token) > indent_of(first)
    return first.value in at.vocabulary.verbs


def _mend_statement(at: Arranging, statement: list[Token]) -> list[Token]:
    """A statement with the sign that what it is written as asks for."""
    if statement[0].type not in NAMES:
        return statement
    if len(statement) == 1:
        return _give_type(at, statement[0]) if at.holds_fields else statement
    first, second = statement[:2]
    if second.type in ("COLON", "EQUAL") and _is_rule(at, statement):
        at.problems.add(say.sign_after_verb, span_of(second), verb=first.value)
        return [first, *statement[2:]]
    if second.type == "EQUAL" and at.holds_fields and kind_at(statement, 2) in NAMES:
        at.problems.add(say_items.equals_in_field, span_of(second), name=span_of(first))
        statement = [first, recast(second, "COLON", ":"), *statement[2:]]
    elif second.type == "COLON" and not at.holds_fields and at.is_known:
        at.problems.add(say_items.colon_in_setting, span_of(second), name=first.value.strip("`"))
        statement = [first, recast(second, "EQUAL", "="), *statement[2:]]
    elif second.type not in ("COLON", "EQUAL"):
        statement = _insert_sign(at, statement)
    if statement[1].type in ("COLON", "EQUAL"):
        return _part_items(at, statement)
    return statement


def _give_type(at: Arranging, name: Token) -> list[Token]:
    """A column's name alone: its type is missing."""
    end = Span(end_of(name), end_of(name))
    at.problems.add(say.missing_value, end, what="a type", after=name.value)
    return [name, made("COLON", ":", end, name), made("HOLE", "", end, name)]


def _is_rule(at: Arranging, statement: list[Token]) -> bool:
    """Whether what looks like a setting or a field can only be meant as a rule."""
    is_block = bool(at.blocks) and at.is_known and not at.holds_fields
    return is_block and statement[0].value in at.vocabulary.verbs and len(statement) > 2


def _insert_sign(at: Arranging, statement: list[Token]) -> list[Token]:
    """`source csv("x")`, and in a schema `at timestamp`: what is no rule lacks its sign."""
    first, second = statement[:2]
    roles = at.vocabulary.verbs | at.vocabulary.kinds
    if first.value in roles or second.type not in OPERAND_STARTS or not at.is_known:
        return statement
    after = Span(end_of(first), end_of(first))
    if at.holds_fields:
        if second.type not in NAMES:
            return statement
        at.problems.add(say.field_without_colon, span_of(first), after=after)
        return [first, made("COLON", ":", after, first), *statement[1:]]
    if did_you_mean(first.value, at.vocabulary.verbs):
        return statement
    at.problems.add(say_items.missing_equals, span_of(first), after=after)
    return [first, made("EQUAL", "=", after, first), *statement[1:]]


def _begins_next(at: Arranging, statement: list[Token], index: int) -> bool:
    """Whether another item begins inside a statement: a setting, a field, or after a setting a rule."""
    token, following = statement[index], kind_at(statement, index + 1)
    is_rule = token.value in at.vocabulary.verbs and statement[1].type == "EQUAL" and following in NAMES
    return token.type in NAMES and (following in ("EQUAL", "COLON") or is_rule)


def _part_items(at: Arranging, statement: list[Token]) -> list[Token]:
    """`a = 1 b = 2`: a line break where the next item begins."""
    done = statement[:2]
    depth = 0
    for index, token in enumerate(statement[2:], 2):
        depth += (token.type in OPENERS) - (token.type in CLOSERS)
        if depth == 0 and _begins_next(at, statement, index):
            if done[-1].type == "COMMA":
                done.pop()
            if done[-1].type in OPERAND_ENDS:
                at.problems.add(say.two_items, span_of(token), gap=Span(end_of(done[-1]), start_of(token)))
                done.append(_line_end(done[-1]))
        done.append(token)
    return done
