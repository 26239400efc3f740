"""What a client is told when a request is not answered."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any


class Problem(Exception):  # noqa: N818 (a refused request is no error of the service)
    """A request that is not answered: the fact, what to do about it, and the column and row that it is about.

    `code` is for programs; rows are counted from 1.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str,
        hint: str = "",
        *,
        column: str | None = None,
        row: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.column = column
        self.row = row

    @property
    def is_invalid(self) -> bool:
        """Whether the request itself is at fault, so that it counts as no failure of the service."""
        return self.status < HTTPStatus.INTERNAL_SERVER_ERROR

    def to_json(self) -> dict[str, Any]:
        """The body of the answer."""
        places = {"column": self.column, "row": self.row}
        told = {name: value for name, value in places.items() if value is not None}
        return {"error": {"code": self.code, "message": self.message, **told, "hint": self.hint}}


def malformed(code: str, message: str, hint: str) -> Problem:
    """A request that cannot be read."""
    return Problem(HTTPStatus.BAD_REQUEST, code, message, hint)


def too_large(code: str, message: str, hint: str) -> Problem:
    """A request with more than the limits allow."""
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, code, message, hint)


def no_model() -> Problem:
    """Nothing is released here yet."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "no-model",
        "no version is released here yet",
        "start a release, or ask again later",
    )
