"""The linter: what is allowed and still likely to be a mistake. Each rule is a module here with a class of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.lint.allow import without_allowed
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.semantics.model import SemanticModel


@cache
def rules() -> tuple[type[LintRule], ...]:
    """Every rule, in the order of the codes."""
    for info in iter_modules(__path__, f"{__name__}."):
        import_module(info.name)
    return tuple(sorted(LintRule.__subclasses__(), key=lambda rule: rule.code.id))


def lint(model: SemanticModel, exists: Callable[[str], bool]) -> list[Diagnostic]:
    """What the rules find in a program without errors, but for what comments allow.

    `exists` says whether the project has a file or folder.
    """
    program = LintedProgram(model, exists)
    found = {
        (diagnostic.code.id, diagnostic.location.file.path, diagnostic.location.span): diagnostic
        for rule in rules()
        for diagnostic in rule().check(program)
    }
    names = {rule.code.title: rule.code for rule in rules()}
    return list(without_allowed(found.values(), model.files, names))
