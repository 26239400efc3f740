"""What a value is given to: the setting, parameter or clause that a place in the tree belongs to."""

from __future__ import annotations

import re

from mlopsc.compiler.lsp.syntax import Around
from mlopsc.compiler.records import Record
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Declaration, Function, Verb
from mlopsc.compiler.schema.parameters import Parameter
from mlopsc.compiler.semantics.model import SemanticModel
from mlopsc.compiler.syntax import ast

_ITEM = re.compile(r"^- `(\w+)` (.*?)(?=\n\s*- `|\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)


class Given(Record):
    """What takes the value, and whose it is; where a rule's limit stands, no parameter but the subject."""

    owner: type[Declaration]
    parameter: Parameter


def given_at(there: Around, model: SemanticModel) -> Given | None:
    """What the innermost value at a place is given to; None for names of settings, subjects and types."""
    nodes = there.nodes
    for number in range(len(nodes) - 1, -1, -1):
        node, parent = nodes[number], nodes[number - 1] if number else None
        inner = nodes[number + 1] if number + 1 < len(nodes) else None
        match node:
            case ast.Argument(name=name) if inner is None or inner is not name:
                return _of_argument(there, model, node, parent)
            case ast.Clause(name=name) if inner is not name:
                owner = _owner_of_clause(parent, model, kind_of(there, model))
                return _given(owner, name.text)
            case ast.Setting(name=name) if inner is not name:
                return _given(model.registry.blocks.get(kind_of(there, model)), name.text)
            case ast.Argument() | ast.Clause() | ast.Setting() | ast.Rule() | ast.Field():
                return None
    return None


def kind_of(there: Around, model: SemanticModel) -> str:
    """The kind of block that a place is in; for `override`, that of the stage it changes. Empty outside of all."""
    blocks = there.blocks
    if blocks and there.nodes[-1] in (blocks[-1].kind, blocks[-1].label):
        blocks = blocks[:-1]
    if not blocks:
        return ""
    block = blocks[-1]
    if block.kind.text == "override" and block.label is not None:
        items = (item for file in model.files for item, _ in file.placed() if isinstance(item, ast.Block))
        named = (one for one in items if one.label and block.label and one.label.text == block.label.text)
        return next((one.kind.text for one in named), "")
    return block.kind.text


def verb_at(there: Around, model: SemanticModel) -> type[Verb] | None:
    """What the verb of the rule at a place means there."""
    rule = there.nearest(ast.Rule)
    return model.registry.verb(rule.verb.text, kind_of(there, model)) if isinstance(rule, ast.Rule) else None


def function_of(call: ast.Call | ast.Ref, there: Around, model: SemanticModel) -> type[Function] | None:
    """The function that a call means: what the checker found, else the first of that name."""
    callee = call.callee if isinstance(call, ast.Call) else call
    at = there.origin.at(callee)
    symbol = model.symbol_at(at.file.path, at.span.start)
    if symbol is not None and symbol.declaration is not None and issubclass(symbol.declaration, Function):
        return symbol.declaration
    return next((one for one in model.registry.functions if one.word == callee.text), None)


def _of_argument(there: Around, model: SemanticModel, argument: ast.Argument, call: ast.Node | None) -> Given | None:
    function = function_of(call, there, model) if isinstance(call, ast.Call) else None
    if function is None or not isinstance(call, ast.Call):
        return None
    if argument.name is not None:
        return _given(function, argument.name.text)
    words = [word for word, one in function.accepts().items()]
    number = call.arguments.index(argument)
    rest = types.rest_of(function.accepts().items())
    if rest is not None and rest[1].of == "positional" and number >= words.index(rest[0]):
        return _given(function, rest[0])
    return _given(function, words[number]) if number < len(words) else None


def _owner_of_clause(parent: ast.Node | None, model: SemanticModel, kind: str) -> type[Declaration] | None:
    if isinstance(parent, ast.Rule):
        return model.registry.verb(parent.verb.text, kind)
    return model.registry.schema_field if isinstance(parent, ast.Field) else None


def _given(owner: type[Declaration] | None, word: str) -> Given | None:
    parameter = owner.accepts().get(word) if owner is not None else None
    return Given(owner, parameter) if owner is not None and parameter is not None else None


def words_of(owner: type[Declaration]) -> dict[str, str]:
    """What the documentation of a declaration says of each of its words, in a list of such."""
    doc = "\n".join(line.strip() for line in (owner.__doc__ or "").splitlines())
    return {word: " ".join(told.split()) for word, told in _ITEM.findall(doc)}
