"""The rule `secret-in-text`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from mlopsc.compiler.diagnostics import Diagnostic, Severity
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.text import Location, Span

_NAMES = r"password|passwd|pwd|api_?key|secret_?key|client_secret|access_?key|(?:auth|access|bearer)_?token"
_SECRET = re.compile(
    r"://[^\s/:@\"'${}]*:(?P<password>[^\s/:@\"'${}]+)(?=@)"
    r"|https?://(?P<user>[\w.~-]{20,})(?=@)"
    r"|(?:[?&]|\b)sig=(?P<sas>[A-Za-z0-9%+/]{40,})"
    rf"|[?&](?:(?i:x-(?:amz|goog)-signature|sig|signature|token|{_NAMES}))=(?P<query>[^&\s#\"'`${{}}]{{8,}})"
    rf"|\b\w*(?i:{_NAMES})\s*=\s*[\"'](?P<written>(?!arn:|\w+://|[A-Z][A-Z0-9_]*[\"'])[^\s\"'${{}}]{{6,}})[\"']"
    r"|\b(?i:password|pwd)=(?P<inside>[^\s;&\"'${}]{4,})(?=;)"
    r"|(?P<aws>\b(?:AKIA|ASIA)[0-9A-Z]{16}\b)"
    r"|(?P<github>\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,}))"
    r"|(?P<gitlab>\bglpat-[\w-]{20,})"
    r"|(?P<google>\bAIza[\w-]{35})"
    r"|(?P<face>\bhf_[A-Za-z0-9]{30,})"
    r"|(?P<databricks>\bdapi[0-9a-f]{32}\b)"
    r"|(?P<token>\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})"
    r"|(?P<slack>\bxox[abprs]-[\w-]{10,}|(?<=hooks\.slack\.com/services/)T\w+/B\w+/\w+)"
    r"|(?P<azure>\b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{20,}=*)"
    r"|(?P<key>-----BEGIN [A-Z ]*PRIVATE KEY-----)"
)
_KINDS = {
    "password": "the password of a URL",
    "user": "a token in a URL",
    "sas": "a signature of Azure storage",
    "query": "a token in a URL",
    "written": "what is named as a password, key or token",
    "inside": "a password",
    "aws": "an access key of AWS",
    "github": "a token of GitHub",
    "gitlab": "a token of GitLab",
    "google": "a key of Google",
    "face": "a token of Hugging Face",
    "databricks": "a token of Databricks",
    "token": "a signed token",
    "slack": "a token or webhook of Slack",
    "azure": "a key of Azure storage",
    "key": "a private key",
}
_OF_URLS = frozenset({"password", "user", "query"})
_LIKELY = frozenset({"written", "inside"})


class Secret(NamedTuple):
    """A part of a text that has the form of a secret; `kind` is a key of what it is called."""

    start: int
    end: int
    kind: str


def secrets_in(text: str) -> Iterator[Secret]:
    """The secrets of a text, in their order."""
    for match in _SECRET.finditer(text):
        kind = str(match.lastgroup)
        yield Secret(*match.span(kind), kind)


@lru_cache(maxsize=4096)
def _secrets_of(chunk: str) -> tuple[Secret, ...]:
    """Those of one top-level item: while somebody types, all others are known already."""
    return tuple(secrets_in(chunk))


class SecretInText(LintRule, id="L021", name="secret-in-text", severity=Severity.ERROR):
    """A password, token or key stands in the spec. Whoever reads the repository has it, its history keeps it after it
    is deleted, and what is generated from the spec would carry it further. Take it back where it was given out, and
    name it only: `secret("NAME")` reaches code by an environment variable and is written nowhere. Messages and drawings
    show `***` in its place. A password in a URL is a warning, for stores, trackers and files have no other place for
    one yet, and so is what only its name tells, such as `password = "…"`.

    wrong:
    ```mlops
    data weather {
      source  = csv("https://reader:tr0ub4dor@example.com/weather.csv")
      refresh = pinned
      check rows >= 100
    }
    ```

    right:
    ```mlops
    data weather {
      source  = sql("select * from weather", connection = secret("WEATHER_DB"))
      check rows >= 100
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Texts of any file, comments too, that have the form of a secret."""
        for file, chunk, at in program.chunks():
            for start, end, kind in _secrets_of(chunk.text):
                yield self.found(
                    Location(file.source, Span(start, end).shifted(at)),
                    f"{_KINDS[kind]} stands in the spec, for everybody who reads it",
                    label="known to all from now on",
                    # Some services take it in a URL only; and a name may promise more than its value is.
                    severity=Severity.WARNING if kind in _OF_URLS | _LIKELY else None,
                    hint='Have it revoked, and write `secret("NAME")` where the declaration takes one.',
                )
