"""The rule `secret-in-text`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Severity
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.text import Location, Span

_SECRET = re.compile(
    r"(?P<password>(?<=://)[^\s/:@\"'${}]+:[^\s/:@\"'${}]+(?=@))"
    r"|(?P<aws>\b(?:AKIA|ASIA)[0-9A-Z]{16}\b)"
    r"|(?P<github>\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,}))"
    r"|(?P<slack>\bxox[abprs]-[\w-]{10,}|(?<=hooks\.slack\.com/services/)T\w+/B\w+/\w+)"
    r"|(?P<azure>\b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{20,}=*|\bsig=[A-Za-z0-9%+/]{40,})"
    r"|(?P<key>-----BEGIN [A-Z ]*PRIVATE KEY-----)"
)
_KINDS = {
    "password": "a user and a password in a URL",
    "aws": "an access key of AWS",
    "github": "a token of GitHub",
    "slack": "a token or webhook of Slack",
    "azure": "a key of Azure storage",
    "key": "a private key",
}


class SecretInText(LintRule, id="L021", name="secret-in-text", severity=Severity.ERROR):
    """A password, token or key stands in the spec. Whoever reads the repository has it, its history keeps it after it
    is deleted, and what is generated from the spec would carry it further. Take it back where it was given out, and
    name it only: `secret("NAME")` reaches code by an environment variable and is written nowhere. A password in a URL
    is a warning, for stores, trackers and files have no other place for one yet.

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
        for file in program.model.files:
            for match in _SECRET.finditer(file.source.text):
                yield self.found(
                    Location(file.source, Span(*match.span())),
                    f"{_KINDS[str(match.lastgroup)]} stands in the spec, for everybody who reads it",
                    label="known to all from now on",
                    # It is kept out of all that is shown and written, and there are services that take it no other way.
                    severity=Severity.WARNING if match["password"] else None,
                    hint='Have it revoked, and write `secret("NAME")` where the declaration takes one.',
                )
