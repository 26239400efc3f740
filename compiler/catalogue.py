"""Every message that the compiler can give, by code: found in the modules that word them, registered nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from inspect import getdoc
from pkgutil import iter_modules
from types import MappingProxyType, ModuleType

from mlopsc.compiler.diagnostics import Code, Message
from mlopsc.compiler.lint.rule import LintRule

PACKAGES = ("mlopsc.compiler", "mlopsc.targets")
EXAMPLE = re.compile(r"^(wrong|right):\s*\n+```mlops\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Page:
    """What there is to say about a code: a paragraph, then mistakes and their mending."""

    code: Code
    text: str

    @property
    def wrong(self) -> tuple[str, ...]:
        """The examples that give this message."""
        return self._examples("wrong")

    @property
    def right(self) -> tuple[str, ...]:
        """The same examples, mended."""
        return self._examples("right")

    def _examples(self, label: str) -> tuple[str, ...]:
        return tuple(match[2] for match in EXAMPLE.finditer(self.text) if match[1] == label)


@cache
def pages() -> Mapping[str, Page]:
    """Every page by the id of its code, in the order of the ids; two messages of one code are a `ValueError`."""
    found: dict[str, Page] = {}
    for module in _modules():
        for page in filter(None, (_page_of(value, module) for value in vars(module).values())):
            if page.code.id in found:
                raise ValueError(f"`{page.code.id}` is the code of two messages, one of them in `{module.__name__}`")
            found[page.code.id] = page
    return MappingProxyType(dict(sorted(found.items())))


def _page_of(value: object, module: ModuleType) -> Page | None:
    """The page of a message or a rule of the linter that is defined in the module."""
    if isinstance(value, Message) and value.make.__module__ == module.__name__:
        return Page(value.code, value.page)
    if isinstance(value, type) and issubclass(value, LintRule) and value.__module__ == module.__name__:
        return Page(value.code, getdoc(value) or "") if "code" in vars(value) else None
    return None


def page(code: str) -> Page | None:
    """The page of a code such as `E203`, or of a title such as `unpinned-data`; None if there is none."""
    by_title = {page.code.title: page for page in pages().values()}
    return pages().get(code.upper()) or by_title.get(code)


def _modules() -> Iterator[ModuleType]:
    """The modules that hold messages: those named `messages…`, and all lint rules."""
    for name in PACKAGES:
        yield from _below(import_module(name))


def _below(package: ModuleType) -> Iterator[ModuleType]:
    is_lint = package.__name__ == "mlopsc.compiler.lint"
    for info in iter_modules(package.__path__, f"{package.__name__}."):
        if info.ispkg:
            yield from _below(import_module(info.name))
        elif is_lint or info.name.rpartition(".")[2].startswith("messages"):
            yield import_module(info.name)
