"""The shapes of types, of one vendored file for each provider, and what is wrong with a body as far as they tell."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from mlopsc.targets.terraform.schema.values import Type, described, is_expression, type_faults, type_words
from mlopsc.targets.terraform.schema.wording import hint, join, unknown

Kind = Literal["resource", "data"]
Mode = Literal["required", "optional", "computed"]
Nesting = Literal["list", "set", "single"]
META = frozenset({"//", "connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"})
"""What Terraform itself takes at the top of any body."""

_FOLDER = Path(__file__).parent
_KEYS: Mapping[Kind, str] = {"resource": "resources", "data": "data"}
_WORDS: Mapping[Kind, str] = {"resource": "resource", "data": "data source"}


@dataclass(frozen=True)
class Attribute:
    """An argument of a plain type; one that is `computed` is set by the provider only."""

    type: Type
    mode: Mode


@dataclass(frozen=True)
class Block:
    """What may stand in a body."""

    attributes: Mapping[str, Attribute]
    blocks: Mapping[str, NestedBlock]


@dataclass(frozen=True)
class NestedBlock:
    """A block within a block, and how often: `least` is 0 or 1, `most` is None where there is no limit."""

    nesting: Nesting
    least: int
    most: int | None
    block: Block


def faults(kind: Kind, type_name: str, body: Mapping[str, object]) -> list[str]:
    """What is wrong with a body, one sentence each.

    A text that holds `${` is an expression and may stand for any type, but not for a block: Terraform does not take
    one there.
    """
    block = shape(kind, type_name)
    if block is None:
        return [
            f"`{type_name}` is no type of {_WORDS[kind]} that is known here{hint(type_name, _names(kind, type_name))}"
        ]
    return list(_body_faults("", block, {name: value for name, value in body.items() if name not in META}))


@cache
def shape(kind: Kind, type_name: str) -> Block | None:
    """The shape of a type, if it is vendored."""
    found = _document(_provider(type_name))[_KEYS[kind]].get(type_name)
    return None if found is None else _block(found)


def _names(kind: Kind, like: str) -> list[str]:
    """The types that are vendored of the provider of `like`; of all providers where that one is not vendored."""
    provider = _provider(like)
    providers = [provider] if _document(provider)["source"] else sorted(path.stem for path in _FOLDER.glob("*.json"))
    return [name for one in providers for name in _document(one)[_KEYS[kind]]]


def _provider(type_name: str) -> str:
    prefix = type_name.partition("_")[0]
    return "builtin" if prefix == "terraform" else prefix


@cache
def _document(provider: str) -> dict[str, Any]:
    path = _FOLDER / f"{provider}.json"
    if not (provider.isidentifier() and path.exists()):
        return {"source": "", "resources": {}, "data": {}}
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def _block(document: Mapping[str, Any]) -> Block:
    return Block(
        {name: Attribute(kind, mode) for name, (kind, mode) in document["attributes"].items()},
        {
            name: NestedBlock(one["nesting"], one["min"], one["max"], _block(one["block"]))
            for name, one in document["blocks"].items()
        },
    )


def _body_faults(path: str, block: Block, body: Mapping[str, object]) -> Iterator[str]:
    for name, value in body.items():
        if name in block.attributes:
            yield from _attribute_faults(join(path, name), block.attributes[name], value)
        elif name in block.blocks:
            yield from _block_faults(join(path, name), block.blocks[name], value)
        elif name != "//":
            yield unknown(path, name, [*_settable(block), *block.blocks])
    given = {name for name, value in body.items() if value is not None}
    for name, attribute in block.attributes.items():
        if attribute.mode == "required" and name not in given:
            yield f"`{join(path, name)}` is missing"
    for name, nested in block.blocks.items():
        if nested.least and name not in given:
            yield f"`{join(path, name)}` is missing"


def _settable(block: Block) -> list[str]:
    return [name for name, attribute in block.attributes.items() if attribute.mode != "computed"]


def _attribute_faults(path: str, attribute: Attribute, value: object) -> Iterator[str]:
    if value is None:
        return
    if attribute.mode == "computed":
        yield f"`{path}` is set by the provider and cannot be given"
    elif isinstance(attribute.type, str) and attribute.type != "dynamic" and _like_blocks(value):
        yield f"`{path}` is an attribute and must be {type_words(attribute.type)}, not a block"
    else:
        yield from type_faults(path, attribute.type, value)


def _like_blocks(value: object) -> bool:
    """Whether a value is one object or some."""
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)
    )


def _block_faults(path: str, nested: NestedBlock, value: object) -> Iterator[str]:
    if value is None:
        return
    if not _like_blocks(value) and value != []:
        what = "an expression" if is_expression(value) else described(value)
        yield f"`{path}` is a block and must be an object or a list of objects, not {what}"
        return
    bodies = _bodies(path, value)
    yield from _count_faults(path, nested, len(bodies))
    for place, body in bodies.items():
        yield from _body_faults(place, nested.block, body)


def _bodies(path: str, value: object) -> dict[str, Mapping[str, object]]:
    """The bodies of blocks by their paths; a list of one is as good as that one."""
    if isinstance(value, list):
        bodies = cast("list[Mapping[str, object]]", value)
        if len(bodies) == 1:
            return {path: bodies[0]}
        return {f"{path}[{place}]": body for place, body in enumerate(bodies)}
    return {path: cast("Mapping[str, object]", value)}


def _count_faults(path: str, nested: NestedBlock, count: int) -> Iterator[str]:
    if count < nested.least:
        yield f"`{path}` is missing"
    elif nested.most is not None and count > nested.most:
        yield f"`{path}` is given {count} times, and at most {nested.most} may be"
