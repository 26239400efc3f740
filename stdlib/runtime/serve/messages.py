"""What passes between the router and its workers: JSON documents, each after its length in four bytes.

A worker runs the code of a model and is trusted less than the router, so nothing that it sends is unpickled.
"""

from __future__ import annotations

import json
import struct
from asyncio import StreamReader
from datetime import UTC, date, datetime, timedelta
from socket import socket
from typing import Any

_LENGTH = struct.Struct(">I")
_LARGEST = 1 << 28
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def packed(document: Any) -> bytes:
    """A message; a `datetime` is written as microseconds and a `date` as days since 1970."""
    body = json.dumps(document, separators=(",", ":"), default=_counted, allow_nan=False).encode()
    return _LENGTH.pack(len(body)) + body


async def receive(reader: StreamReader) -> Any:
    """The next message; raises IncompleteReadError when the other side has gone, ValueError for what is none."""
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if length > _LARGEST:
        raise ValueError(f"a message of {length:,} bytes")
    return json.loads(await reader.readexactly(length))


def receive_blocking(connection: socket) -> Any:
    """The next message; raises EOFError when the other side has gone."""
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
    return json.loads(_exactly(connection, length))


def _exactly(connection: socket, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = connection.recv(min(length - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _counted(value: Any) -> int:
    if isinstance(value, datetime):
        return (value - _EPOCH) // _MICROSECOND
    assert isinstance(value, date)
    return (value - _EPOCH.date()).days
