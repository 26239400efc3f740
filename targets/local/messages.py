"""The words for what the local runner cannot do."""

from __future__ import annotations

from mlopsc.compiler.diagnostics import Code, Diagnostic, message
from mlopsc.compiler.text import Location


@message("E601", "not run yet")
def not_run_yet(code: Code, at: Location, what: str, instead: str) -> Diagnostic:
    """The language declares this, and a spec that says it is checked, but nothing of this version runs it. A runner
    that ignored it would do something else than the spec says; so the build stops here.

    wrong:
    ```mlops
    data rides {
      source  = csv("rides.csv")
      refresh = every(1d)
      check rows >= 100
    }
    ```

    right:
    ```mlops
    data rides {
      source  = csv("rides.csv")
      refresh = each_run
      check rows >= 100
    }
    ```
    """
    return Diagnostic(code, at, f"{what} is not run by this version of mlopsc", label="nothing runs this", hint=instead)
