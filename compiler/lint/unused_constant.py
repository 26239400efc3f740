"""The rule `unused-constant`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Edit, Fix
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.semantics.index import Namespace
from mlopsc.compiler.syntax import ast
from mlopsc.compiler.text import Location, Span


class UnusedConstant(LintRule, id="L004", name="unused-constant"):
    """A constant of the main file is named nowhere: somebody who changes it will wonder why nothing happens. Files
    that are used by others may offer more than each of them needs.

    wrong:
    ```mlops
    limit = 45

    test gate {
      model = demand
      require mae(test) <= champion at 95%
    }
    ```

    right:
    ```mlops
    limit = 45

    test gate {
      model = demand
      require mae(test) <= limit at 95%
      require mae(test) <= champion at 95%
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Constants of the first file without a use."""
        model = program.model
        used = {
            use.symbol.name
            for use in model.uses
            if use.symbol.namespace is Namespace.CONSTANT and use.location != use.symbol.definition
        }
        for item, origin in model.files[0].placed():
            if isinstance(item, ast.Setting) and item.name.text not in used and item.name.text in model.constants:
                yield self.found(
                    origin.at(item.name),
                    f"the constant `{item.name.text}` is used nowhere",
                    label="changing it changes nothing",
                    fixes=[Fix("Remove it", (Edit(_whole_lines(origin.at(item)), ""),))],
                )


def _whole_lines(at: Location) -> Location:
    """A place with the line break after it, if nothing else stands there."""
    text = at.file.text
    end = at.span.end + len(text[at.span.end :]) - len(text[at.span.end :].lstrip(" \t\r"))
    return Location(at.file, Span(at.span.start, end + 1)) if text[end : end + 1] == "\n" else at
