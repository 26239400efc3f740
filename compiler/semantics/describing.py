"""Types and what was written, in words, for messages."""

from __future__ import annotations

from collections.abc import Iterable

from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Function
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.syntax import ast

PLAIN = {
    "text": "text in quotes",
    "int": "a whole number",
    "number": "a number",
    "bool": "`true` or `false`",
    "share": "a percentage such as `70%`",
    "duration": "a duration such as `7d`",
    "bytes": "a size such as `10GB`",
    "money": "an amount of money such as `400USD`",
    "rate": "a rate such as `4 / 30d`",
    "date": "a date such as `2025-03-01`",
    "timestamp": "a date or a time such as `2025-03-01T06:00Z`",
    "time": "a time of day such as `02:30`",
    "any": "a value",
}


def article(noun: str) -> str:
    """A noun with `a` or `an`."""
    return f"{'an' if noun.lstrip('`')[:1].lower() in 'aeiou' else 'a'} {noun}"


def listed(names: Iterable[str], last: str = "and") -> str:
    """`a`, `b` and `c`, in backticks."""
    quoted = [f"`{name}`" for name in names]
    return f" {last} ".join(filter(None, [", ".join(quoted[:-1]), *quoted[-1:]]))


def known(noun: str, names: Iterable[str]) -> str:
    """A hint that lists what there is, as long as that helps: `columns: …`; else nothing."""
    found = sorted(names)
    return f"{noun}: {', '.join(f'`{name}`' for name in found)}" if 0 < len(found) <= 12 else ""


def example_call(function: type[Function]) -> str:
    """How a function is called: `csv(…)`, or its name alone where it takes nothing."""
    return f"{function.word}(…)" if function.accepts() else function.word


def describe(type_: types.Type, registry: Registry) -> str:
    """What a type takes: "the name of a train stage", "a duration such as `7d`"."""
    match type_:
        case types.Plain(dimension=dimension):
            return PLAIN[dimension]
        case types.Symbol(words=words):
            return listed(words, "or")
        case types.FunctionOf(family=family) | types.ConstantOf(family=family):
            return _call_of(family, registry)
        case types.ListOf(item=item):
            return f"{describe(item, registry)}, or a list of such"
        case types.OneOf(options=options):
            return ", or ".join(describe(option, registry) for option in options)
    return _named(type_)


def _call_of(family: type[Function], registry: Registry) -> str:
    names = [example_call(one) for one in registry.functions_of(family).values()]
    examples = f" such as {listed(names[:3], 'or')}" if names else ""
    return f"{article(family.family or family.word)}{examples}"


def _named(type_: types.Type) -> str:
    match type_:
        case types.StageRef(kinds=kinds):
            return f"the name of {article(' or '.join(kinds))} stage"
        case types.ColumnRef():
            return "the name of a column"
        case types.SplitRef():
            return "the name of a split"
        case types.EnvironmentRef():
            return "the name of an environment"
        case types.PythonName():
            return 'a reference such as `"file.py:name"`'
        case types.FilePath():
            return 'a path in quotes such as `"data/rows.csv"`'
        case types.EstimatorName():
            return 'the name of an estimator such as `"linear_model.Ridge"`'
        case types.Percentile():
            return "a percentile such as `p95`"
        case types.LanguageVersion():
            return "a whole number"
    return _given(type_)


def _given(type_: types.Type) -> str:
    match type_:
        case types.NewName():
            return "a new name"
        case types.SecretName():
            return 'the name of an environment variable such as `"DATABASE_URL"`'
        case types.Measured():
            return "a value of what the rule measures"
    return "a value"


def written(node: ast.Expr) -> str:
    """What stands there: "text", "the name `x`", "a call of `csv`"."""
    match node:
        case ast.Ref(text=text):
            return f"the name `{text}`"
        case ast.Call(callee=callee):
            return f"a call of `{callee.text}`"
        case ast.Text():
            return "text"
        case ast.Boolean(value=value):
            return "`true`" if value else "`false`"
        case ast.Nothing():
            return "`none`"
        case ast.ListOf():
            return "a list"
        case ast.Range():
            return "a range"
        case ast.Comparison() | ast.Membership():
            return "a comparison"
        case ast.Logical() | ast.Negation():
            return "a logical expression"
    return "a value"
