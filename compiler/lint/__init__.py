"""The linter: what is allowed and still likely to be a mistake. Each rule is a module here with a class of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from mlopsc.compiler.diagnostics import Code, Diagnostic
from mlopsc.compiler.lint.allow import without_allowed
from mlopsc.compiler.lint.options import Options
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.semantics.model import SemanticModel


@cache
def rules() -> tuple[type[LintRule], ...]:
    """Every rule, in the order of the codes."""
    for info in iter_modules(__path__, f"{__name__}."):
        import_module(info.name)
    return tuple(sorted(_below(LintRule), key=lambda rule: rule.code.id))


def names() -> dict[str, Code]:
    """The codes of all rules, by name."""
    return {rule.code.title: rule.code for rule in rules()}


def _weighed(diagnostic: Diagnostic, options: Options) -> Diagnostic:
    """As bad as the project says."""
    severity = options.severity.get(diagnostic.code.title)
    return diagnostic.changed(severity_override=severity) if severity else diagnostic


def _below(base: type[LintRule]) -> Iterator[type[LintRule]]:
    """The rules of this package among the classes below another."""
    for rule in base.__subclasses__():
        if "code" in vars(rule) and rule.__module__.startswith(f"{__name__}."):
            yield rule
        yield from _below(rule)


def lint(model: SemanticModel, exists: Callable[[str], bool], options: Options | None = None) -> list[Diagnostic]:
    """What the rules find in a program without errors, but for what comments allow and the project switches off.

    `exists` says whether the project has a file or folder.
    """
    said = options or Options()
    program = LintedProgram(model, exists)
    found = {
        (diagnostic.code.id, diagnostic.location.file.path, diagnostic.location.span): _weighed(diagnostic, said)
        for rule in rules()
        if rule.code.title not in said.off
        for diagnostic in rule().check(program)
    }
    return list(without_allowed(found.values(), model.files, names(), said.off))
