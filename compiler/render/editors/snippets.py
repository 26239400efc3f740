"""Snippets: each block with what it must say, and the rules that a stage is written for."""

from __future__ import annotations

from typing import Any

from mlopsc.compiler.schema.declarations import Block, StageKind
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.schema.types import Symbol, type_of

_ALWAYS = {"pipeline": (), "environment": ("platform",), "data": ("source", "target", "split")}
"""Settings that a first draft of a block has though the language does not demand them."""
_VALUES = {
    "platform": "${N:local()}",
    "source": 'csv("${N:data/rows.csv}")',
    "split": "by_time(train = ${N:70%}, validation = 10%, test = 20%)",
    "estimator": 'sklearn("${N:ensemble.RandomForestRegressor}")',
    "function": '"${N:metrics.py:name}"',
}
_RULES = {
    "check": ("check ${1:rows >= 1_000}", "What is true of the rows."),
    "minimize": ("minimize ${1:mae}(${2:validation})", "What the search aims for."),
    "maximize": ("maximize ${1:roc_auc}(${2:validation})", "What the search aims for."),
    "require": ("require ${1:mae}(${2:test}) <= ${3:champion + 5%} at ${4:95%}", "What a model must reach."),
    "guard": ("guard ${1:error_rate <= champion * 2}", "What must stay true during a rollout."),
    "watch": ("watch ${1:stable(features)} over ${2:7d}, alarms <= ${3:1 / 90d}", "What must stay true in production."),
    "on": ('on ${1:drift} do ${2:notify("${3:oncall@example.com}")}', "What an event does."),
}


def snippets(registry: Registry) -> dict[str, Any]:
    """The snippets by name, in the form that VS Code and Neovim's plugins read."""
    found = {word: _of_block(block) for word, block in registry.blocks.items()}
    found["schema"] = _snippet("schema", "The columns that count.", "schema {", "  ${1:column}: ${2:float}", "}")
    for verb, (line, text) in _RULES.items():
        if verb in registry.verb_words:
            found[verb] = _snippet(verb, text, line)
    found["allow"] = _snippet(
        "allow", "Leaves out what the linter finds on this line.", "# mlopsc: allow ${1:rule} -- ${2:why}"
    )
    return found


def _of_block(block: type[Block]) -> dict[str, Any]:
    accepted = block.accepts()
    wanted = [word for word, one in accepted.items() if one.is_required or word in _ALWAYS.get(block.word, ())]
    width = max(map(len, wanted), default=0)
    lines = [f"  {word:<{width}} = {_value(block, word, number)}" for number, word in enumerate(wanted, 2)]
    if issubclass(block, StageKind) and block.has_schema:
        lines.append("\n  schema {\n    $0\n  }")
    elif issubclass(block, StageKind) or not lines:
        lines.append("  $0")
    return _snippet(block.word, block.summary(), f"{block.word} ${{1:name}} {{", *lines, "}")


def _value(block: type[Block], word: str, number: int) -> str:
    """What a setting takes first: an example of a value, the words that may be chosen from, or its own name."""
    kind = type_of(block.accepts()[word])
    if word in _VALUES:
        return _VALUES[word].replace("${N:", f"${{{number}:")
    if isinstance(kind, Symbol):
        return f"${{{number}|{','.join(kind.words)}|}}"
    return f"${{{number}:{word}}}"


def _snippet(prefix: str, text: str, *lines: str) -> dict[str, Any]:
    return {"prefix": prefix, "description": text, "body": "\n".join(lines).split("\n")}
