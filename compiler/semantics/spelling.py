"""The text of an expression in one spelling, and the identity of a rule, which is made of it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator

from mlopsc.compiler.syntax import ast

CHAMPION = "champion"
_QUOTED = str.maketrans({'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"})


def name_text(name: ast.Name) -> str:
    """A name as it is written."""
    return f"`{name.text}`" if name.quoted else name.text


def text_of(node: ast.Expr) -> str:
    """An expression on one line, with single spaces and no comments."""
    match node:
        case ast.Ref(parts=parts):
            return ".".join(map(name_text, parts))
        case ast.Quantity(text=text) | ast.Date(text=text) | ast.Time(text=text):
            return text
        case ast.Text():
            return _string(node)
        case ast.Boolean(value=value):
            return "true" if value else "false"
        case ast.Nothing():
            return "none"
        case ast.Missing():
            return ""
    return _compound(node)


def _compound(node: ast.Expr) -> str:
    match node:
        case ast.Call(callee=callee, arguments=arguments):
            return f"{text_of(callee)}({', '.join(map(_argument, arguments))})"
        case ast.ListOf(items=items):
            return f"[{', '.join(map(text_of, items))}]"
        case ast.Group(inner=inner):
            return f"({text_of(inner)})"
        case ast.Range(low=low, high=high):
            return f"{text_of(low) if low else ''}..{text_of(high) if high else ''}"
        case ast.Signed(sign=sign, operand=operand):
            return f"{sign}{text_of(operand)}"
        case ast.Arithmetic(operator=operator, left=left, right=right):
            return f"{text_of(left)} {operator} {text_of(right)}"
    return _logic(node)


def _logic(node: ast.Expr) -> str:
    match node:
        case ast.Comparison(first=first, rest=rest):
            return " ".join([text_of(first), *(f"{operator.text} {text_of(right)}" for operator, right in rest)])
        case ast.Membership(value=value, container=container, negated=negated):
            return f"{text_of(value)} {'not in' if negated else 'in'} {text_of(container)}"
        case ast.Logical(operator=operator, operands=operands):
            return f" {operator} ".join(map(text_of, operands))
        case ast.Negation(operand=operand):
            return f"not {text_of(operand)}"
    raise TypeError(f"{type(node).__name__} is no expression")


def _argument(argument: ast.Argument) -> str:
    value = text_of(argument.value)
    return f"{name_text(argument.name)} = {value}" if argument.name else value


def _string(node: ast.Text) -> str:
    parts = (part.translate(_QUOTED) if isinstance(part, str) else f"${{{part.ref.text}}}" for part in node.parts)
    return f'"{"".join(parts)}"'


def rule_text(rule: ast.Rule) -> str:
    """A rule on one line."""
    parts = [rule.verb.text, text_of(rule.subject)]
    for clause in rule.clauses:
        operator = f"{clause.operator.text} " if clause.operator else ""
        parts.append(f"{clause.name.text} {operator}{text_of(clause.value)}" if clause.value else clause.name.text)
    return " ".join(parts)


def ungrouped(node: ast.Expr) -> ast.Expr:
    """An expression without the parentheses around it."""
    while isinstance(node, ast.Group):
        node = node.inner
    return node


def operands(node: ast.Expr) -> list[ast.Expr]:
    """What a comparison compares, in the order of the text; else the expression itself."""
    match ungrouped(node):
        case ast.Comparison(first=first, rest=rest):
            return [first, *(right for _, right in rest)]
        case ast.Membership(value=value, container=container):
            return [value, container]
        case other:
            return [other]


def head(node: ast.Expr) -> ast.Ref | None:
    """The name that an operand is a call of, or is."""
    match ungrouped(node):
        case ast.Call(callee=callee):
            return callee
        case ast.Ref() as ref:
            return ref
    return None


def subject_of(node: ast.Expr, is_subject: Callable[[ast.Ref], bool]) -> int:
    """Which of the operands a rule is about: the first that is named by a subject, else by anything, else the first."""
    heads = [head(operand) for operand in operands(node)]
    for number, name in enumerate(heads):
        if name is not None and is_subject(name):
            return number
    return next((number for number, name in enumerate(heads) if name is not None and name.text != CHAMPION), 0)


def left_side(rule: ast.Rule, is_subject: Callable[[ast.Ref], bool], baselines: Container[str]) -> str:
    """What the identity of a rule begins with, after its verb: its subject, what it is compared with, its slices.

    What it is compared with counts only where it is another model, such as `champion` or one of the `baselines`: a
    threshold is no part of a rule's identity.
    """
    parts = operands(rule.subject)
    number = subject_of(rule.subject, is_subject)
    said = [text_of(ungrouped(parts[number]))]
    others = parts[:number] + parts[number + 1 :]
    names = [name.text for other in others for name in _names(other)]
    compared = [name for name in names if name == CHAMPION or name in baselines]
    if compared:
        said += [_direction(rule.subject, number), compared[0]]
    said += [f"by {text_of(clause.value)}" for clause in rule.clauses if clause.name.text == "by" and clause.value]
    return " ".join(said)


def names_compared(node: ast.Expr) -> Iterator[ast.Ref]:
    """The names on all sides of a comparison, and those of what is called there."""
    for operand in operands(node):
        yield from _names(operand)


def _names(node: ast.Expr) -> Iterator[ast.Ref]:
    """The names in a limit, and those of what is called there."""
    match node:
        case (ast.Ref() as name) | ast.Call(callee=ast.Ref() as name):
            yield name
        case ast.Group(inner=inner) | ast.Signed(operand=inner):
            yield from _names(inner)
        case ast.Arithmetic(left=left, right=right):
            yield from _names(left)
            yield from _names(right)


def _direction(node: ast.Expr, number: int) -> str:
    match ungrouped(node):
        case ast.Comparison(rest=rest):
            operator = rest[max(0, number - 1)][0].text
            is_below = operator.startswith("<") == (number == 0)
            return operator if operator in ("==", "!=") else "<=" if is_below else ">="
    return "in"
