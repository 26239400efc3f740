"""The words for what cannot be written as a workflow."""

from __future__ import annotations

from mlopsc.compiler.diagnostics import Code, Diagnostic, message
from mlopsc.compiler.text import Location


@message("E641", "a name that GitHub refuses")
def environment_name(code: Code, at: Location, name: str) -> Diagnostic:
    """Each environment of the spec has environments of GitHub beside it, in which jobs plan, apply and run. Their names
    stand in conditions of workflows and in what clouds trust, so only letters, digits, `_`, `.` and `-` will do.

    wrong:
    ```mlops
    pipeline bike_demand { github = github("example-org/bike-demand") }
    environment größe { platform = aws(region = "eu-west-1", account = "123456789012") }
    ```

    right:
    ```mlops
    pipeline bike_demand { github = github("example-org/bike-demand") }
    environment prod { platform = aws(region = "eu-west-1", account = "123456789012") }
    ```
    """
    fact = f"`{name}` cannot be the name of an environment of GitHub"
    return Diagnostic(code, at, fact, label="refused by GitHub", hint="Use letters, digits, `_`, `.` and `-`.")
