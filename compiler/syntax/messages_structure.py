"""The words for mistakes in brackets and braces, and in the headers of blocks."""

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
        fixes=(replace("Open it with `{`", sign, " {", safe=False),),
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


@message("E148", "malformed header")
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
        f"`{at.text}` is no header of a block",
        label="expected `kind name {`",
        hint="Everything else is a setting inside the block.",
    )


@message("E149", "missing comma")
def missing_comma(code: Code, at: Location, after: Location) -> Diagnostic:
    """Arguments and elements are separated by commas.

    wrong:
    ```mlops
    sizes = [4 6]
    ```

    right:
    ```mlops
    sizes = [4, 6]
    ```
    """
    return Diagnostic(
        code,
        at,
        f"a comma is missing before `{at.text}`",
        label="another one begins here",
        fixes=(replace("Insert `,`", after, ","),),
    )
