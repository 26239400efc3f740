"""The rule `deprecated-word`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Fix, replace
from mlopsc.compiler.lint.rule import LintedProgram, LintRule
from mlopsc.compiler.semantics.estimators import estimator, version
from mlopsc.compiler.semantics.index import Namespace


class DeprecatedWord(LintRule, id="L027", name="deprecated-word"):
    """A word will go: of the language, of an installed package, or a parameter that scikit-learn has marked as
    deprecated. What has a new name is renamed by the fix.

    wrong:
    ```mlops
    train risk {
      data      = rides
      features  = python("features.py:Calendar")
      estimator = sklearn("ensemble.GradientBoostingRegressor", criterion = "friedman_mse", random_state = 7)
      minimize mae(validation)
    }
    ```

    right:
    ```mlops
    train risk {
      data      = rides
      features  = python("features.py:Calendar")
      estimator = sklearn("ensemble.GradientBoostingRegressor", random_state = 7)
      minimize mae(validation)
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Uses of words whose declaration, or whose estimator, says that they will go."""
        going = dict(_going_parameters(program))
        for use in program.model.uses:
            symbol = use.symbol
            declaration = symbol.declaration
            if declaration is not None and symbol.name == declaration.word and _goes(declaration):
                new = declaration.renamed_to
                fixes: list[Fix] = [replace(f"Write `{new}`", use.location, new)] if new else []
                why = declaration.deprecated or f"it is called `{new}` now"
                yield self.found(use.location, f"`{symbol.name}` will go: {why}", label="deprecated", fixes=fixes)
            elif symbol.namespace is Namespace.PARAMETER and symbol.name in going.get(symbol.owner, ()):
                yield self.found(
                    use.location,
                    f"scikit-learn {version()} has deprecated `{symbol.name}` of `{symbol.owner}`",
                    label="will go",
                    hint="Leave it out; scikit-learn's page of the estimator says what takes its place.",
                )


def _goes(declaration: type) -> bool:
    return bool(getattr(declaration, "deprecated", "") or getattr(declaration, "renamed_to", ""))


def _going_parameters(program: LintedProgram) -> Iterator[tuple[str, list[str]]]:
    """The parameters that scikit-learn has deprecated, of each estimator of the program by the name of its class."""
    for _, stage in program.stages("train"):
        value = stage.value("estimator")
        known = (
            estimator(str(value["name"])) if isinstance(value, dict) and value.get("function") == "sklearn" else None
        )
        if known is not None:
            going = [name for name, parameter in known.parameters.items() if parameter.default == "'deprecated'"]
            yield known.name.rpartition(".")[2], going
