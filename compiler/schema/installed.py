"""Declarations of installed packages: functions named `package.word`, found by an entry point of the package's name."""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

GROUP = "mlopsc.declarations"
"""The group of entry points; the name is the prefix of the package's words, the value a module of declarations."""


class BrokenPackage(ValueError):  # noqa: N818 (it is the package that is broken)
    """An installed package has an entry point for declarations and cannot be used."""

    def __init__(self, package: str, reason: str) -> None:
        super().__init__(package, reason)
        self.package = package
        self.reason = reason


@cache
def declarations_of(package: str) -> ModuleType | None:
    """The module with the declarations of a package, if one of that prefix is installed; raises BrokenPackage.

    The first call reads the metadata of all installed packages, which takes a good part of the time that checking a
    spec takes: ask only where a spec names a function with a dot.
    """
    for entry in _entries().select(name=package):
        try:
            module = entry.load()
        except Exception as error:
            raise BrokenPackage(package, f"{type(error).__name__}: {error}") from error
        if not isinstance(module, ModuleType):
            raise BrokenPackage(package, f"its entry point `{entry.value}` is no module")
        return module
    return None


@cache
def _entries() -> EntryPoints:
    from importlib.metadata import entry_points

    return entry_points(group=GROUP)
