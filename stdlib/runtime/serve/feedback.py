"""What turned out to be true: checked, told apart from what was told before, and logged."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.serve.limits import Limits
from mlopsc.stdlib.runtime.serve.problems import Problem, malformed, too_large
from mlopsc.stdlib.runtime.serve.rows import RequestColumn
from mlopsc.stdlib.runtime.service.keys import is_known
from mlopsc.stdlib.runtime.service.records import FeedbackRow
from mlopsc.stdlib.runtime.service.writing import LogWriter

_REMEMBERED = 100_000
_SHOWN = 5


class Feedback:
    """Takes labels for predictions that a router with the same secret has made, also before those are flushed.

    A label for a prediction that has one is counted and not logged again; what an instance does not remember, the
    reader of the log drops.
    """

    def __init__(self, target: RequestColumn, secret: bytes, writer: LogWriter, limits: Limits) -> None:
        self._target = target
        self._secret = secret
        self._writer = writer
        self._limits = limits
        self._known: OrderedDict[str, None] = OrderedDict()

    def take(self, document: Any, *, from_text: bool = False) -> dict[str, int]:
        """Log what a request tells, all of it or nothing; how much was accepted and repeated. Raises Problem."""
        given = self._listed(document)
        if unknown := [one["id"] for one in given if not self._is_known(one["id"])]:
            listed = ", ".join(f"`{one[:80]}`" for one in unknown[:_SHOWN])
            more = f" and {len(unknown) - _SHOWN:,} more" if len(unknown) > _SHOWN else ""
            fact = f"no router of this release made the prediction {listed}{more}"
            raise Problem(HTTPStatus.NOT_FOUND, "unknown-prediction", fact, "send the `id` of an answer of `/predict`")
        values = [self._value(one, row, from_text) for row, one in enumerate(given, 1)]
        accepted = []
        for one, value in zip(given, values, strict=True):
            if one["id"] not in self._known:
                self._remember(one["id"])
                accepted.append(FeedbackRow(one["id"], value, clock.now()))
        self._writer.add(accepted)
        return {"accepted": len(accepted), "repeated": len(given) - len(accepted)}

    def _listed(self, document: Any) -> Sequence[Mapping[str, Any]]:
        match document:
            case {"feedback": list() as given, **others} if not others:
                pass
            case list():
                given = document
            case _:
                given = [document]
        if not given:
            raise malformed("no-rows", "the request holds no feedback", "send at least one")
        if len(given) > self._limits.rows:
            fact = f"the request has more than {self._limits.rows:,} rows"
            raise too_large("too-many-rows", fact, "send them in several requests")
        for row, one in enumerate(given, 1):
            if not isinstance(one, dict) or one.keys() != {"id", "y"} or not isinstance(one["id"], str):
                fact = f"feedback {row} is not an object with `id` (a text) and `y`"
                raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-feedback", fact, "send both, and no more", row=row)
        return given

    def _is_known(self, prediction: str) -> bool:
        return prediction.isascii() and is_known(self._secret, prediction)

    def _value(self, one: Mapping[str, Any], row: int, from_text: bool) -> Any:
        if one["y"] is None:
            fact = f"feedback {row} has no value of `{self._target.name}`"
            hint = f"expected {self._target.expected}; send it once it is known"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "missing-value", fact, hint, column="y", row=row)
        return self._target.value(one["y"], row, from_text=from_text)

    def _remember(self, prediction: str) -> None:
        self._known[prediction] = None
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
