"""The rule `unclassified-personal`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Edit, Fix
from mlopsc.compiler.lint.rule import LintedProgram, LintRule, after
from mlopsc.compiler.semantics.model import ColumnModel

_PERSONAL = re.compile(
    r"e[ _-]?mail|phone|mobile|(first|last|full|sur|user|customer|family|given|maiden)[ _.-]?name|^name$|address|street"
    r"|passport|ssn|social[ _]?security|iban|birth|^dob$|^ip$|credit[ _]?card|card[ _]?(number|no$)"
    r"|licen[cs]e[ _]?(plate|number|no$)|number[ _]?plate|(account|tax)[ _]?(number|no$)",
    re.IGNORECASE,
)


def is_personal(name: str) -> bool:
    """Whether a column of that name is likely to hold personal data."""
    return _PERSONAL.search(name) is not None


class UnclassifiedPersonal(LintRule, id="L022", name="unclassified-personal"):
    """A column is named like personal data and has no role. It would then be logged with every request, shown in
    reports, watched for drift and learnt from. `role pii` keeps it out of all of that; `role ignore` drops it once it
    is checked. If it is not about people, allow it and say so.

    wrong:
    ```mlops
    data riders {
      source = csv("weather.csv")
      schema { email: text }
      check rows >= 100
    }
    ```

    right:
    ```mlops
    data riders {
      source = csv("weather.csv")
      schema { email: text role pii }
      check rows >= 100
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Columns without a role whose name and type are those of personal data."""
        for _, stage in program.stages("data"):
            for column in stage.columns:
                if column.role is None and column.name != stage.value("target") and _may_identify(column):
                    role = Edit(after(column.at), " role pii")
                    yield self.found(
                        column.at,
                        f"`{column.name}` sounds like personal data, and nothing says so",
                        label="logged, shown and learnt from",
                        hint="Write `role pii`, or `role ignore` if nothing needs it.",
                        fixes=[Fix("Keep it to itself: `role pii`", (role,))],
                    )


def _may_identify(column: ColumnModel) -> bool:
    """Whether its values could tell a person: truth values, shares and numbers in a range do not."""
    kind = str(column.type.get("function"))
    is_open = column.low is None and column.high is None and column.values is None
    return kind in ("text", "category", "date", "timestamp", "int") and is_open and is_personal(column.name)
