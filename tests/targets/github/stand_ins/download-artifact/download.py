"""What jobs of this run or another kept: one artifact by its name, which must be there, or all that a pattern fits."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from zipfile import ZipFile

run, into, name = os.environ["RUN"], Path(os.environ["INTO"]), os.environ["NAME"]
store = Path(os.environ["ACTING_RUNS"]) / run if run else Path(os.environ["ACTING_ARTIFACTS"])
archives = sorted(store.glob(f"{name or os.environ['PATTERN'] or '*'}.zip"))
if name and not archives:
    sys.exit(f"::error::artifact not found for name: {name}")
for archive in archives:
    # GitHub's does that, too: where a pattern fits one artifact alone, this has no folder of its own.
    flat = name or os.environ["MERGE"] == "true" or len(archives) == 1
    with ZipFile(archive) as opened:
        opened.extractall(into if flat else into / archive.stem)
