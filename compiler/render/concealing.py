"""Secrets that somebody wrote into a spec, kept out of what is shown: terminals, logs and code scanning keep it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlopsc.compiler.diagnostics import Diagnostic, Fix, Label
from mlopsc.compiler.lint.secret_in_text import secrets_in

HIDDEN = "***"


def pieces(text: str) -> Sequence[str]:
    """What is shown of each character: itself, or, of a secret, `***` for the first one and nothing for the others."""
    found = list(text)
    for secret in secrets_in(text):
        found[secret.start : secret.end] = [HIDDEN, *[""] * (secret.end - secret.start - 1)]
    return found


def concealed(text: str) -> str:
    """The text with `***` in the place of each secret."""
    return "".join(pieces(text))


def without_secrets(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Messages that can be shown to anybody; a fix that would write a secret is not offered."""
    return [_without(one) for one in diagnostics]


def _without(diagnostic: Diagnostic) -> Diagnostic:
    return diagnostic.changed(
        message=concealed(diagnostic.message),
        label=concealed(diagnostic.label),
        hint=concealed(diagnostic.hint),
        related=tuple(Label(label.location, concealed(label.text)) for label in diagnostic.related),
        fixes=tuple(Fix(concealed(fix.title), fix.edits, fix.safe) for fix in diagnostic.fixes if not _tells(fix)),
    )


def _tells(fix: Fix) -> bool:
    return any(True for edit in fix.edits for _ in secrets_in(edit.text))
