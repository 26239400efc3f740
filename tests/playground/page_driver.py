"""What a person sees of the page, and where the cursor goes."""

from __future__ import annotations

import json
from typing import Any

from browser import Browser

SPEC = "document.querySelector('.editor:not([hidden]) .cm-content')"


class Page:
    """A browser with the playground open in it."""

    def __init__(self, browser: Browser, address: str, *, drawn: bool = True) -> None:
        self.browser = browser
        browser.open(address)
        browser.wait(SPEC, "the editor is there")
        if drawn:
            self.wait("document.querySelectorAll('.file').length && document.querySelector('.drawing svg')")

    def wait(self, expression: str, what: str = "") -> Any:
        return self.browser.wait(expression, what)

    def go_to(self, text: str, *, after: bool = True) -> None:
        """Put the cursor behind the first place where a text stands, or before it, as the page's search does."""
        press = self.browser.press
        self.browser.js(f"{SPEC}.focus()")
        press("Ctrl+f")
        self.wait("document.activeElement.name === 'search'", "the search is open")
        self.browser.js("document.activeElement.select()")
        self.browser.type(text)
        press("Enter")
        press("Escape")
        self.wait(f"document.activeElement === {SPEC}", "the editor has the focus")
        press("ArrowRight" if after else "ArrowLeft")

    def type(self, text: str) -> None:
        self.browser.type(text)

    def paste(self, text: str) -> None:
        self.browser.ask("Input.insertText", text=text)

    def stages(self) -> list[str]:
        found: list[str] = self.browser.js(
            "[...document.querySelectorAll('.drawing [data-stage]')].map(x => x.dataset.stage)"
        )
        return found

    def files(self) -> list[str]:
        found: list[str] = self.browser.js("[...document.querySelectorAll('.file')].map(x => x.dataset.path)")
        return found

    def sees(self, text: str, within: str = "body") -> None:
        """Wait until a text is shown in a part of the page."""
        self.wait(
            f"[...document.querySelectorAll({json.dumps(within)})].some(x => x.innerText.includes({json.dumps(text)}))",
            f"`{text}` is shown in `{within}`",
        )

    def word(self, text: str) -> str:
        """The expression for an element of the editor that holds just this text, where it can be seen."""
        return (
            "[...document.querySelectorAll('.editor:not([hidden]) .cm-line span')].find(x => { "
            "const r = x.getBoundingClientRect(); "
            f"return x.textContent === {json.dumps(text)} "
            "&& x.contains(document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2)) })"
        )
