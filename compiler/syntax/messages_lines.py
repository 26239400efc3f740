"""The words for mistakes in lines: where items end, and what stands inside them."""

from __future__ import annotations

from mlopsc.compiler.diagnostics import Code, Diagnostic, message, replace
from mlopsc.compiler.text import Location, Span


@message("E150", "clause on a line of its own")
def clause_apart(code: Code, at: Location, line_end: Location) -> Diagnostic:
    """A clause belongs to the rule or field before it and stands on its line; a line ends a rule.

    Where the line grows long, break it after a comma or inside parentheses.

    wrong:
    ```mlops
    test gate {
      require mae(test) <= 45
        at 95%
    }
    ```

    right:
    ```mlops
    test gate {
      require mae(test) <= 45 at 95%
    }
    ```
    """
    gap = Location(at.file, Span(line_end.span.end, at.span.start))
    fixes = (replace("Join the lines", gap, " "),) if gap.text.isspace() else ()
    return Diagnostic(
        code,
        at,
        f"`{at.text}` continues the line above",
        label="a clause stands on the line of its rule",
        fixes=fixes,
    )


@message("E151", "two items on one line")
def two_items(code: Code, at: Location, gap: Location) -> Diagnostic:
    """A line holds one setting, field or rule.

    wrong:
    ```mlops
    environment dev { platform = local() owner = "ml@example.com" }
    ```

    right:
    ```mlops
    environment dev {
      platform = local()
      owner    = "ml@example.com"
    }
    ```
    """
    return Diagnostic(
        code,
        at,
        f"`{at.text}` begins another item on the same line",
        label="one item a line",
        fixes=(replace("Begin a new line", gap, "\n"),),
    )


@message("E152", "comma at the end of a line")
def trailing_comma(code: Code, at: Location) -> Diagnostic:
    """The end of a line separates settings, fields and rules. After a comma, a line continues on the next one.

    wrong:
    ```mlops
    pipeline demand {
      language = 1,
      owner    = "ml@example.com"
    }
    ```

    right:
    ```mlops
    pipeline demand {
      language = 1
      owner    = "ml@example.com"
    }
    ```
    """
    return Diagnostic(
        code,
        at,
        "no comma stands between items",
        label="the end of the line is enough",
        fixes=(replace("Remove it", at, ""),),
    )


@message("E153", "missing value")
def missing_value(code: Code, at: Location, what: str, after: str) -> Diagnostic:
    """After `=`, an operator or an opening bracket, a value follows on the same line.

    wrong:
    ```mlops
    data rides {
      source =
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("rides.csv")
    }
    ```
    """
    return Diagnostic(code, at, f"{what} is missing after `{after}`", f"expected {what}")


@message("E154", "value on the next line")
def value_below(code: Code, at: Location, gap: Location, after: str) -> Diagnostic:
    """A line ends a setting. A long value is broken inside parentheses or brackets, or before an operator.

    wrong:
    ```mlops
    limit =
      45
    ```

    right:
    ```mlops
    limit = 45
    ```
    """
    fixes = (replace("Join the lines", gap, " "),) if gap.text.isspace() else ()
    return Diagnostic(code, at, f"what follows `{after}` begins on the same line", "one line too low", fixes=fixes)


@message("E155", "argument by position after a named one")
def positional_after_named(code: Code, at: Location) -> Diagnostic:
    """Arguments by position come first, then those by name.

    wrong:
    ```mlops
    source = csv(separator = ";", "rides.csv")
    ```

    right:
    ```mlops
    source = csv("rides.csv", separator = ";")
    ```
    """
    return Diagnostic(
        code,
        at,
        "an argument by position follows one by name",
        label="comes before the named ones",
        hint="Put it first, or give it its name: `name = value`.",
    )


@message("E156", "sign after a verb")
def sign_after_verb(code: Code, at: Location, verb: str) -> Diagnostic:
    """A rule is its verb and what it states, without a sign between.

    wrong:
    ```mlops
    data rides {
      check: rows >= 5_000
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
        code,
        at,
        f"no `{at.text}` follows `{verb}`",
        "a rule is `verb what-it-states`",
        fixes=(replace("Remove it", at, ""),),
    )


@message("E157", "field without a colon")
def field_without_colon(code: Code, at: Location, after: Location) -> Diagnostic:
    """A field is written `column: type`.

    wrong:
    ```mlops
    data rides {
      schema {
        at timestamp
      }
    }
    ```

    right:
    ```mlops
    data rides {
      schema {
        at: timestamp
      }
    }
    ```
    """
    return Diagnostic(
        code,
        at,
        f"`{at.text}` has no `:` before its type",
        label="a field is `column: type`",
        fixes=(replace("Insert `:`", after, ":"),),
    )


@message("E158", "list of dashes")
def dashed_list(code: Code, at: Location, whole: Location, replacement: str) -> Diagnostic:
    """A list stands in brackets, its elements separated by commas, on one line or several.

    wrong:
    ```mlops
    approvers =
      - "@ml-leads"
      - "@owners"
    ```

    right:
    ```mlops
    approvers = [
      "@ml-leads",
      "@owners",
    ]
    ```
    """
    return Diagnostic(
        code,
        at,
        "a list is written in brackets",
        label="a dash makes no element of a list",
        fixes=(replace(f"Write `{_short(replacement.strip())}`", whole, replacement),) if replacement else (),
    )


@message("E159", "something out of place")
def unexpected(code: Code, at: Location, expected: str) -> Diagnostic:
    """Something stands where the language has no place for it.

    wrong:
    ```mlops
    data rides {
      source = csv("rides.csv") "again"
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("rides.csv")
    }
    ```
    """
    found = f"`{_short(at.text)}`" if at.text.strip() else "the end of the line"
    return Diagnostic(code, at, f"{found} cannot stand here", label=f"expected {expected}")


def _short(text: str) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= 40 else line[:39] + "…"
