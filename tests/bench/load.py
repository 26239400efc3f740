"""A client that asks a service the same thing over and over: `python load.py PORT PATH CONNECTIONS SECONDS < body`.

Prints requests a second, the median and the 95th percentile of their times in milliseconds, and how many failed.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass
class Seen:
    """What came back: the time of each request that was answered, in seconds, and how many were not."""

    times: list[float] = field(default_factory=list)
    failed: int = 0


async def ask(port: int, request: bytes, until: float, seen: Seen) -> None:
    """Ask over one connection until it is time to end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        begun = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        found = _LENGTH.search(head)
        assert found is not None, head
        await reader.readexactly(int(found[1]))
        if head[9:12] == b"200":
            seen.times.append(time.perf_counter() - begun)
        else:
            seen.failed += 1
    writer.close()


async def load(port: int, path: str, connections: int, seconds: float, body: bytes) -> dict[str, float]:
    """Ask over several connections at once."""
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    head = "\r\n".join((*lines, "", ""))
    seen = Seen()
    begun = time.perf_counter()
    await asyncio.gather(*(ask(port, head.encode() + body, begun + seconds, seen) for _ in range(connections)))
    took = time.perf_counter() - begun
    times = sorted(seen.times) or [float("inf")]
    return {
        "rate": len(seen.times) / took,
        "p50": times[len(times) // 2] * 1000,
        "p95": times[int(len(times) * 0.95)] * 1000,
        "failed": seen.failed,
    }


if __name__ == "__main__":
    port, path, connections, seconds = sys.argv[1:]
    print(json.dumps(asyncio.run(load(int(port), path, int(connections), float(seconds), sys.stdin.buffer.read()))))
