"""The words for habits from other languages: operators, keywords and punctuation."""

from __future__ import annotations

from mlopsc.compiler.diagnostics import Code, Diagnostic, message, replace
from mlopsc.compiler.text import Location, Span


@message("E120", "foreign operator")
def foreign_operator(code: Code, at: Location, ours: str) -> Diagnostic:
    """Logic is written in words, `and or not`; comparisons are `< <= > >= == !=`; arithmetic is `+ - * /`.

    wrong:
    ```mlops
    data rides {
      check (hr >= 0 && hr <= 23)
    }
    ```

    right:
    ```mlops
    data rides {
      check (hr >= 0 and hr <= 23)
    }
    ```
    """
    if not ours:
        return Diagnostic(code, at, f"there is no operator `{at.text}`", label="only `+ - * /` compute")
    after = at.file.text[at.span.end : at.span.end + 1]
    padded = ours + " " if ours.isalpha() and not after.isspace() else ours
    fix = replace(f"Write `{ours}`", at, padded)
    return Diagnostic(code, at, f"there is no operator `{at.text}`", f"`{ours}` here", fixes=(fix,))


@message("E121", "`=` in a comparison")
def equals_in_comparison(code: Code, at: Location) -> Diagnostic:
    """`=` gives a setting or an argument its value; `==` compares.

    wrong:
    ```mlops
    data rides {
      check rows = 5
    }
    ```

    right:
    ```mlops
    data rides {
      check rows == 5
    }
    ```
    """
    return Diagnostic(code, at, "`=` does not compare", "`==` compares", fixes=(replace("Write `==`", at, "=="),))


@message("E124", "semicolon")
def semicolon(code: Code, at: Location, replacement: str) -> Diagnostic:
    """The end of a line ends a setting; semicolons are not needed. Arguments are separated by commas.

    wrong:
    ```mlops
    owner = "ml@example.com";
    ```

    right:
    ```mlops
    owner = "ml@example.com"
    ```
    """
    start = at.span.start
    while replacement and at.file.text[start - 1 : start] in (" ", "\t"):
        start -= 1
    wide = Location(at.file, Span(start, at.span.end))
    titles = {"": "Remove it", ",": "Write a comma"}
    fix = replace(titles.get(replacement, "Begin a new line"), wide if replacement else at, replacement)
    label = "arguments are separated by commas" if replacement == "," else "the end of the line is enough"
    return Diagnostic(code, at, "there are no semicolons", label, fixes=(fix,))


@message("E125", "constant of another language")
def foreign_constant(code: Code, at: Location, ours: str) -> Diagnostic:
    """The constants are `true`, `false` and `none`. A column that bears such a name is written in backticks.

    wrong:
    ```mlops
    reveal = True
    ```

    right:
    ```mlops
    reveal = true
    ```
    """
    return Diagnostic(
        code,
        at,
        f"`{at.text}` is written `{ours}`",
        label=f"`{ours}`",
        hint=f"Is it a name? Then write it in backticks: `` `{at.text}` ``.",
        fixes=(replace(f"Write `{ours}`", at, ours),),
    )


@message("E126", "brace literal")
def brace_literal(code: Code, at: Location) -> Diagnostic:
    """Braces hold the items of a block, never a value. A value with named parts is a call.

    wrong:
    ```mlops
    train demand {
      search = {max_depth: [4, 6]}
    }
    ```

    right:
    ```mlops
    train demand {
      search = grid(max_depth = [4, 6])
    }
    ```
    """
    return Diagnostic(
        code,
        at,
        "braces make no value",
        label="a value with named parts is a call: `name(part = …)`",
        hint="A block stands on its own: `kind name { … }`, without `=`.",
    )


@message("E127", "control flow")
def control_flow(code: Code, at: Location, word: str) -> Diagnostic:
    """A spec states what holds; nothing in it is executed step by step, so there is no `if`, `for` or `def`.

    What differs between environments is written with `override` in the environment; a computation is a function of
    your own, `python("file.py:name")`.

    wrong:
    ```mlops
    if production {
      budget = 400USD
    }
    ```

    right:
    ```mlops
    environment production {
      budget = 400USD
    }
    ```
    """
    hints = {
        "if": "What differs between environments is written in the environment: `override STAGE { … }`.",
        "else": "What differs between environments is written in the environment: `override STAGE { … }`.",
        "for": "Several values are a list `[…]`; a search over them is `grid(…)`.",
    }
    computed = 'A computation is a function of your own: `python("file.py:name")`.'
    return Diagnostic(
        code, at, f"there is no `{word}`: a spec states what holds", "not a statement", hint=hints.get(word, computed)
    )


@message("E129", "word of the language as a name")
def reserved_name(code: Code, at: Location) -> Diagnostic:
    """`and or not in true false none` are the only reserved words; in backticks they are names like any other.

    wrong:
    ```mlops
    data rides {
      schema {
        in: int
      }
    }
    ```

    right:
    ```mlops
    data rides {
      schema {
        `in`: int
      }
    }
    ```
    """
    return Diagnostic(
        code,
        at,
        f"`{at.text}` is a word of the language",
        label="as a name it stands in backticks",
        fixes=(replace("Put it in backticks", at, f"`{at.text}`"),),
    )


@message("E130", "odd name")
def odd_name(code: Code, at: Location, replacement: str) -> Diagnostic:
    """A name is letters, digits and `_`, and begins with a letter. Names that come from data stand in backticks.

    wrong:
    ```mlops
    data bike-rides {
    }
    ```

    right:
    ```mlops
    data bike_rides {
    }
    ```
    """
    return Diagnostic(
        code,
        at,
        f"`{at.text}` is no name",
        label=f"{replacement}" if replacement.startswith("`") else f"`{replacement}`",
        hint="Names are letters, digits and `_`; a column of another name is written in backticks.",
        fixes=(replace(f"Write {replacement.strip('`')}", at, replacement, safe=replacement.startswith("`")),),
    )


@message("E131", "needless word")
def needless_word(code: Code, at: Location, ours: str) -> Diagnostic:
    """A setting is declared by being set: no `let`, `var` or `const`. Other files are brought in with `use`.

    wrong:
    ```mlops
    let limit = 45
    ```

    right:
    ```mlops
    limit = 45
    ```
    """
    gap = len(at.file.text[at.span.end :]) - len(at.file.text[at.span.end :].lstrip(" \t"))
    wide = Location(at.file, Span(at.span.start, at.span.end + gap))
    fix = replace(f"Write `{ours}`", at, ours) if ours else replace("Remove it", wide, "")
    label = f"`{ours}` here" if ours else "not needed"
    return Diagnostic(code, at, f"`{at.text}` is no word of the language", label, fixes=(fix,))
