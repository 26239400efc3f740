"""A process that logs as a router does: `log_router.py PROJECT HOW`; it says of each row that it has taken it.

`crowd` adds rows as fast as it can, `trickle` one now and then; both until they are killed. `term` adds some and closes
the log on SIGTERM.
"""

import signal
import sys
import time
from pathlib import Path

from logged import answer, opened

from mlopsc.stdlib.runtime import clock
from mlopsc.stdlib.runtime.service.writing import LogWriter


def main(project: str, how: str) -> None:
    writer = LogWriter(opened(Path(project)), interval=0.3)
    if how == "term":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(writer.close()))
    number = 0
    while how != "term" or number < 2_500:
        writer.add([answer(f"{number}", clock.now())])
        print(number, clock.now(), writer.heartbeat.rows_written, flush=True)
        number += 1
        time.sleep(0.01 if how == "trickle" else 0)
    time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
