"""The words for mistakes in single words: characters, strings, numbers, dates, operators."""

from __future__ import annotations

import unicodedata

from mlopsc.compiler.diagnostics import Code, Diagnostic, Fix, message, replace
from mlopsc.compiler.text import Location, Span


def _fixes(title: str, at: Location, text: str, *, safe: bool = True) -> tuple[Fix, ...]:
    """One fix, or none where there is nothing to put in the place."""
    return (replace(title, at, text, safe=safe),) if text else ()


@message("E101", "not a text file")
def not_text(code: Code, at: Location, what: str) -> Diagnostic:
    """A `.mlops` file is UTF-8 text. Data, models and notebooks stay in files of their own, which a spec names.

    wrong:
    ```mlops
    owner = "caf�"
    ```

    right:
    ```mlops
    owner = "café"
    ```
    """
    return Diagnostic(
        code,
        at,
        f"`{at.file.path}` is not UTF-8 text: {what}",
        label="the first place",
        hint='Save the file as UTF-8. Data files are named in a spec (`source = csv("…")`), never given to `mlopsc`.',
    )


@message("E102", "empty file")
def empty_file(code: Code, at: Location) -> Diagnostic:
    """A spec holds at least one block or setting; a file of comments says nothing.

    wrong:
    ```mlops
    # nothing here yet
    ```

    right:
    ```mlops
    pipeline demand {
      language = 1
    }
    ```
    """
    return Diagnostic(
        code,
        at,
        f"`{at.file.path}` holds no block and no setting",
        label="a spec begins with a `pipeline` block",
        hint="`mlopsc init` writes a first spec; `mlopsc init --data FILE` writes one for your own data.",
    )


@message("E103", "file too large")
def too_large(code: Code, at: Location, size: str, limit: str) -> Diagnostic:
    """A spec is written by people and read by people: a file of several megabytes is data under a wrong name.

    It is refused before it is read, so that a mistaken path costs no time. Large tables belong into data files, and
    a spec of many stages into several files that `use` each other.

    right:
    ```mlops
    data rides {
      source = csv("rides.csv")
    }
    ```
    """
    return Diagnostic(
        code,
        at,
        f"`{at.file.path}` is too large for a spec: {size} bytes, where {limit} are allowed",
        label="this is hardly a spec",
        hint='Check the path. To name a data file in a spec: `source = csv("…")`.',
    )


@message("E104", "nested too deep")
def too_deep(code: Code, at: Location, deepest: str) -> Diagnostic:
    """Braces, brackets and operators nest and follow each other to a fixed depth, far beyond what anybody can read.

    wrong:
    ```mlops
    depth = ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((
      1
    ))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))
    ```

    right:
    ```mlops
    depth = 1
    ```
    """
    return Diagnostic(
        code,
        at,
        f"this is nested or chained deeper than {deepest} levels",
        label="too deep from here on",
        hint="Give a part a name of its own with a setting (`name = …`) and use the name here.",
    )


@message("E105", "stray character")
def stray_character(code: Code, at: Location) -> Diagnostic:
    """A character that the language has no use for, often an invisible one that came along with copied text.

    wrong:
    ```mlops
    owner = @team
    ```

    right:
    ```mlops
    owner = "@team"
    ```
    """
    char = at.text[:1]
    name = unicodedata.name(char, f"character {ord(char):#06x}" if char else "nothing").lower()
    if char and unicodedata.category(char) in ("Zs", "Cf", "Cc"):
        space = " " if unicodedata.category(char) == "Zs" else ""
        title = "Put an ordinary space" if space else "Remove it"
        return Diagnostic(
            code, at, f"an invisible character stands here: {name}", "invisible", fixes=(replace(title, at, space),)
        )
    return Diagnostic(
        code, at, f"`{char}` means nothing here", label=name, hint="Text is written in quotes, odd names in backticks."
    )


@message("E106", "typographic quotes")
def smart_quotes(code: Code, at: Location, text: str) -> Diagnostic:
    """Strings are written in straight quotes; word processors and chats turn them into typographic ones.

    wrong:
    ```mlops
    owner = “ml@example.com”
    ```

    right:
    ```mlops
    owner = "ml@example.com"
    ```
    """
    fixes = _fixes("Use straight quotes", at, text)
    return Diagnostic(code, at, 'a string is written in straight quotes, `"…"`', "typographic quotes", fixes=fixes)


@message("E107", "text that does not end")
def unterminated(code: Code, at: Location, what: str, quote: str) -> Diagnostic:
    """A string ends on the line where it begins; text of several lines stands between triple quotes.

    wrong:
    ```mlops
    owner = "ml@example.com
    ```

    right:
    ```mlops
    owner = "ml@example.com"
    ```
    """
    end = Location(at.file, Span(at.span.end, at.span.end))
    hints = {
        '"': 'Text of several lines is written between triple quotes: `"""…"""`.',
        "'": 'Text with an apostrophe in it is written in double quotes: `"…"`.',
    }
    fixes = _fixes("Close it", end, quote, safe=False) if len(quote) == 1 else ()
    return Diagnostic(code, at, f"this {what} is never closed", "begins here", (), hints.get(quote, ""), fixes)


@message("E108", "unknown escape")
def bad_escape(code: Code, at: Location) -> Diagnostic:
    r"""In double quotes a backslash begins one of the escapes `\n \t \r \" \\ \$ \u00e9`.

    A pattern or a Windows path is easier to read in single quotes, where a backslash is a backslash.

    wrong:
    ```mlops
    pattern = "\d+"
    ```

    right:
    ```mlops
    pattern = '\d+'
    ```
    """
    return Diagnostic(
        code,
        at,
        f"`{at.text}` is no escape",
        label="a backslash alone is written `\\\\`",
        hint="In single quotes a backslash stands for itself: `'…'`.",
        fixes=(replace("Double the backslash", at, f"\\{at.text}"),),
    )


@message("E109", "malformed interpolation")
def bad_interpolation(code: Code, at: Location) -> Diagnostic:
    r"""Between `${` and `}` stands one name, with dots if need be; no calls and no arithmetic.

    wrong:
    ```mlops
    bucket = "s3://${region + zone}"
    ```

    right:
    ```mlops
    bucket = "s3://${region}-${zone}"
    ```
    """
    escaped = replace("Write the characters themselves", at, f"\\{at.text}", safe=False)
    return Diagnostic(
        code,
        at,
        f"`{at.text}` is no name to put into a string",
        label="expected `${name}` or `${stage.name}`",
        hint="Give the value a name with a setting first, and use that name here.",
        fixes=(escaped,),
    )


@message("E110", "foreign comment")
def foreign_comment(code: Code, at: Location) -> Diagnostic:
    """Comments begin with `#` and run to the end of the line.

    wrong:
    ```mlops
    owner = "ml@example.com" // who to ask
    ```

    right:
    ```mlops
    owner = "ml@example.com" # who to ask
    ```
    """
    lines = [line.strip().strip("*/").strip() for line in at.text.splitlines()]
    ours = "\n".join(f"# {line}" for line in lines if line)
    fixes = _fixes("Begin it with `#`", at, ours, safe=len(lines) == 1)
    return Diagnostic(code, at, "a comment begins with `#`", "not a comment here", fixes=fixes)


@message("E111", "string with a prefix")
def prefixed_string(code: Code, at: Location, text: str) -> Diagnostic:
    """Strings have no prefixes: `${name}` interpolates in double quotes, and single quotes are raw.

    wrong:
    ```mlops
    pattern = r"[a-z]+"
    ```

    right:
    ```mlops
    pattern = '[a-z]+'
    ```
    """
    return Diagnostic(
        code,
        at,
        "a string has no prefix",
        label="`${name}` interpolates in `\"…\"`; `'…'` is raw",
        fixes=_fixes("Write it without", at, text, safe=False),
    )
