"""Requests and feedback to a router, over HTTP, as clients would send them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_SECONDS = 30.0
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Answer:
    """What came back: the status (0: nobody answered) and the document."""

    status: int
    document: Any = None

    @property
    def is_good(self) -> bool:
        """Whether the request was served."""
        return self.status == http.HTTPStatus.OK


class Client:
    """One connection to a router, opened again whenever it broke."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)

    def predict(self, rows: Sequence[dict[str, Any]], ids: Sequence[str], key: str = "") -> Answer:
        """Ask for the predictions of rows."""
        headers = {**_JSON, "X-Assign-Key": key} if key else _JSON
        return self._post("/predict", {"rows": list(rows), "row_ids": list(ids)}, headers)

    def feedback(self, truths: Sequence[dict[str, Any]]) -> Answer:
        """Tell what turned out to be true."""
        return self._post("/feedback", {"feedback": list(truths)}, _JSON)

    def ping(self) -> Answer:
        """Ask whether the router is there."""
        return self._ask("GET", "/ping", None, {})

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _post(self, path: str, document: Any, headers: dict[str, str]) -> Answer:
        return self._ask("POST", path, json.dumps(document), headers)

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        for attempt in range(2):
            try:
                self._connection.request(method, path, body, headers)
                response = self._connection.getresponse()
                content = response.read()
            except (OSError, http.client.HTTPException):
                # A router that was started again has closed its end: only the second failure counts.
                self._connection.close()
                if attempt:
                    break
                continue
            return Answer(response.status, _document(content))
        return Answer(0)


def _document(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
