"""A real browser without a window, spoken to by its own protocol: what a person would press, move over and see."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import Request, urlopen

import pytest
from websockets.sync.client import ClientConnection, connect

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 20.0
_KEYS = {
    "Enter": (13, "\r"),
    "Tab": (9, ""),
    "Escape": (27, ""),
    "Backspace": (8, ""),
    "Delete": (46, ""),
    "ArrowUp": (38, ""),
    "ArrowDown": (40, ""),
    "ArrowLeft": (37, ""),
    "ArrowRight": (39, ""),
    "Home": (36, ""),
    "End": (35, ""),
    "F2": (113, ""),
    "F8": (119, ""),
    "F12": (123, ""),
}
_MODIFIERS = {"Alt": 1, "Ctrl": 2, "Shift": 8}


class Gone(Exception):  # noqa: N818 (nothing is wrong: the page was loaded anew)
    """The page left while it was asked something."""


def program() -> str:
    """The browser of this machine; without one a test is skipped aloud, and fails with CI=true."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("chromium is not installed; `make editors` says why")
    if found is None:
        pytest.skip("NOT CHECKED: chromium is missing; install it with `make editors`")
    return str(found)


class Browser:
    """One page of a browser; used as a context, it is gone afterwards."""

    def __init__(self, width: int = 1440, height: int = 900) -> None:
        self._folder = tempfile.mkdtemp(prefix="browser-")
        self._numbers = itertools.count(1)
        self.said: list[str] = []
        """What the page wrote into its console, errors and refusals of its policy among it."""
        self._process = subprocess.Popen(
            [
                program(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--remote-debugging-port=0",
                "--remote-allow-origins=*",
                f"--user-data-dir={self._folder}",
                f"--window-size={width},{height}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._held = ExitStack()
        self._socket = self._held.enter_context(self._reach())
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        self.resize(width, height)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._held.close()
        self._process.terminate()
        self._process.wait(PATIENCE)
        shutil.rmtree(self._folder, ignore_errors=True)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer of the browser to one command of its protocol."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            told = json.loads(self._socket.recv(PATIENCE))
            if told.get("id") == number:
                if told.get("error", {}).get("message") == "Inspected target navigated or closed":
                    raise Gone
                assert "error" not in told, told["error"]
                answer: dict[str, Any] = told["result"]
                return answer
            self._note(told)

    def open(self, address: str) -> None:
        self.ask("Page.navigate", url=address)

    def js(self, expression: str) -> Any:
        """The value of an expression in the page."""
        told = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def wait(self, expression: str, what: str = "") -> Any:
        """The value of an expression as soon as it is true."""
        end = time.monotonic() + PATIENCE
        asked = (
            f"(() => {{ try {{ const v = {expression}; return v instanceof Node || v }} catch {{ return null }} }})()"
        )
        while time.monotonic() < end:
            with suppress(Gone):
                found = self.js(asked)
                if found:
                    return found
            time.sleep(0.03)
        raise AssertionError(f"this did not come true: {what or expression}\n{self.said}")

    def type(self, text: str) -> None:
        """Type a text, sign by sign."""
        for sign in text:
            if sign == "\n":
                self.press("Enter")
            else:
                self.ask("Input.dispatchKeyEvent", type="keyDown", key=sign, text=sign, unmodifiedText=sign)
                self.ask("Input.dispatchKeyEvent", type="keyUp", key=sign)

    def press(self, keys: str) -> None:
        """Press keys at once: `Ctrl+.`, `Shift+Alt+F`."""
        *held, key = keys.split("+")
        code, text = _KEYS.get(key, (ord(key.upper()) if len(key) == 1 else 0, ""))
        event = {
            "key": key,
            "windowsVirtualKeyCode": 190 if key == "." else code,
            "code": f"Digit{key}" if key.isdigit() else f"Key{key.upper()}" if key.isalpha() and len(key) == 1 else key,
            "modifiers": sum(_MODIFIERS[one] for one in held),
        }
        self.ask("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **event)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **event)

    def point(self, expression: str) -> tuple[float, float]:
        """Move the mouse to the middle of an element, once that stays where it is."""
        asked = (
            f"(() => {{ const r = ({expression}).getBoundingClientRect(); "
            "return r.width ? [r.x + r.width / 2, r.y + r.height / 2] : null })()"
        )
        place, before = self.wait(asked, expression), None
        while place != before:
            time.sleep(0.1)
            place, before = self.wait(asked, expression), place
        x, y = place
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x - 3, y=y)
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        return x, y

    def click(self, expression: str) -> None:
        x, y = self.point(expression)
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def resize(self, width: int, height: int) -> None:
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def darken(self, scheme: str = "dark") -> None:
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))

    def _reach(self) -> AbstractContextManager[ClientConnection]:
        port = Path(self._folder) / "DevToolsActivePort"
        end = time.monotonic() + PATIENCE
        while not port.exists() or not port.read_text().strip():
            assert time.monotonic() < end, "the browser did not start"
            assert self._process.poll() is None, "the browser has ended"
            time.sleep(0.02)
        number = port.read_text().split()[0]
        asked = Request(f"http://127.0.0.1:{number}/json/list")
        with urlopen(asked, timeout=PATIENCE) as answer:
            (page, *_) = [one for one in json.loads(answer.read()) if one["type"] == "page"]
        return connect(page["webSocketDebuggerUrl"], max_size=64_000_000, compression=None)

    def _note(self, told: dict[str, Any]) -> None:
        match told.get("method"), told.get("params"):
            case "Runtime.consoleAPICalled", {"type": kind, "args": parts} if kind in ("error", "warning"):
                self.said.append(" ".join(str(one.get("value", one.get("description"))) for one in parts))
            case "Runtime.exceptionThrown", {"exceptionDetails": details}:
                self.said.append(str(details.get("exception", details).get("description", details)))
            case "Log.entryAdded", {"entry": {"level": "error", "text": text}}:
                self.said.append(text)
            case "Page.javascriptDialogOpening", _:
                self._socket.send(
                    json.dumps(
                        {
                            "id": next(self._numbers),
                            "method": "Page.handleJavaScriptDialog",
                            "params": {"accept": True},
                        }
                    )
                )
