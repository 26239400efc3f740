"""The words for blocks: what stands where, and what is there twice or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from mlopsc.compiler.diagnostics import Code, Diagnostic, Label, message, replace
from mlopsc.compiler.schema.declarations import Function
from mlopsc.compiler.semantics.describing import article, known
from mlopsc.compiler.semantics.index import Symbol
from mlopsc.compiler.semantics.suggestions import end_of, meant
from mlopsc.compiler.text import Location


@message("E220", "name defined twice")
def duplicate_definition(code: Code, at: Location, symbol: Symbol, first: Location) -> Diagnostic:
    """Two stages, environments, metrics or constants have one name. Stages of all kinds share their names.

    wrong:
    ```mlops
    limit = 45
    limit = 50
    ```

    right:
    ```mlops
    limit        = 45
    strict_limit = 50
    ```
    """
    name = symbol.name.rpartition(".")[2]
    where = "" if first.file.path == at.file.path else f" in `{first.file.path}`"
    message = f"the name `{name}` is taken{where}"
    related = (Label(first, "first defined here"),)
    return Diagnostic(code, at, message, "defined again", related, "rename one of the two")


def shadowed_function(at: Location, name: str, function: type[Function]) -> Diagnostic:
    """A metric of the project with the name of one of the language."""
    message = f"the language has a {function.family} `{name}` already"
    return Diagnostic(duplicate_definition.code, at, message, "taken", hint="give yours another name")


@message("E221", "written twice")
def duplicate_setting(code: Code, at: Location, name: str, first: Location) -> Diagnostic:
    """A setting, a column, an argument or a clause stands twice in one place, so that one of them would not count.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      source = csv("data/weather.csv")
      schema { at: timestamp }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
      check rows >= 1
    }
    ```
    """
    return Diagnostic(code, at, f"`{name}` is written twice", "again here", (Label(first, "first here"),), "remove one")


def duplicate_column(at: Location, name: str, first: Location) -> Diagnostic:
    """Two columns of one name."""
    code = duplicate_setting.code
    return Diagnostic(code, at, f"the column `{name}` is declared twice", "again here", (Label(first, "first here"),))


@message("E222", "two rules of one name")
def duplicate_rule(code: Code, at: Location, name: str, first: Location) -> Diagnostic:
    """A rule is known by its verb and its left side (with `champion` or `naive`, and `by COLUMN`): alarms, reports
    and history refer to that, so that a new threshold is still the same rule. Two rules that would have one name need
    names of their own.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { temp: float }
      check mean(temp) >= 0.2
      check mean(temp) <= 0.8
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { temp: float }
      check 0.2 <= mean(temp) <= 0.8
    }
    ```
    """
    hint = "give one of them a name with `as NAME`, or make them one rule"
    return Diagnostic(
        code, at, f"two rules are called `{name}`", "the same rule again", (Label(first, "first here"),), hint
    )


@message("E228", "name that cannot be used")
def unusable_name(code: Code, at: Location, kind: str, name: str) -> Diagnostic:
    """Names of blocks and constants become names of files, folders and jobs: letters, digits, `_` and `-`, and no
    dot. (Columns may have any name, in backticks.)

    wrong:
    ```mlops
    data `bike rides` {
      source = csv("data/rides.csv")
    }
    ```

    right:
    ```mlops
    data bike_rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
      check rows >= 1
    }
    ```
    """
    plain = "_".join("".join(char if char.isalnum() else " " for char in name).split())
    usable = plain and not plain[0].isdigit()
    fixes = (replace(f"Write `{plain}`", at, plain, safe=False),) if usable else ()
    message = f"`{name}` cannot be the name of {article(kind)}"
    return Diagnostic(code, at, message, "letters, digits, `_` and `-`", fixes=fixes)


@message("E229", "block in another place")
def nested_at_top(code: Code, at: Location, word: str, kind: str) -> Diagnostic:
    """`schema` stands inside `data`, `override` inside `environment`, and all other blocks at the top of a file.

    wrong:
    ```mlops
    schema {
      at: timestamp
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema {
        at: timestamp
      }
      check rows >= 1
    }
    ```
    """
    message = f"`{word}` cannot stand at the top of a file"
    return Diagnostic(code, at, message, f"belongs in `{kind}`", hint=f"move it into a block `{kind} NAME {{ … }}`")


def nested_elsewhere(at: Location, word: str, kind: str, here: str) -> Diagnostic:
    """A `schema` in `train`, an `override` in `data`."""
    message = f"`{word}` cannot stand in `{here}`"
    return Diagnostic(nested_at_top.code, at, message, f"belongs in `{kind}`")


def block_in_block(at: Location, word: str, here: str) -> Diagnostic:
    """A stage inside another block."""
    hint = f"close the `{here}` block before it, with `}}` on a line of its own"
    return Diagnostic(nested_at_top.code, at, f"`{word}` cannot stand in `{here}`", "stands at the top", hint=hint)


@message("E230", "column outside a schema")
def misplaced_field(code: Code, at: Location, where: str) -> Diagnostic:
    """`name: type` declares a column and stands in the `schema` of a data stage; settings are written `name = value`.

    wrong:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema {
        at: timestamp
        check unique(at)
      }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema {
        at: timestamp
      }
      check rows >= 1
      check unique(at)
    }
    ```
    """
    hint = "columns stand in `schema { … }` inside `data`; a setting is written `name = value`"
    return Diagnostic(code, at, f"a column cannot be declared {where}", "not in a `schema`", hint=hint)


def no_field(at: Location) -> Diagnostic:
    """A setting, a rule or a block in a schema."""
    hint = "a schema holds columns, `name: type`; rules and settings stand beside it"
    return Diagnostic(misplaced_field.code, at, "this is no column", "expected `name: type`", hint=hint)


@message("E231", "block without a name")
def unnamed_block(code: Code, at: Location, kind: str) -> Diagnostic:
    """Every block has a name, by which others and reports refer to it; only `schema` has none.

    wrong:
    ```mlops
    data {
      source = csv("data/rides.csv")
    }
    ```

    right:
    ```mlops
    data rides {
      source = csv("data/rides.csv")
      schema { at: timestamp }
      check rows >= 1
    }
    ```
    """
    hint = f"write `{kind} STAGE {{`" if kind == "override" else f"write `{kind} NAME {{`"
    return Diagnostic(code, at, f"this `{kind}` has no name", "a name goes here", hint=hint)


def named_schema(at: Location) -> Diagnostic:
    """`schema rides {`."""
    fix = replace("Remove the name", at, "")
    label = "that of its data stage is enough"
    return Diagnostic(unnamed_block.code, at, "a `schema` has no name", label, fixes=(fix,))


@message("E232", "`use` that brings nothing in")
def malformed_use(code: Code, at: Location) -> Diagnostic:
    """`use "file.mlops"` brings the names of another file in, `use "file.mlops" as prefix` under a prefix. It stands
    at the top of a file.

    wrong:
    ```mlops
    use shared
    ```
    """
    hint = 'write `use "file.mlops"` or `use "file.mlops" as prefix`'
    return Diagnostic(code, at, "this `use` names no file", "expected a path in quotes", hint=hint)


def use_inside(at: Location, kind: str) -> Diagnostic:
    """`use` in a block."""
    return Diagnostic(malformed_use.code, at, f"`use` cannot stand in `{kind}`", "stands at the top of a file")


@message("E233", "no pipeline")
def no_pipeline(code: Code, at: Location) -> Diagnostic:
    """A program has one block `pipeline`: it gives the whole its name, which becomes that of folders, jobs and
    cloud resources. A file that only others use needs none.
    """
    fixes = (replace("Insert a `pipeline` block", at, "pipeline NAME {\n  language = 1\n}\n\n", safe=False),)
    return Diagnostic(code, at, "this program has no `pipeline` block", "expected one in this file", fixes=fixes)


@message("E234", "second pipeline")
def second_pipeline(code: Code, at: Location, first: Location) -> Diagnostic:
    """A program is one pipeline. Two pipelines are two files, which may `use` a third.

    wrong:
    ```mlops
    pipeline bikes {}
    pipeline scooters {}
    ```

    right:
    ```mlops
    pipeline bikes {}
    ```
    """
    hint = "move it into a file of its own"
    return Diagnostic(code, at, "a program has one `pipeline`", "a second one", (Label(first, "the first one"),), hint)


@message("E236", "unknown rule to waive")
def unknown_waiver(code: Code, at: Location, name: str, rules: Sequence[str]) -> Diagnostic:
    """`waive` names a rule that the stage has, by its left side or by its `as` name.

    wrong:
    ```mlops
    environment dev {
      override gate {
        waive rmse(test) because "no data yet"
      }
    }
    ```

    right:
    ```mlops
    environment dev {
      override gate {
        waive mae(test) because "no data yet"
      }
    }
    ```
    """
    label, fixes = meant(at, name, rules)
    hint = known("rules", rules) or "there is no rule to waive: `waive` stands in an `override`, or beside `extends`"
    return Diagnostic(code, at, f"there is no rule `{name}` to waive", label, hint=hint, fixes=fixes)


def ambiguous_waiver(at: Location, name: str, rules: Sequence[tuple[Location, str]]) -> Diagnostic:
    """A left side that several rules share."""
    related = tuple(Label(place, f"`{left}`") for place, left in rules)
    hint = "say what it is compared with, or which column it is judged by, as those rules do"
    message = f"`{name}` could be any of {len(rules)} rules"
    return Diagnostic(unknown_waiver.code, at, message, "which one?", related, hint)


@message("E237", "waiver without a reason")
def waiver_without_reason(code: Code, at: Location) -> Diagnostic:
    """A rule that is left out somewhere is listed in every report, with the reason.

    wrong:
    ```mlops
    environment dev {
      override gate { waive mae(test) }
    }
    ```

    right:
    ```mlops
    environment dev {
      override gate { waive mae(test) because "dev has a sample of the rows" }
    }
    ```
    """
    fixes = (replace("Add a reason", end_of(at), ' because "…"', safe=False),)
    return Diagnostic(code, at, "this `waive` gives no reason", 'expected `because "…"`', fixes=fixes)
