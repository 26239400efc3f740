"""The words for mistakes in numbers, units, money, dates and ranges."""

from __future__ import annotations

from mlopsc.compiler.diagnostics import Code, Diagnostic, Fix, message, replace
from mlopsc.compiler.text import Location


def _rewritten(at: Location, text: str, *, safe: bool = True) -> tuple[Fix, ...]:
    """The fix that writes `text`, where it is known."""
    return (replace(f"Write `{text}`", at, text, safe=safe),) if text else ()


@message("E112", "malformed number")
def malformed_number(code: Code, at: Location, reason: str, replacement: str) -> Diagnostic:
    """A number is digits, grouped by single `_`, with a fraction and an exponent: `5_000`, `0.5`, `1e-3`.

    wrong:
    ```mlops
    rate = .5
    ```

    right:
    ```mlops
    rate = 0.5
    ```
    """
    fixes = _rewritten(at, replacement, safe=not replacement.startswith('"'))
    return Diagnostic(code, at, f"`{at.text}` is no number", reason, fixes=fixes)


@message("E113", "leading zero")
def leading_zero(code: Code, at: Location, replacement: str) -> Diagnostic:
    """A number does not begin with a zero: it would be read as octal by some, and an identifier is text.

    wrong:
    ```mlops
    zip_code = 01234
    ```

    right:
    ```mlops
    zip_code = "01234"
    ```
    """
    return Diagnostic(
        code,
        at,
        f"`{at.text}` begins with a zero",
        label="a number has no leading zero",
        hint=f'An identifier is text: `"{at.text}"`.',
        fixes=_rewritten(at, replacement, safe=False),
    )


@message("E114", "thousands set apart")
def thousands(code: Code, at: Location, replacement: str) -> Diagnostic:
    """Digits are grouped with `_`: a comma separates arguments, and a space ends the number.

    wrong:
    ```mlops
    data rides {
      check rows >= 5,000
    }
    ```

    right:
    ```mlops
    data rides {
      check rows >= 5_000
    }
    ```
    """
    return Diagnostic(
        code, at, f"`{at.text}` is two numbers", "thousands are grouped with `_`", fixes=_rewritten(at, replacement)
    )


@message("E115", "unit apart from its number")
def unit_apart(code: Code, at: Location, replacement: str) -> Diagnostic:
    """A unit is written right after its number: `70%`, `7d`, `200ms`, `400USD`.

    wrong:
    ```mlops
    share = 50 %
    ```

    right:
    ```mlops
    share = 50%
    ```
    """
    return Diagnostic(
        code, at, "a unit is written right after its number", f"`{replacement}`", fixes=_rewritten(at, replacement)
    )


@message("E116", "two units in one")
def two_units(code: Code, at: Location, replacement: str) -> Diagnostic:
    """A quantity has one unit: two days and twelve hours are `60h`.

    wrong:
    ```mlops
    window = 2d12h
    ```

    right:
    ```mlops
    window = 60h
    ```
    """
    return Diagnostic(
        code,
        at,
        f"`{at.text}` has more than one unit",
        label=f"write `{replacement}`" if replacement else "a quantity has one unit",
        hint="" if replacement else "A name may not begin with a digit, unless it stands in backticks.",
        fixes=_rewritten(at, replacement),
    )


@message("E117", "currency sign")
def currency_sign(code: Code, at: Location, replacement: str) -> Diagnostic:
    """Money is a number and the three letters of its currency: `400USD`, `0.5EUR`. `$` alone means several.

    wrong:
    ```mlops
    budget = $400
    ```

    right:
    ```mlops
    budget = 400USD
    ```
    """
    return Diagnostic(
        code,
        at,
        "money is written as a number and its currency",
        label=f"`{replacement}`" if replacement else "like `400USD`",
        hint="" if replacement else 'A variable of the environment is read with `secret("NAME")`.',
        fixes=_rewritten(at, replacement, safe="USD" not in replacement),
    )


@message("E118", "malformed date or time")
def malformed_date(code: Code, at: Location, replacement: str) -> Diagnostic:
    """Dates are written `2025-03-01`, timestamps `2025-03-01T02:30Z`, times of day `02:30`, all digits in place.

    wrong:
    ```mlops
    since = 2025-3-1
    ```

    right:
    ```mlops
    since = 2025-03-01
    ```
    """
    label = "two digits each" if replacement else "no such day or hour"
    return Diagnostic(
        code,
        at,
        f"`{at.text}` is no date and no time of day",
        label=label,
        hint="A date is `2025-03-01`, a timestamp `2025-03-01T02:30Z`, a time `02:30`.",
        fixes=_rewritten(at, replacement),
    )


@message("E119", "space inside a range")
def range_with_spaces(code: Code, at: Location, replacement: str) -> Diagnostic:
    """A range is written without spaces, since a range may be open: `0..5`, `0..`, `..5`.

    wrong:
    ```mlops
    data rides {
      check hr in 0 .. 23
    }
    ```

    right:
    ```mlops
    data rides {
      check hr in 0..23
    }
    ```
    """
    return Diagnostic(
        code, at, "a range is written without spaces", f"`{replacement}`", fixes=_rewritten(at, replacement)
    )
