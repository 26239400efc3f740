"""Random specs for hypothesis: valid ones written untidily, and the bike spec after random edits."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

BIKE = (Path(__file__).parent / "data" / "bike.mlops").read_text(encoding="utf-8")
FRAGMENTS = (
    *"{}()[],=:.#\"'`$%&|!<>;~\\/*+-@?\n\t\r \0",
    *("..", "==", "<=", "&&", "||", '"""', "//", "/*", "\r\n", "\ufeff", "\u00a0", "“", "’", "é", "𝒳", "\ud800"),
    *("and", "or", "not", "in", "true", "none", "True", "null", "if", "else", "for", "let", "import", "yes"),
    *("data", "data x {", "schema {", "test", "check", "require", "at", "at 95%", "over", "role", "missing"),
    *("5,000", "50 %", "2d12h", "0 .. 5", "$5", "007", "1e", ".5", "5.", "1.2.3", "2025-3-1", "25:00", "1e999", "0.."),
    *("x = 1", "x: int", "f(a = 1)", "[1, 2", "{a: 1}", "- a\n", "`a b`", "'it's'", '"a ${b.c} \\d"', '"""a\nb"""'),
    *("(" * 70, "-" * 70, "1+" * 70, "not " * 70),
)


@st.composite
def edited(draw: st.DrawFn, text: str = BIKE) -> str:
    """A text after a few edits: pieces cut out, put in, doubled or moved."""
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from((0, 0, 1, 2, 5, 40, 400))))
        piece = draw(st.sampled_from((*FRAGMENTS, text[start:end], text[end : end + 30])))
        text = text[:start] + piece + text[end:]
    return text


NAMES = st.sampled_from(("a", "rides", "temp_2", "`odd name`", "été", "mae"))
VALUES = st.sampled_from(
    (
        *(
            "1",
            "5_000",
            "70%",
            "7d",
            "0.5",
            "1e-3",
            "400USD",
            "2025-03-01",
            "02:30",
            "2025-03-01T02:30Z",
            "true",
            "none",
        ),
        *('"text"', '"a ${b.c}\\n"', "'raw \\ text'", '"""block"""', '"""\n    select *\n      from x  \n    """'),
    )
)
Tokens = list[str]


def _refs() -> st.SearchStrategy[Tokens]:
    return st.lists(NAMES, min_size=1, max_size=3).map(lambda names: [".".join(names)])


def _calls(expressions: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    named = st.tuples(NAMES, expressions).map(lambda pair: [pair[0], "=", *pair[1]])
    arguments = st.tuples(st.lists(expressions, max_size=2), st.lists(named, max_size=2), st.booleans())
    return st.tuples(_refs(), arguments).map(lambda call: [*call[0], "(", *_listed(*call[1]), ")"])


def _lists(expressions: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    return st.tuples(st.lists(expressions, max_size=3), st.booleans()).map(
        lambda parts: ["[", *_listed(parts[0], [], parts[1]), "]"]
    )


def _listed(first: list[Tokens], then: list[Tokens], last_comma: bool) -> Tokens:
    elements = [*first, *then]
    tokens = [token for element in elements for token in (*element, ",")]
    return tokens if last_comma else tokens[:-1]


def _joined(operands: st.SearchStrategy[Tokens], operators: tuple[str, ...], most: int) -> st.SearchStrategy[Tokens]:
    pairs = st.lists(st.tuples(st.sampled_from(operators), operands), max_size=most)
    return st.tuples(operands, pairs).map(
        lambda parts: [*parts[0], *(token for operator, operand in parts[1] for token in (operator, *operand))]
    )


def _compact(bound: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    ends = bound.map("".join)
    return st.one_of(
        st.tuples(ends, ends).map(lambda pair: [f"{pair[0]}..{pair[1]}"]),
        ends.map(lambda end: [f"..{end}"]),
        ends.map(lambda end: [f"{end}.."]),
    )


def _expressions() -> st.SearchStrategy[Tokens]:
    expressions: st.SearchStrategy[Tokens] = st.deferred(lambda: disjunction)
    atoms = st.one_of(
        VALUES.map(lambda value: [value]),
        _refs(),
        _calls(expressions),
        _lists(expressions),
        expressions.map(lambda inner: ["(", *inner, ")"]),
    )
    unary = st.one_of(atoms, atoms, atoms.map(lambda atom: ["-", *atom]))
    sums = _joined(_joined(unary, ("*", "/"), 1), ("+", "-"), 1)
    small = _joined(st.sampled_from(("1", "n", "7d", "-4")).map(lambda bound: [bound]), ("+", "-"), 2)
    ranges = st.one_of(sums, sums, sums, _compact(small))
    compared = st.one_of(_joined(ranges, ("<=", "==", "<", "!="), 1), st.tuples(ranges, ranges).map(_member))
    negated = st.one_of(compared, compared, compared.map(lambda operand: ["not", *operand]))
    conjunction = _joined(negated, ("and",), 1)
    disjunction = _joined(conjunction, ("or",), 2)
    return disjunction


def _member(pair: tuple[Tokens, Tokens]) -> Tokens:
    return [*pair[0], "in", *pair[1]]


EXPRESSIONS = _expressions()
VALUES_OF_CLAUSES = st.sampled_from(
    (["95%"], ["1", "/", "90d"], ["0..1"], ["f", "(", "a", ")"], ["(", "a", "or", "b", ")"])
)
CLAUSES = st.tuples(st.sampled_from(("at", "over", "missing")), st.sampled_from(([], ["<="])), VALUES_OF_CLAUSES).map(
    lambda parts: [parts[0], *parts[1], *parts[2]]
)
TAILS = st.lists(st.tuples(st.sampled_from(([], [","])), CLAUSES), max_size=3).map(
    lambda clauses: [token for comma, clause in clauses for token in (*comma, *clause)]
)
SETTINGS = st.tuples(NAMES, EXPRESSIONS).map(lambda parts: [parts[0], "=", *parts[1]])
RULES = st.tuples(st.sampled_from(("check", "require")), EXPRESSIONS, TAILS).map(
    lambda parts: [parts[0], "(", *parts[1], ")", *parts[2]]
)
FIELDS = st.tuples(NAMES, st.sampled_from((["int"], ["vector", "(", "3", ")"])), TAILS).map(
    lambda parts: [parts[0], ":", *parts[1], *parts[2]]
)


@st.composite
def written(draw: st.DrawFn, tokens: Tokens) -> str:
    """A statement's tokens with spaces between them, and inside brackets line breaks and comments too."""
    text, depth = "", 0
    for index, token in enumerate(tokens):
        if index:
            inside = (" ", " ", "\n", "  # note\n  ") if depth else (" ", " ", "  ")
            may_touch = token in "()[],=" or tokens[index - 1] in "()[],"
            is_open_range = tokens[index - 1].endswith("..")
            text += draw(st.sampled_from(("", *inside) if may_touch and not is_open_range else inside))
        text += token
        depth += (token in "([") - (token in ")]")
    return text


@st.composite
def untidy(draw: st.DrawFn) -> str:
    """A valid spec, written with all sorts of spaces, line breaks and comments."""
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        match draw(st.sampled_from(("setting", "block", "comment", "line"))):
            case "setting":
                lines.append(draw(SETTINGS.flatmap(written)) + draw(_ENDS))
            case "block":
                lines.append(draw(_blocks(0)))
            case "comment":
                lines.append("# a comment")
            case _:
                lines += [""] * draw(st.integers(1, 3))
    line_break = draw(st.sampled_from(("\n", "\n", "\r\n")))
    return "\n".join(lines).replace("\n", line_break) + draw(st.sampled_from(("", line_break)))


_ENDS = st.sampled_from(("", "", " # behind", "#close", "    # far"))


@st.composite
def _blocks(draw: st.DrawFn, depth: int) -> str:
    is_schema = depth > 0 and draw(st.booleans())
    header = (
        "schema" if is_schema else draw(st.sampled_from(("data rides", "test `odd name`", "train a.b", "override")))
    )
    statements = FIELDS if is_schema else st.one_of(SETTINGS, RULES)
    if draw(st.booleans()):
        inner = draw(st.one_of(st.just(""), statements.flatmap(written)))
        return f"{header}{{{inner}}}" + draw(_ENDS)
    lines = [header + draw(st.sampled_from(("{", " {", "   { # header")))]
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(("statement", "statement", "statement", "block", "comment", "line")))
        if kind == "statement":
            lines.append(draw(st.sampled_from(("", " ", "\t"))) + draw(statements.flatmap(written)) + draw(_ENDS))
        elif kind == "block" and depth < 2 and not is_schema:
            lines.append("  " + draw(_blocks(depth + 1)))
        else:
            lines.append("  # a comment" if kind == "comment" else "")
    return "\n".join([*lines, "}" + draw(_ENDS)])
