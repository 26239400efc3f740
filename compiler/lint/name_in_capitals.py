"""The rule `name-in-capitals`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Edit, Fix, Severity
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.semantics.index import Namespace, Symbol
from mlopsc.compiler.text import Location

_NAMED = (Namespace.STAGE, Namespace.ENVIRONMENT, Namespace.METRIC)


class NameInCapitals(LintRule, id="L028", name="name-in-capitals", severity=Severity.INFO):
    """A stage, environment or metric has capital letters in its name. Names become folders, registered models, paths
    of a service and resources of a cloud, of which some know no capitals, and others take `Demand` and `demand` for
    two. The convention is `small_letters`.

    wrong:
    ```mlops
    data Weather {
      source = csv("weather.csv")
      check rows >= 100
    }
    ```

    right:
    ```mlops
    data weather {
      source = csv("weather.csv")
      check rows >= 100
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Names that are given in the program and have capital letters."""
        named: dict[Symbol, Location] = {
            use.symbol: use.symbol.definition
            for use in program.model.uses
            if use.symbol.namespace in _NAMED and use.symbol.definition is not None
        }
        for symbol, at in named.items():
            small = _small(symbol.name)
            if small != symbol.name:
                edits = tuple(
                    Edit(place, small) for place in program.model.references(symbol) if place.text == symbol.name
                )
                yield self.found(
                    at,
                    f"`{symbol.name}` has capital letters",
                    label=f"by convention `{small}`",
                    fixes=[Fix(f"Rename it to `{small}` everywhere", edits)] if edits else [],
                )


def _small(name: str) -> str:
    """The name in small letters, its words apart: `HourlyDemand` is `hourly_demand`."""
    parts = [
        f"_{char}" if char.isupper() and before.islower() else char
        for before, char in zip(" " + name, name, strict=False)
    ]
    return "".join(parts).lower()
