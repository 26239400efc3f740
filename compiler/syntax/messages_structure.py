"""The words for mistakes in how a file hangs together: brackets, braces, lines and items."""

from __future__ import annotations

from mlopsc.compiler.diagnostics import Code, Diagnostic, Label, message, replace
from mlopsc.compiler.text import Location, Span


@message("E140", "bracket that is not closed")
def unclosed_bracket(code: Code, at: Location, opener: Location, closer: str) -> Diagnostic:
    """Every `(` and `[` is closed before its setting or rule ends, on the same line or a later one.

    wrong:
    ```mlops
    data rides {
      source = csv("rides.csv"
      key = id
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("rides.csv")
      key = id
    }
    ```
    """
    return Diagnostic(
        code,
        opener,
        f"this `{opener.text}` is never closed",
        label=f"its `{closer}` is missing",
        related=(Label(at, f"`{closer}` was expected here"),),
        fixes=(replace(f"Insert `{closer}`", at, closer, safe=False),),
    )


@message("E141", "bracket that closes nothing")
def stray_bracket(code: Code, at: Location) -> Diagnostic:
    """A `)` or `]` closes a bracket of its own kind that was opened before it.

    wrong:
    ```mlops
    data rides {
      source = csv("rides.csv"))
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("rides.csv")
    }
    ```
    """
    opener = "(" if at.text == ")" else "["
    return Diagnostic(
        code,
        at,
        f"this `{at.text}` closes nothing",
        label=f"no `{opener}` is open here",
        fixes=(replace("Remove it", at, "", safe=False),),
    )


@message("E142", "block that is not closed")
def unclosed_block(code: Code, at: Location, end: Location, indent: str) -> Diagnostic:
    """Every block ends with a `}` of its own, by custom below the first letter of its header.

    wrong:
    ```mlops
    data rides {
      schema {
        at: timestamp
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
        f"the block `{at.text}` is never closed",
        label="its `}` is missing",
        related=(Label(end, "by the indentation it ends here"),),
        fixes=(replace("Insert `}`", end, f"\n{indent}}}", safe=False),),
    )


@message("E143", "brace that closes nothing")
def stray_brace(code: Code, at: Location) -> Diagnostic:
    """A `}` ends the block that was opened last; here none is open, or the wrong one would end.

    wrong:
    ```mlops
    environment dev { platform = local() }}
    ```

    right:
    ```mlops
    environment dev { platform = local() }
    ```
    """
    return Diagnostic(
        code, at, "this `}` is one too many", "ends no block", fixes=(replace("Remove it", at, "", safe=False),)
    )


@message("E144", "brace on the next line")
def brace_on_next_line(code: Code, at: Location, header_end: Location) -> Diagnostic:
    """The `{` of a block stands at the end of its header, since the end of a line ends what stands on it.

    wrong:
    ```mlops
    data rides
    {
      key = id
    }
    ```

    right:
    ```mlops
    data rides {
      key = id
    }
    ```
    """
    gap = Location(at.file, Span(header_end.span.end, at.span.end))
    fixes = (replace("Move it up", gap, " {"),) if gap.text[:-1].isspace() else ()
    return Diagnostic(code, at, "the `{` belongs on the line of its header", "one line too low", fixes=fixes)


@message("E145", "block without a brace")
def missing_brace(code: Code, at: Location, sign: Location) -> Diagnostic:
    """A block is `kind name { … }`: indentation alone makes none, and neither does a colon.

    wrong:
    ```mlops
    data rides
      key = id
    }
    ```

    right:
    ```mlops
    data rides {
      key = id
    }
    ```
    """
    return Diagnostic(
        code,
        at,
        f"the block `{at.text}` has no `{{`",
        label="a block is `kind name { … }`",
        fixes=(replace("Open it with `{`", sign, " {", safe=not sign.text),),
    )


@message("E146", "block name in quotes")
def quoted_label(code: Code, at: Location, replacement: str) -> Diagnostic:
    """The name of a block is a name, not text: other blocks refer to it as it stands.

    wrong:
    ```mlops
    data "rides" {
    }
    ```

    right:
    ```mlops
    data rides {
    }
    ```
    """
    return Diagnostic(
        code,
        at,
        "the name of a block stands without quotes",
        label=f"`{replacement}`" if not replacement.startswith("`") else "a name, not text",
        fixes=(replace(f"Write {replacement.strip('`')}", at, replacement),),
    )


@message("E147", "sign between a block and its brace")
def sign_before_block(code: Code, at: Location, name: str) -> Diagnostic:
    """A block follows its kind and name directly; only settings take `=`, only columns a colon.

    wrong:
    ```mlops
    data rides {
      schema = {
        at: timestamp
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
    text = at.file.text
    start, end = at.span
    while text[start - 1 : start] in (" ", "\t"):
        start -= 1
    while text[end : end + 1] in (" ", "\t"):
        end += 1
    return Diagnostic(
        code,
        at,
        f"`{at.text}` has no place between `{name}` and its `{{`",
        label="a block follows directly",
        fixes=(replace("Remove it", Location(at.file, Span(start, end)), " "),),
    )


@message("E148", "clause on a line of its own")
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


@message("E149", "two items on one line")
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


@message("E150", "comma at the end of a line")
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


@message("E151", "missing value")
def missing_value(code: Code, at: Location, after: str) -> Diagnostic:
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
    return Diagnostic(code, at, f"a value is missing after `{after}`", "expected a value")


@message("E152", "value on the next line")
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
    return Diagnostic(code, at, f"the value after `{after}` begins on the same line", "one line too low", fixes=fixes)


@message("E153", "argument by position after a named one")
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


@message("E154", "colon after a verb")
def colon_after_verb(code: Code, at: Location, verb: str) -> Diagnostic:
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
        code, at, f"no colon follows `{verb}`", "a rule is `verb what-it-states`", fixes=(replace("Remove it", at, ""),)
    )


@message("E155", "field without a colon")
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


@message("E156", "malformed header")
def malformed_header(code: Code, at: Location) -> Diagnostic:
    """A block begins with its kind and at most one name: `data rides {`. What else there is to say stands inside.

    wrong:
    ```mlops
    train demand(rides) {
    }
    ```

    right:
    ```mlops
    train demand {
      data = rides
    }
    ```
    """
    return Diagnostic(
        code,
        at,
        f"`{_short(at.text)}` is no header of a block",
        label="expected `kind name {`",
        hint="Everything else is a setting inside the block.",
    )


@message("E157", "list of dashes")
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
