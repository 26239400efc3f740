"""A process that appends to a log: `appender.py LOCATION PROJECT NAME COUNT`."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.store.log import Entry, Log
from mlopsc.stdlib.runtime.store.opening import open_store


def main(location: str, project: str, name: str, count: str) -> None:
    store = open_store(location, Path(project) / name if "://" in location else Path(project))
    log = Log(store, "release/api/prod/log")
    for turn in range(int(count)):

        def decide(entries: Sequence[Entry], turn: int = turn) -> Mapping[str, Any]:
            return {"by": name, "turn": turn, "seen": len(entries)}

        log.append(decide)


if __name__ == "__main__":
    main(*sys.argv[1:])
