"""Text in a workflow: text of a spec, which GitHub must never read as an expression, and expressions of ours."""

from __future__ import annotations

from dataclasses import dataclass

OPENS = "${{"


@dataclass(frozen=True)
class Expr:
    """An expression of GitHub's language, such as `github.ref`; never made from a spec's text."""

    code: str

    def __str__(self) -> str:
        return f"${{{{ {self.code} }}}}"


@dataclass(frozen=True)
class Mixed:
    """Text of ours and expressions, in that order: `Mixed("refs/", Expr("github.head_ref"))`."""

    parts: tuple[str | Expr, ...]


def mixed(*parts: str | Expr) -> Mixed:
    """Text made of literals and expressions."""
    return Mixed(parts)


API = mixed(Expr("github.api_url"), "/repos/", Expr("github.repository"))
"""Where GitHub's API answers about the repository."""


def literal(text: str) -> str:
    """Text as a literal within an expression."""
    return "'" + text.replace("'", "''") + "'"


def rendered(value: str | Expr | Mixed) -> str:
    """A value as it stands in a workflow; text that would open an expression becomes one that gives just that text."""
    match value:
        case Expr():
            return str(value)
        case Mixed(parts):
            return "".join(rendered(part) for part in parts)
        case _:
            return value.replace(OPENS, f"{OPENS} '{OPENS}' }}}}")
