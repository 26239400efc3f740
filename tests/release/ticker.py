"""A process that ticks: `ticker.py PROJECT LOCATION NAME`, with `DIES` and `MEETS` in its environment.

`DIES` is where it is killed with -9: `before` it creates an entry, `during` (in a folder: written, but without
a name yet) or `after`. `MEETS` is a folder where it waits, before it creates an entry, until as many
others as it was told are as far.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.release.tick import tick
from mlopsc.stdlib.runtime.service.deployment import Deployment, open_deployment
from mlopsc.stdlib.runtime.store.opening import open_store


def main(project: str, location: str, name: str) -> None:
    folder = Path(project)
    cache = folder / name if "://" in location else folder
    document = json.loads((folder / "pipeline.json").read_text())
    deployment = open_deployment(document, folder, store=open_store(location, cache))
    _watch(deployment, name)
    result = tick(deployment, name)
    print(json.dumps({"entry": result.change and result.change["sequence"], "text": result.text}))


def _watch(deployment: Deployment, name: str) -> None:
    """Have this process meet others and die where it is told to."""
    kind, dies, meets = type(deployment.store), os.environ.get("DIES"), os.environ.get("MEETS")
    put: Any = kind.put_if_absent

    def put_if_absent(self: Any, key: str, value: bytes) -> bool:
        if meets:
            _meet(Path(meets), name)
        if dies == "before":
            _die()
        done = bool(put(self, key, value))
        if dies == "after":
            _die()
        return done

    kind.put_if_absent = put_if_absent
    if dies == "during":
        os.link = lambda *_: _die()


def _meet(folder: Path, name: str) -> None:
    (folder / name).touch()
    until = time.monotonic() + 60
    while len(list(folder.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.005)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
