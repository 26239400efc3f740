"""Reads the schema of a provider out of the bindings that are published for it, where there is no provider to ask.

Such a wheel holds an archive with one `index.js` for each type. Its comments say of each argument whether it is
required or computed, its accessors say the type, and what it writes as HCL says which arguments are blocks.
"""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

Block = dict[str, Any]

_CLASS = re.compile(r"^class (\w+) extends \w+\.(\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FUNCTION = re.compile(r"^function (\w+)ToHclTerraform\(struct\) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_MEMBER = re.compile(
    r"^ {4}// (\w+) - computed: (true|false), optional: (true|false), required: (true|false)\n(.*?)(?=^ {4}// |\Z)",
    re.MULTILINE | re.DOTALL,
)
_WRITTEN = re.compile(
    r"^ +(\w+): \{\n +value: .*?\n +isBlock: (true|false),\n +type: \"(\w+)\"", re.MULTILINE | re.DOTALL
)
_NESTED = re.compile(r"= new (\w+)\(this, \"\w+\"(?:, (true|false))?\)")
_RESULT_MAP = re.compile(r"= new \w+\.(String|Number|Boolean)Map\(this, \"\w+\"\)")
_ACCESSOR = re.compile(r"return (cdktn\.Fn\.tolist\()?.*?\bget(\w+)Attribute\(")
_ELEMENT = re.compile(r"return new (\w+OutputReference)\(")
_TYPE = re.compile(r"static tfResourceType = \"(\w+)\"")
_VERSION = re.compile(r"providerVersion: '([^']+)'")
_ACCESSORS: Mapping[str, object] = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "NumberList": ["list", "number"],
    "StringMap": ["map", "string"],
    "NumberMap": ["map", "number"],
    "BooleanMap": ["map", "bool"],
}


@dataclass(frozen=True)
class Bindings:
    """What a wheel of bindings says: the version of the provider, and its types by (`resource` or `data`, name)."""

    version: str
    types: Mapping[tuple[str, str], Block]


@dataclass(frozen=True)
class _Member:
    """An argument or a result of a class; `nested` is the class that holds it, where it is no plain value."""

    name: str
    mode: str
    computed: bool
    accessor: object
    nested: str
    in_set: bool


@dataclass(frozen=True)
class _Class:
    base: str
    text: str
    members: tuple[_Member, ...]
    written: Mapping[str, tuple[bool, str]]


def read_bindings(wheel: Path, wanted: Iterable[tuple[str, str]]) -> Bindings:
    """The wanted types of a wheel; raises LookupError where it lacks one."""
    folders = {_folder(kind, name): (kind, name) for kind, name in wanted}
    versions: set[str] = set()
    types: dict[tuple[str, str], Block] = {}
    for folder, text in _sources(wheel, set(folders)).items():
        kind, name = folders[folder]
        found = _TYPE.search(text)
        if found is None or found[1] != name:
            raise LookupError(f"{folder} of {wheel.name} is not {name}")
        versions.update(_VERSION.findall(text))
        types[kind, name] = TypeFile(text).root()
    missing = sorted(set(folders.values()) - set(types))
    if missing or len(versions) != 1:
        raise LookupError(f"{wheel.name} lacks {missing} or is of several versions: {sorted(versions)}")
    return Bindings(versions.pop(), types)


def _folder(kind: str, name: str) -> str:
    provider, _, rest = name.partition("_")
    words = rest.replace("_", "-")
    return words if kind == "resource" else f"data-{provider}-{words}"


def _sources(wheel: Path, folders: set[str]) -> dict[str, str]:
    """The program text of each folder, without source maps; classes of the largest types have files of their own."""
    texts: dict[str, str] = {}
    with zipfile.ZipFile(wheel) as outer:
        inner = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(inner))) as archive:
            for member in archive:
                parts = member.name.split("/")
                if len(parts) < 4 or parts[2] not in folders or not member.name.endswith(".js"):
                    continue
                file = archive.extractfile(member)
                text = file.read().decode() if file else ""
                texts[parts[2]] = texts.get(parts[2], "") + text.split("//# sourceMappingURL", 1)[0]
    return texts


class TypeFile:
    """The classes of one type, put together as a block."""

    def __init__(self, text: str) -> None:
        functions = {name: _written(body) for name, body in _FUNCTION.findall(text)}
        self._classes: dict[str, _Class] = {}
        for name, base, body in _CLASS.findall(text):
            struct = name.removesuffix("OutputReference")
            written = functions.get(struct[:1].lower() + struct[1:], {}) or _written(body)
            self._classes[name] = _Class(base, body, tuple(map(_member, _MEMBER.findall(body))), written)

    def root(self) -> Block:
        """The type itself."""
        roots = ("TerraformResource", "TerraformDataSource")
        return self._block(next(one for one in self._classes.values() if one.base in roots))

    def _block(self, owner: _Class) -> Block:
        block: Block = {"attributes": {}, "blocks": {}}
        for member in owner.members:
            as_block, nesting = owner.written.get(member.name, (False, ""))
            if member.nested and as_block and not self._is_plain(member):
                block["blocks"][member.name] = self._nested(member, nesting)
            else:
                block["attributes"][member.name] = [self._type(member), member.mode]
        return block

    def _is_plain(self, member: _Member) -> bool:
        """Whether what is written like blocks is an attribute that holds objects: all parts of those are computed."""
        inner = self._element(member.nested).members
        return member.computed or (bool(inner) and all(one.computed for one in inner))

    def _nested(self, member: _Member, nesting: str) -> Block:
        single = self._classes[member.nested].base == "ComplexObject"
        return {
            "nesting": "single" if nesting == "struct" else nesting,
            "min": int(member.mode == "required"),
            "max": 1 if single else None,
            "block": self._block(self._element(member.nested)),
        }

    def _type(self, member: _Member) -> object:
        if not member.nested:
            return member.accessor
        base = self._classes[member.nested].base
        inner = self._object(self._element(member.nested))
        if base == "ComplexObject":
            return inner
        return ["map" if base == "ComplexMap" else "set" if member.in_set else "list", inner]

    def _object(self, owner: _Class) -> object:
        """The type of an object; its third part names what may be left out, which no plain object allows."""
        parts = {one.name: self._type(one) for one in owner.members}
        plain = all(one.computed for one in owner.members)
        may_lack = [] if plain else sorted(one.name for one in owner.members if one.mode != "required")
        return ["object", parts, may_lack] if may_lack else ["object", parts]

    def _element(self, name: str) -> _Class:
        found = self._classes[name]
        if found.base == "ComplexObject":
            return found
        element = _ELEMENT.search(found.text)
        if element is None:
            raise LookupError(f"{name} does not say what it holds")
        return self._classes[element[1]]


def _written(body: str) -> dict[str, tuple[bool, str]]:
    return {name: (as_block == "true", kind) for name, as_block, kind in _WRITTEN.findall(body)}


def _member(found: tuple[str, str, str, str, str]) -> _Member:
    name, computed, optional, required, text = found
    mode = "required" if required == "true" else "optional" if optional == "true" else "computed"
    nested = _NESTED.search(text)
    if nested:
        return _Member(name, mode, computed == "true", None, nested[1], nested[2] == "true")
    return _Member(name, mode, computed == "true", _plain_type(text), "", False)


def _plain_type(text: str) -> object:
    """The type that an accessor returns; `dynamic` where the bindings do not type it."""
    result = _RESULT_MAP.search(text)
    if result:
        return _ACCESSORS[f"{result[1]}Map"]
    accessor = _ACCESSOR.search(text)
    of = _ACCESSORS.get(accessor[2], "dynamic") if accessor else "dynamic"
    if accessor and accessor[1] and isinstance(of, list):
        return ["set", cast("list[object]", of)[1]]
    return of
