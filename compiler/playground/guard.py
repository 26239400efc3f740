"""Who may ask: any page of the web may try to reach a port of this machine, and must learn and change nothing."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from hmac import compare_digest

from mlopsc.compiler.records import Record

SOCKET = "lsp"
"""The part of the page that is no file: the connection to the language server."""


class Refused(Exception):  # noqa: N818 (whoever asks may not; the program has no error)
    """Somebody may not ask that, or there is no such thing: a status of HTTP, and a fact."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message


class Guard(Record):
    """A port of this machine, and the word without which nothing is answered there."""

    port: int
    token: str

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    @property
    def hosts(self) -> tuple[str, ...]:
        """How a browser may call this machine."""
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    def part(self, path: str, hosts: list[str], origins: list[str]) -> str:
        """The part of the page that a request is about; raises Refused unless it comes from the page itself.

        A foreign page may send a request, so the token must be there; it may have its own name lead to this machine,
        so the host is checked; and it may open a socket without asking, so that needs the page's own origin.
        """
        if len(hosts) != 1 or hosts[0] not in self.hosts:
            raise Refused(403, "this answers to the name 127.0.0.1 only")
        own = [f"http://{host}" for host in self.hosts]
        if any(origin not in own for origin in origins):
            raise Refused(403, "this answers its own page only")
        _, token, *rest = [*path.partition("?")[0].split("/"), "", ""]
        if not compare_digest(token.encode(), self.token.encode()):
            raise Refused(403, "open the address that `mlopsc playground` has printed: it ends in a token")
        name = "/".join(rest).rstrip("/")
        if name == SOCKET and len(origins) != 1:
            raise Refused(403, "this answers its own page only")
        return name


def new_token() -> str:
    """A word that nobody guesses."""
    return secrets.token_urlsafe(18)


def headers(guard: Guard, nonce: str) -> Mapping[str, str]:
    """What a browser is told with each answer: load nothing from elsewhere, tell nobody, be shown in no other page."""
    sockets = " ".join(f"ws://{host}" for host in guard.hosts)
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": f"'self' 'nonce-{nonce}'",
        "connect-src": f"'self' {sockets}",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
