"""YAML as values that know their lines. Nothing in a file is executed, and aliases cannot make it endless."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from mlopsc.compiler.importing.model import ImportProblem, Place
from mlopsc.compiler.workspace import SourceProblem, Workspace

LARGEST = 1_000_000
"""The longest text that is read, in characters: ten seconds of reading. No person writes a longer one."""
_MOST_VALUES = 200_000
_WORDS = {"true": True, "false": False}


@dataclass(frozen=True)
class Value:
    """A mapping (a dict of values), a list of values, or a scalar, and the line it stands on."""

    content: Any
    place: Place

    def get(self, key: str) -> Value:
        """The value at a key; one without content where there is none."""
        found = self.content.get(key) if isinstance(self.content, dict) else None
        return found if found is not None else Value(None, self.place)

    def __bool__(self) -> bool:
        return self.content not in (None, "")

    @property
    def is_mapping(self) -> bool:
        """Whether it has keys."""
        return isinstance(self.content, dict)

    @property
    def is_list(self) -> bool:
        """Whether it has elements."""
        return isinstance(self.content, list)

    @property
    def items(self) -> list[tuple[str, Value]]:
        """The keys and values of a mapping; none of anything else."""
        return list(self.content.items()) if isinstance(self.content, dict) else []

    @property
    def elements(self) -> list[Value]:
        """The elements of a list; what is no list is a list of one, and nothing is a list of none."""
        if isinstance(self.content, list):
            return self.content
        return [] if self.content is None else [self]

    @property
    def text(self) -> str:
        """A scalar as text; empty for what is none."""
        if self.content is None or self.is_mapping or self.is_list:
            return ""
        if isinstance(self.content, bool):
            return "true" if self.content else "false"
        return str(self.content)

    @property
    def plain(self) -> Any:
        """The value without its lines."""
        if isinstance(self.content, dict):
            return {key: one.plain for key, one in self.content.items()}
        if isinstance(self.content, list):
            return [one.plain for one in self.content]
        return self.content


def read_yaml(workspace: Workspace, path: str) -> list[Value]:
    """The documents of a file; raises ImportProblem."""
    try:
        text = workspace.read(path)
    except SourceProblem as problem:
        raise ImportProblem(problem.message, _hint_of(problem)) from problem
    if len(text) > LARGEST:
        fact = f"`{path}` has {len(text) / 1e6:.1f} MB, and a pipeline that people write has less than 1 MB"
        raise ImportProblem(fact, "give the file with the pipeline, not with its data or results")
    return _values(path, text)


def _hint_of(problem: SourceProblem) -> str:
    if problem.trouble == "large":
        return "give the file with the pipeline, not with its data or results"
    return problem.hint


@lru_cache(maxsize=16)  # a file is looked at to tell what it is, then read; parameters are read for each stage
def _values(path: str, text: str) -> list[Value]:
    try:
        nodes = list(_documents(text))
        return [_Reader(path).value(node) for node in nodes if node is not None]
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else path
        reason = " ".join(str(error.problem or error.context or "it cannot be parsed").split())
        raise ImportProblem(f"`{where}` is not YAML: {reason}", "correct that line, then import again") from error
    except (IndexError, ValueError) as error:  # the reader's own, for directives such as `%YAML 9`
        raise ImportProblem(f"`{path}` cannot be read as YAML 1.2", "take lines that begin with `%` out") from error
    except YAMLError as error:
        fact = f"`{path}` is not YAML: {' '.join(str(error).split())}"
        raise ImportProblem(fact, "give a YAML file, such as dvc.yaml") from error
    except RecursionError as error:
        raise ImportProblem(f"`{path}` is nested too deeply to be read", "give the file that people write") from error


def _documents(text: str) -> Iterator[Node | None]:
    reader = YAML(typ="safe", pure=True)  # the one that keeps comments keeps marks in texts, too
    constructor, parser = reader.get_constructor_parser(text)
    try:
        while constructor.composer.check_node():
            yield constructor.composer.get_node()
    finally:
        parser.dispose()
        reader._reader = reader._scanner = None


class _Reader:
    """Makes values of the nodes of one document."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._count = 0
        self._open: set[int] = set()

    def value(self, node: Node) -> Value:
        self._count += 1
        place = Place(self._path, node.start_mark.line + 1)
        if self._count > _MOST_VALUES or id(node) in self._open:
            raise ImportProblem(
                f"`{place}`: aliases (`*`) make it too long to be read", "write out what they stand for"
            )
        if isinstance(node, ScalarNode):
            return Value(_scalar(node), place)
        self._open.add(id(node))
        content = self._mapping(node) if isinstance(node, MappingNode) else [self.value(one) for one in node.value]
        self._open.remove(id(node))
        return Value(content, place)

    def _mapping(self, node: MappingNode) -> dict[str, Value]:
        found: dict[str, Value] = {}
        merged: dict[str, Value] = {}
        for key, below in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                for one in self.value(below).elements:
                    merged = {**one.content, **merged} if one.is_mapping else merged
                continue
            name = key.value if isinstance(key, ScalarNode) else str(key.start_mark.line)
            if name in found:
                line = key.start_mark.line + 1
                fact = f"`{self._path}:{line}`: `{name}` stands twice in one mapping"
                raise ImportProblem(fact, "remove one of the two")
            value = self.value(below)
            found[name] = Value(value.content, Place(self._path, key.start_mark.line + 1))
        return {**merged, **found}


def _scalar(node: ScalarNode) -> Any:
    kind, text = (node.tag or "").rpartition(":")[2], node.value
    try:
        match kind:
            case "null":
                return None
            case "bool":
                return _WORDS.get(text.lower(), text)
            case "int":
                return int(text.replace("_", ""), 0) if not text.lstrip("+-0").isdigit() else int(text)
            case "float":
                return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        pass
    return text
