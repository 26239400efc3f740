"""The words for units: unknown ones, and values whose units do not go together."""

from __future__ import annotations

from collections.abc import Sequence

from mlopsc.compiler.diagnostics import Code, Diagnostic, Fix, Label, message, replace
from mlopsc.compiler.semantics.describing import listed
from mlopsc.compiler.semantics.suggestions import meant
from mlopsc.compiler.text import Location

FOREIGN_UNITS = {
    "sec": "s",
    "secs": "s",
    "seconds": "s",
    "minute": "min",
    "minutes": "min",
    "mins": "min",
    "hr": "h",
    "hrs": "h",
    "hour": "h",
    "hours": "h",
    "day": "d",
    "days": "d",
    "week": "w",
    "weeks": "w",
    "month": "mo",
    "months": "mo",
    "year": "y",
    "years": "y",
    "yr": "y",
    "gb": "GB",
    "Gb": "GB",
    "mb": "MB",
    "kb": "KB",
    "kB": "KB",
    "tb": "TB",
    "GiB": "GB",
    "MiB": "MB",
    "usd": "USD",
    "eur": "EUR",
    "gbp": "GBP",
    "pct": "%",
    "percent": "%",
    "bp": "pp",
}
"""Units as they are written elsewhere. Those for which ours is another amount are left to the reader (`GiB`)."""

UNCLEAR = {
    "m": ("min", "mo"),
    "M": ("_000_000", "mo", "MB"),
    "K": ("_000", "KB"),
    "k": ("_000", "KB"),
    "G": ("GB",),
    "T": ("TB",),
}
"""Units that could be several of ours, or no unit at all."""

_DIFFERENT = {"GiB", "MiB", "bp"}


@message("E302", "unknown unit")
def unknown_unit(code: Code, at: Location, text: str, unit: str, units: Sequence[str]) -> Diagnostic:
    """Units are written right after the number: `%` and `pp`; `ms s min h d w`, and `mo y` by the calendar;
    `B KB MB GB TB`; currencies such as `USD`.

    wrong:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      timeout   = 2hours
    }
    ```

    right:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      timeout   = 2h
    }
    ```
    """
    number = text.removesuffix(unit)
    options = UNCLEAR.get(unit) or ((FOREIGN_UNITS[unit],) if unit in FOREIGN_UNITS else ())
    label, _ = meant(at, unit, units)
    if not options and label:
        options = (label.split("`")[1],)
    safe = len(options) == 1 and unit in FOREIGN_UNITS and unit not in _DIFFERENT
    written = [f"{number}{one}" for one in options]
    fixes: tuple[Fix, ...] = tuple(replace(f"Write `{text}`", at, text, safe=safe) for text in written)
    label = f"did you mean {listed(written, 'or')}?" if options else "no unit"
    hint = "" if options else f"units: {', '.join(f'`{one}`' for one in units[:15])}, currencies"
    return Diagnostic(code, at, f"there is no unit `{unit}`", label, hint=hint, fixes=fixes)


@message("E303", "units that do not go together")
def unit_mismatch(code: Code, at: Location, fact: str, hint: str = "", related: tuple[Label, ...] = ()) -> Diagnostic:
    """Values of one unit can be added; a value can be multiplied by a number; a count or an amount of money divided by
    a duration is a rate. Months and years have no fixed number of days and do not mix with them; currencies do not mix.

    wrong:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      timeout   = 2h + 30
    }
    ```

    right:
    ```mlops
    train demand {
      data      = rides
      estimator = sklearn("linear_model.Ridge")
      timeout   = 2h + 30min
    }
    ```
    """
    return Diagnostic(code, at, fact, "do not go together" if related else "", related, hint)


@message("E304", "value that cannot be put into text")
def not_in_text(code: Code, at: Location, name: str, noun: str) -> Diagnostic:
    """`${name}` puts the value of a constant into text: text, a number, a quantity or a date.

    wrong:
    ```mlops
    steps = [5%, 100%]

    environment dev {
      store = "runs/${steps}"
    }
    ```

    right:
    ```mlops
    team = "mobility"

    environment dev {
      store = "runs/${team}"
    }
    ```
    """
    return Diagnostic(code, at, f"`{name}` is {noun}, and cannot be put into text", noun)
