"""Completion of an estimator's parameters, of their values, and of those to try."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from lsprotocol import types as lsp

from mlopsc.compiler.lsp.offers import Offer, escaped
from mlopsc.compiler.lsp.places import function_of
from mlopsc.compiler.lsp.syntax import Around
from mlopsc.compiler.schema import types
from mlopsc.compiler.semantics import estimators
from mlopsc.compiler.semantics.model import SemanticModel
from mlopsc.compiler.syntax import ast


def estimator_offers(call: ast.Call, rest: types.Rest, seen: Collection[str], there: Around) -> Iterator[Offer]:
    """The parameters of an estimator, or of that for which a grid lists values."""
    wanted: ast.Expr | None = call
    if rest.setting and there.blocks:
        settings = (one for one in there.blocks[-1].items if isinstance(one, ast.Setting))
        wanted = next((one.value for one in settings if one.name.text == rest.setting), None)
    first = wanted.arguments[0].value if isinstance(wanted, ast.Call) and wanted.arguments else None
    known = estimators.estimator(first.plain) if isinstance(first, ast.Text) and first.plain else None
    parameters = known.parameters.items() if known else ()
    for word, one in sorted(parameters, key=lambda item: item[0] != _SEED):
        if word in seen or (rest.of == "grid" and word == _SEED):
            continue
        tried = values_to_try(word, _as_written(one.default), one.type)
        value = f"[{', '.join(tried)}]" if rest.of == "grid" else "7" if word == _SEED else _as_written(one.default)
        doc = "A number makes each training give the same model." if word == _SEED else f"Takes {one.type}."
        text = f"{word} = "
        snippet = f"{text}${{1:{escaped(value)}}}"
        detail = f"{one.type}, by default {one.default}"
        yield Offer(word, lsp.CompletionItemKind.Property, detail, doc, text, snippet)


def value_offers(there: Around, model: SemanticModel) -> Iterator[Offer]:
    """Values for a parameter of an estimator that is named in a call."""
    argument, call = there.nearest(ast.Argument), there.nearest(ast.Call)
    if not isinstance(argument, ast.Argument) or argument.name is None or not isinstance(call, ast.Call):
        return
    function = function_of(call, there, model)
    rest = types.rest_of(function.accepts().items()) if function else None
    if rest is None or rest[1].of not in ("estimator", "grid"):
        return
    word = argument.name.text
    known = {one.name: one for one in estimator_offers(call, rest[1], set(), there)}.get(word)
    if known is None:
        return
    told, _, default = known.detail.rpartition(", by default ")
    tried = values_to_try(word, _as_written(default), told)
    if rest[1].of == "grid" and not isinstance(there.nearest(ast.ListOf), ast.ListOf):
        tried = [f"[{', '.join(tried)}]"]
    for text in tried:
        yield Offer(text, lsp.CompletionItemKind.Value, known.detail, known.documentation)


def values_to_try(word: str, default: str, told: str) -> list[str]:
    """Values around the default: half of it, itself, and twice; else such as the description allows."""
    if word == _SEED:
        return ["7"]
    if default.isdigit():
        number = int(default)
        return [str(one) for one in sorted({max(1, number // 2), number, number * 2})]
    if re.fullmatch(r"\d*\.\d+", default):
        return [f"{float(default) * one:g}" for one in (0.5, 1, 2)]
    if "whole number" in told:
        return ["4", "6", "8"]
    if "number" in told:
        return ["0.05", "0.1"]
    if default.startswith('"'):
        return list(dict.fromkeys([default, *re.findall(r'"\w+"', told)]))
    return ["true", "false"] if default in ("true", "false") else []


_SEED = "random_state"


def _as_written(value: str) -> str:
    """A value of Python as a spec writes it."""
    return {"None": "none", "True": "true", "False": "false"}.get(value, value.replace("'", '"'))
