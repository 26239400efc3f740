"""The words that the tests of the syntax take for granted: few, and none that the standard library would change."""

from __future__ import annotations

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.syntax.ast import File
from mlopsc.compiler.syntax.messages import syntax_diagnostics
from mlopsc.compiler.syntax.parser import parse
from mlopsc.compiler.syntax.vocabulary import Vocabulary
from mlopsc.compiler.text import SourceFile

WORDS = Vocabulary(
    kinds=frozenset({"pipeline", "environment", "data", "train", "test", "release", "monitor", "schema", "override"}),
    clauses=frozenset({"at", "by", "over", "lag", "within", "alarms", "assuming", "do", "role", "missing", "as"}),
    verbs=frozenset({"check", "maximize", "minimize", "require", "guard", "watch", "on", "use", "waive"}),
)


def parsed(text: str, previous: File | None = None) -> File:
    """The tree of a text."""
    return parse(SourceFile("main.mlops", text), WORDS, previous)


def diagnosed(text: str) -> list[Diagnostic]:
    """The messages about a text."""
    return syntax_diagnostics(parsed(text))


def codes(text: str) -> list[str]:
    """The codes of the messages about a text, in its order."""
    return [diagnostic.code.id for diagnostic in diagnosed(text)]
