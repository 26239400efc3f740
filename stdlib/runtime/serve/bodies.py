"""What a request says, read from its body: JSON or CSV, within the limits."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from mlopsc.stdlib.runtime.serve.limits import Limits
from mlopsc.stdlib.runtime.serve.problems import Problem, malformed, too_large

JSON = "application/json"
CSV = "text/csv"


@dataclass(frozen=True)
class Question:
    """Rows as they came, their identities if the client gave any, and the key that they are assigned by."""

    rows: Sequence[Any]
    row_ids: Sequence[str] | None = None
    key: str = ""
    from_text: bool = False


async def read_body(stream: AsyncIterator[bytes], headers: Mapping[str, str], limits: Limits) -> bytes:
    """The body of a request; raises Problem as soon as it is known to be larger than the limit."""
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limits.body:
        raise _body_too_large(limits)
    if headers.get("content-encoding", "identity") != "identity":
        raise _unsupported("the body is compressed", "send it as it is")
    parts, size = [], 0
    async for part in stream:
        size += len(part)
        if size > limits.body:
            raise _body_too_large(limits)
        parts.append(part)
    body = b"".join(parts)
    if not body.strip():
        raise malformed("empty-body", "the request has no body", "send a row as a JSON object")
    return body


def media_type(headers: Mapping[str, str]) -> str:
    """Whether a body is JSON or CSV; raises Problem when it is said to be something else."""
    given = headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if given == JSON or given.endswith("+json"):
        return JSON
    if given == CSV:
        return CSV
    shown = given[:80] or "no type"
    raise _unsupported(f"the content type is `{shown}`", f"send `Content-Type: {JSON}` or `{CSV}`")


def parse_question(body: bytes, kind: str, key: str, limits: Limits) -> Question:
    """The rows that a body holds; raises Problem when there are none, or too many."""
    if kind == CSV:
        return _within(Question(_csv_rows(body, limits), key=key, from_text=True), limits)
    return question_within(parse_json(body), key, limits)


def question_within(document: Any, key: str, limits: Limits) -> Question:
    """The rows of a JSON document: one object, a list of them, or an object with `rows`; raises Problem."""
    return _within(_question_of(document, key), limits)


def _question_of(document: Any, key: str) -> Question:
    match document:
        case {"rows": list() as rows, **others} if not others.keys() - {"row_ids"}:
            return Question(rows, _row_ids(others.get("row_ids"), len(rows)), key)
        case list():
            return Question(document, key=key)
        case dict():
            return Question([document], key=key)
    raise malformed("bad-request", "the body is neither a row nor a list of rows", "send an object for each row")


def parse_json(body: bytes) -> Any:
    """The document; NaN and infinite numbers are let through, so that whoever knows the column can name it."""
    try:
        return json.loads(body)
    except UnicodeDecodeError:
        raise malformed("bad-json", "the body is no UTF-8 text", "send JSON in UTF-8") from None
    except json.JSONDecodeError as error:
        fact = f"the body is no JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise malformed("bad-json", fact, "correct it there") from None
    except (ValueError, RecursionError) as error:
        fact = f"the body is no JSON that can be read: {type(error).__name__}"
        raise malformed("bad-json", fact, "send flat objects and numbers of usual length") from None


def _row_ids(given: Any, rows: int) -> Sequence[str] | None:
    if given is None:
        return None
    if isinstance(given, list) and len(given) == rows and all(isinstance(one, str | int) for one in given):
        return [str(one) for one in given]
    raise malformed("bad-request", "`row_ids` is no list with one text for each row", "send one for each, or none")


def _csv_rows(body: bytes, limits: Limits) -> list[dict[str, str | None]]:
    try:
        lines = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        header = next(lines, [])
        rows = []
        for line in lines:
            if not line:
                continue
            if len(line) != len(header):
                fact = f"line {lines.line_num} has {len(line)} fields, and the header {len(header)}"
                raise malformed("bad-csv", fact, "quote fields that hold a comma")
            rows.append({name: text or None for name, text in zip(header, line, strict=True)})
            if len(rows) > limits.rows:
                break
    except UnicodeDecodeError:
        raise malformed("bad-csv", "the body is no UTF-8 text", "send CSV in UTF-8") from None
    except csv.Error as error:
        raise malformed("bad-csv", f"the body is no CSV: {error}", "send a header and a line for each row") from None
    if repeated := next((name for name in header if header.count(name) > 1), None):
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "extra-column",
            f"the header names `{repeated[:80]}` twice",
            "name each column once",
            column=repeated[:80],
        )
    return rows


def _within(question: Question, limits: Limits) -> Question:
    if not question.rows:
        raise malformed("no-rows", "the request has no rows", "send at least one")
    if len(question.rows) > limits.rows:
        raise too_large(
            "too-many-rows",
            f"the request has more than {limits.rows:,} rows",
            "send them in several requests, or score them in a batch",
        )
    return question


def _body_too_large(limits: Limits) -> Problem:
    fact = f"the body is larger than {limits.body / 1e6:g} MB"
    return too_large("body-too-large", fact, "send fewer rows at a time")


def _unsupported(fact: str, hint: str) -> Problem:
    return Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "wrong-content-type", fact, hint)
