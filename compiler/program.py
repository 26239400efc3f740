"""Reads and parses a spec and the files that it uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from posixpath import normpath

from mlopsc.compiler import messages
from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.schema.installed import BrokenPackage, declarations_of
from mlopsc.compiler.schema.registry import Registry
from mlopsc.compiler.syntax import ast, messages_text
from mlopsc.compiler.syntax.parser import parse
from mlopsc.compiler.syntax.vocabulary import Vocabulary
from mlopsc.compiler.text import Location, SourceFile, Span
from mlopsc.compiler.workspace import LARGEST, SourceProblem, Workspace

_DOTTED_CALL = re.compile(r"(?<![\w.`])([^\W\d]\w*)\.[\w.]+\s*\(")


@dataclass(frozen=True)
class Program:
    """The parsed files, the main one first and each after the one that uses it, and what kept others from it."""

    files: tuple[ast.File, ...]
    problems: tuple[Diagnostic, ...]


def vocabulary_of(registry: Registry) -> Vocabulary:
    """The words that the parser must know."""
    return Vocabulary(kinds=registry.block_words, clauses=registry.clause_words, verbs=registry.verb_words)


def read_program(workspace: Workspace, registry: Registry, main: str, known: Mapping[str, ast.File]) -> Program:
    """The program that a file begins. `known` are earlier trees by path: what has not changed is taken from them."""
    reading = _Reading(workspace, vocabulary_of(registry), known)
    reading.visit(normpath(main), Location(SourceFile(main, ""), Span(0, 0)), ())
    return Program(tuple(reading.files.values()), tuple(reading.problems))


def with_packages(registry: Registry, files: tuple[ast.File, ...]) -> tuple[Registry, list[Diagnostic]]:
    """The registry with what installed packages declare of the words with a dot that the files call."""
    problems = []
    own = {one.word.partition(".")[0] for one in registry.functions if "." in one.word}
    for package, at in _prefixes(files).items():
        if package in own:
            continue
        try:
            registry = _extended(registry, package)
        except BrokenPackage as broken:
            problems.append(messages.broken_package(at, broken.package, broken.reason))
    return registry, problems


def uses(file: ast.File) -> Iterator[tuple[str, Location]]:
    """The paths that a file uses, and where it says so."""
    for item, origin in file.placed():
        if isinstance(item, ast.Rule) and item.verb.text == "use" and isinstance(item.subject, ast.Text):
            path = item.subject.plain
            if path:
                yield normpath(path), origin.at(item.subject)


@dataclass
class _Reading:
    workspace: Workspace
    vocabulary: Vocabulary
    known: Mapping[str, ast.File]
    files: dict[str, ast.File] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)

    def visit(self, path: str, at: Location, chain: tuple[tuple[str, Location], ...]) -> None:
        """Read a file and those that it uses; `chain` are the files that led here, and where."""
        if path in self.files:
            begun = next((number for number, (step, _) in enumerate(chain) if step == path), None)
            if begun is not None:
                self.problems.append(messages.cyclic_use(at, [place for _, place in chain[begun + 1 :]], path))
            return
        try:
            text = self.workspace.read(path)
        except SourceProblem as problem:
            self.problems.append(_told(problem, at))
            return
        self.files[path] = self._parsed(SourceFile(path, text))
        for used, place in uses(self.files[path]):
            self.visit(used, place, (*chain, (path, at)))

    def _parsed(self, source: SourceFile) -> ast.File:
        before = self.known.get(source.path)
        if before is not None and before.source == source:
            return before
        return parse(source, self.vocabulary, before)


def _told(problem: SourceProblem, at: Location) -> Diagnostic:
    """The message for a file that cannot be read: at its first wrong byte, else where it was asked for."""
    there = Location(SourceFile(problem.path, problem.text), Span(problem.offset, problem.offset + 1))
    match problem.trouble:
        case "encoding" | "binary":
            return messages_text.not_text(there, problem.message.rpartition(": ")[2])
        case "large":
            return messages_text.too_large(there, f"{problem.size:,}", f"{LARGEST:,}")
        case "missing":
            return messages.missing_file(at, problem.path, problem.hint)
    return messages.unreadable_file(at, problem.message, problem.hint)


def _prefixes(files: tuple[ast.File, ...]) -> dict[str, Location]:
    found: dict[str, Location] = {}
    for file in files:
        for match in _DOTTED_CALL.finditer(file.source.text):
            found.setdefault(match[1], Location(file.source, Span(*match.span(1))))
    return found


def _extended(registry: Registry, package: str) -> Registry:
    module = declarations_of(package)
    if module is None:
        return registry
    functions = Registry.collect([module]).functions
    strange = next((one.word for one in functions if not one.word.startswith(f"{package}.")), None)
    if strange is not None:
        raise BrokenPackage(package, f"it declares `{strange}`, which does not begin with `{package}.`")
    return replace(registry, functions=(*registry.functions, *functions))
