"""The words for mistakes of syntax, and the way from a problem of a chunk to a diagnostic of a file."""

from __future__ import annotations

from mlopsc.compiler.diagnostics import Code, Diagnostic, Message, message
from mlopsc.compiler.syntax.ast import File, Origin, SyntaxProblem
from mlopsc.compiler.text import Location, Span


@message("E142", "unexpected")
def unexpected(code: Code, at: Location, expected: str) -> Diagnostic:
    """Something stands where the language has no place for it.

    wrong:
    ```mlops
    data rides {
      source = csv("rides.csv") "again"
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("rides.csv")
    }
    ```
    """
    found = f"`{at.text}`" if at.text.strip() else "the end of the line"
    return Diagnostic(code, at, f"{found} cannot stand here", label=f"expected {expected}")


def syntax_diagnostics(file: File) -> list[Diagnostic]:
    """What is wrong with the syntax of a file, in the order of the text."""
    return [
        _worded(problem, Origin(file.source, start))
        for chunk, start in zip(file.chunks, file.starts, strict=True)
        for problem in chunk.problems
    ]


def _worded(problem: SyntaxProblem, origin: Origin) -> Diagnostic:
    details = {name: origin.at(value) if isinstance(value, Span) else value for name, value in problem.details}
    return _messages()[problem.code](origin.at(problem.span), **details)


def _messages() -> dict[str, Message[...]]:
    return {value.code.id: value for value in globals().values() if isinstance(value, Message)}
