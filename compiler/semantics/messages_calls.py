"""The words for the arguments of calls: missing, too many, twice."""

from __future__ import annotations

from collections.abc import Sequence

from mlopsc.compiler.diagnostics import Code, Diagnostic, message, replace
from mlopsc.compiler.schema.parameters import Parameter
from mlopsc.compiler.semantics import messages_blocks
from mlopsc.compiler.semantics.describing import known, listed
from mlopsc.compiler.text import Location


@message("E308", "missing argument")
def missing_arguments(
    code: Code, at: Location, function: str, missing: Sequence[tuple[str, Parameter, str]], is_call: bool
) -> Diagnostic:
    """A function is called without something that it needs. A retraining, for one, needs a `cooldown` and a `limit`:
    without them one alarm could set off another for ever.

    wrong:
    ```mlops
    monitor live {
      release = api
      watch mae(feedback) <= 45 over 7d
      on quality do retrain(demand)
    }
    ```

    right:
    ```mlops
    monitor live {
      release = api
      watch mae(feedback) <= 45 over 7d
      on quality do retrain(demand, cooldown = 7d, limit = 4 / 30d)
    }
    ```
    """
    names = [word for word, _, _ in missing]
    needs = [f"`{word}`: {expected}" for word, _, expected in missing]
    hint = "; ".join(f"{one} ({_told(parameter)})" for one, (_, parameter, _) in zip(needs, missing, strict=True))
    label = "" if is_call else f"write `{function}(…)`"
    return Diagnostic(code, at, f"`{function}` needs {listed(names)}", label or f"without {listed(names)}", hint=hint)


def _told(parameter: Parameter) -> str:
    """What a parameter is for, without the example at the end: what it takes has one already."""
    told = parameter.description.rstrip(".").partition(", such as ")[0]
    return told[:1].lower() + told[1:]


@message("E309", "argument without a parameter")
def too_many_arguments(
    code: Code, at: Location, function: str, parameters: Sequence[str], takes_named: bool
) -> Diagnostic:
    """A function is given more than it takes, or something by position after something by name.

    wrong:
    ```mlops
    data rides {
      source = parquet("s3://rides/2025.parquet", "utf-8")
      schema { at: timestamp }
      check rows >= 1
    }
    ```

    right:
    ```mlops
    data rides {
      source = parquet("s3://rides/2025.parquet")
      schema { at: timestamp }
      check rows >= 1
    }
    ```
    """
    count = len(parameters)
    takes = f"{count} argument{'s' if count > 1 else ''}" if count else "no arguments"
    if takes_named and not count:
        return Diagnostic(code, at, f"`{function}` takes arguments by name only", "write `NAME = …`")
    return Diagnostic(code, at, f"`{function}` takes {takes}", "one too many", hint=known("parameters", parameters))


def loose_list(at: Location, function: str, parameter: str) -> Diagnostic:
    """`stable(temp, hum)`."""
    message = f"`{parameter}` of `{function}` takes one list of columns"
    fixes = (replace("Make it a list", at, f"[{at.text}]"),)
    return Diagnostic(too_many_arguments.code, at, message, f"write `[{at.text}]`", fixes=fixes)


def positional_after_named(at: Location, function: str) -> Diagnostic:
    """`csv(separator = ";", "rides.csv")`."""
    message = f"an argument of `{function}` stands by position after one by name"
    return Diagnostic(too_many_arguments.code, at, message, "give it its name, or move it to the front")


def duplicate_argument(at: Location, name: str, function: str) -> Diagnostic:
    """The same parameter twice, or by position and by name."""
    code = messages_blocks.duplicate_setting.code
    return Diagnostic(code, at, f"`{name}` of `{function}` is given twice", "again here", hint="remove one")
