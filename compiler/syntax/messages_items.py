"""The words for settings, fields, rules and calls that are put as one of the others, or without their sign."""

from __future__ import annotations

from mlopsc.compiler.diagnostics import Code, Diagnostic, message, replace
from mlopsc.compiler.text import Location, Span


@message("E122", "setting without `=`")
def missing_equals(code: Code, at: Location, after: Location) -> Diagnostic:
    """A setting is written `name = value`. Without `=` only a rule can stand, and a rule begins with its verb.

    wrong:
    ```mlops
    data rides {
      source csv("rides.csv")
    }
    ```

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
        f"`{at.text}` has no `=` before its value",
        label="expected `name = value`",
        fixes=(replace("Insert `=`", after, " ="),),
    )


@message("E123", "setting with a colon")
def colon_in_setting(code: Code, at: Location, name: str) -> Diagnostic:
    """A colon gives a column its type, in a `schema`; everything else is set with `=`.

    wrong:
    ```mlops
    data rides {
      source: csv("rides.csv")
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("rides.csv")
    }
    ```
    """
    before = at.file.text[: at.span.start]
    equals = "=" if before.endswith((" ", "\t")) else " ="
    return Diagnostic(
        code,
        at,
        f"`{name}` is set with `=`",
        label="a colon only gives a column its type",
        fixes=(replace("Write `=`", at, equals),),
    )


@message("E135", "setting with `==`")
def double_equals(code: Code, at: Location) -> Diagnostic:
    """`=` sets, `==` compares: a setting has one sign, a rule that compares has two.

    wrong:
    ```mlops
    data rides {
      source == csv("rides.csv")
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("rides.csv")
    }
    ```
    """
    fixes = (replace("Write `=`", at, "="),)
    return Diagnostic(code, at, "a setting takes a single `=`", label="this compares", fixes=fixes)


@message("E128", "two rules in one")
def two_rules(code: Code, at: Location, rule: Location, rules: str) -> Diagnostic:
    """One line, one rule: each has its own outcome, its own evidence and its own name in reports.

    wrong:
    ```mlops
    test gate {
      require mae(test) <= 45 and rmse(test) <= 60
    }
    ```

    right:
    ```mlops
    test gate {
      require mae(test) <= 45
      require rmse(test) <= 60
    }
    ```
    """
    indent = " " * (rule.position.column - 1)
    verb = rule.text.partition(" ")[0]
    return Diagnostic(
        code,
        at,
        f"this `{verb}` states more than one thing",
        label="one rule a line",
        hint="If the parts only mean something together, put them in parentheses.",
        fixes=(replace("Make it rules of their own", rule, rules.replace("\n", f"\n{indent}")),),
    )


@message("E132", "field with `=`")
def equals_in_field(code: Code, at: Location, name: Location) -> Diagnostic:
    """A colon gives a column its type; `=` sets a setting, and a schema has none.

    wrong:
    ```mlops
    data rides {
      schema {
        at = timestamp
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
    sign = Location(at.file, Span(name.span.end, at.span.end))
    return Diagnostic(
        code,
        at,
        f"`{name.text}` is given its type with a colon",
        label="a column is `name: type`",
        fixes=(replace("Write `:`", sign, ":"),),
    )


@message("E133", "range without `in`")
def range_without_in(code: Code, at: Location) -> Diagnostic:
    """The values that a column can have follow the word `in`.

    wrong:
    ```mlops
    data rides {
      schema {
        hr: int 0..23
      }
    }
    ```

    right:
    ```mlops
    data rides {
      schema {
        hr: int in 0..23
      }
    }
    ```
    """
    before = Location(at.file, Span(at.span.start, at.span.start))
    return Diagnostic(
        code,
        at,
        "the values of a column follow `in`",
        "`in` is missing",
        fixes=(replace("Insert `in`", before, "in "),),
    )


@message("E134", "call without parentheses")
def bare_call(code: Code, at: Location, name: Location) -> Diagnostic:
    """The arguments of a call stand in parentheses.

    wrong:
    ```mlops
    data rides {
      source = csv "rides.csv"
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("rides.csv")
    }
    ```
    """
    whole = Location(at.file, Span(name.span.start, at.span.end))
    return Diagnostic(
        code,
        at,
        f"what `{name.text}` takes stands in parentheses",
        label=f"`({at.text})`",
        fixes=(replace("Put it in parentheses", whole, f"{name.text}({at.text})"),),
    )


@message("E136", "column that is compared")
def compared_column(code: Code, at: Location, bound: Location) -> Diagnostic:
    """The values that a column can have are a range after `in`, with an end left open where there is no limit.

    wrong:
    ```mlops
    data rides {
      schema {
        bikers: int >= 0
      }
    }
    ```

    right:
    ```mlops
    data rides {
      schema {
        bikers: int in 0..
      }
    }
    ```
    """
    written = f"in {bound.text}.." if at.text == ">=" else f"in ..{bound.text}"
    whole = Location(at.file, Span(at.span.start, bound.span.end))
    fixes = (replace(f"Write `{written}`", whole, written),)
    return Diagnostic(code, at, "the values of a column are a range after `in`", label=f"`{written}`", fixes=fixes)
