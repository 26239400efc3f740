"""The words for values that have the right type and break a limit."""

from __future__ import annotations

from mlopsc.compiler.diagnostics import Code, Diagnostic, message
from mlopsc.compiler.text import Location


@message("E307", "out of range")
def out_of_range(code: Code, at: Location, place: str, shown: str, limits: str) -> Diagnostic:
    """A value has the right type and lies outside what the setting allows.

    wrong:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      folds     = 1
    }
    ```

    right:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      folds     = 5
    }
    ```
    """
    return Diagnostic(code, at, f"{place} must be {limits}, and this is {shown}", f"expected {limits}")


def not_positive(at: Location, place: str, shown: str) -> Diagnostic:
    """`every = 0d`."""
    return Diagnostic(out_of_range.code, at, f"{place} must be longer than nothing, and this is {shown}", "above zero")


def text_length(at: Location, place: str, most: int | None) -> Diagnostic:
    """Empty text, or too much of it."""
    message = f"{place} must be one character" if most == 1 else f"{place} must not be empty"
    return Diagnostic(out_of_range.code, at, message, "expected one character" if most == 1 else "empty")


def malformed_text(at: Location, place: str, text: str, description: str) -> Diagnostic:
    """Text that does not have the form of an account, a region, a repository."""
    message = f"{place} cannot be `{text}`"
    hint = description[:1].lower() + description[1:].rstrip(".")
    return Diagnostic(out_of_range.code, at, message, "malformed", hint=hint)


def too_few(at: Location, place: str, count: int, fewest: int) -> Diagnostic:
    """An empty list."""
    what = "one item" if fewest == 1 else f"{fewest} items"
    message = f"{place} needs at least {what}, and this has {count}"
    return Diagnostic(out_of_range.code, at, message, f"at least {fewest}")


@message("E520", "steps that do not rise")
def not_rising(code: Code, at: Location, place: str) -> Diagnostic:
    """A canary gives the new model more traffic in steps, up to all of it: units that have moved never move back.

    wrong:
    ```mlops
    release api {
      model    = demand
      gate     = gate
      strategy = canary(steps = [25%, 5%, 50%], every = 7d)
    }
    ```

    right:
    ```mlops
    release api {
      model    = demand
      gate     = gate
      strategy = canary(steps = [5%, 25%, 100%], every = 7d)
    }
    ```
    """
    return Diagnostic(code, at, f"{place} must rise to 100%", "each step above the one before, the last `100%`")
