"""The rule `unpinned-data`."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.diagnostics import Diagnostic, Edit, Fix
from mlopsc.compiler.lint.rule import LintedProgram, LintRule, after, next_line
from mlopsc.compiler.semantics.model import SettingModel
from mlopsc.compiler.text import Location


class UnpinnedData(
    LintRule, id="L001", name="unpinned-data", principle=1, earns="the rows that a commit stands for are known"
):
    """Rows are read from a URL, and nothing says when they may change. Each run then reads whatever the URL holds at
    that moment: two people get two models from one commit, and a gate can pass today and fail tomorrow.

    `refresh = pinned` keeps the rows that `mlops.lock` records until the lock is updated; `refresh = each_run` says
    that changing rows are what is wanted.

    wrong:
    ```mlops
    data weather {
      source = csv("https://example.com/weather.csv")
      check rows >= 100
    }
    ```

    right:
    ```mlops
    data weather {
      source  = csv("https://example.com/weather.csv")
      refresh = pinned
      check rows >= 100
    }
    ```
    """

    def check(self, program: LintedProgram) -> Iterator[Diagnostic]:
        """Data stages with a URL for a source and no `refresh`."""
        for _, stage in program.stages("data"):
            source = stage.settings.get("source")
            url = _url(source)
            if source is not None and url and "refresh" not in stage.settings:
                pin = Edit(after(source.at), next_line(source.at, "refresh = pinned"))
                yield self.found(
                    source.value_at,
                    f"`{stage.name}` reads `{url}` anew in each run, whatever it holds then",
                    label="nothing pins these rows",
                    hint="Write `refresh = pinned` to keep the rows of `mlops.lock`, or `refresh = each_run`.",
                    fixes=[Fix("Pin the rows: `refresh = pinned`", (pin,))],
                )

    def earned(self, program: LintedProgram) -> Iterator[Location]:
        """Sources that are files of the project, or that say when they are read again."""
        for _, stage in program.stages("data"):
            source = stage.settings.get("source")
            if source is not None and (not _url(source) or "refresh" in stage.settings):
                yield source.at


def _url(source: SettingModel | None) -> str:
    """The URL that a source reads, if it reads one."""
    call = source.value if source is not None else None
    path = call.get("path") if isinstance(call, dict) else None
    return path if isinstance(path, str) and "://" in path else ""
