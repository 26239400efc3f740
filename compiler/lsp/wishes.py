"""What the editor can do with an answer, and what its user wants to see."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from mlopsc.compiler.records import Record

SECTION = "mlops"
"""Under which name an editor keeps the settings: `mlops.hints`, `mlops.lenses`."""


class Wishes(Record):
    """`hints` and `lenses` are the user's settings; the others follow from what the editor said of itself."""

    snippets: bool = False
    asks: bool = False
    """Whether settings can be asked for."""
    refreshes_hints: bool = False
    refreshes_lenses: bool = False
    progress: bool = False
    hints: bool = True
    lenses: bool = True

    def told(self, settings: Any) -> Wishes:
        """The same with settings of the user; what is no yes or no changes nothing."""
        known = settings if isinstance(settings, dict) else {}
        found = {name: known[name] for name in ("hints", "lenses") if isinstance(known.get(name), bool)}
        return self.changed(**found)


def wishes_of(capabilities: types.ClientCapabilities, options: Any) -> Wishes:
    """What an editor can do, and what it said of the user's settings when it began."""
    workspace, text = capabilities.workspace, capabilities.text_document
    completion = text.completion if text else None
    item = completion.completion_item if completion else None
    hints = workspace.inlay_hint if workspace else None
    lenses = workspace.code_lens if workspace else None
    return Wishes(
        snippets=bool(item and item.snippet_support),
        asks=bool(workspace and workspace.configuration),
        refreshes_hints=bool(hints and hints.refresh_support),
        refreshes_lenses=bool(lenses and lenses.refresh_support),
        progress=bool(capabilities.window and capabilities.window.work_done_progress),
    ).told(options.get(SECTION, options) if isinstance(options, dict) else {})
