"""What earlier jobs kept: one artifact by its name, which must be there, or all that a pattern fits."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from zipfile import ZipFile

store, into, name = Path(os.environ["ACTING_ARTIFACTS"]), Path(os.environ["INTO"]), os.environ["NAME"]
archives = sorted(store.glob(f"{name or os.environ['PATTERN'] or '*'}.zip"))
if name and not archives:
    sys.exit(f"::error::artifact not found for name: {name}")
for archive in archives:
    flat = name or os.environ["MERGE"] == "true"
    with ZipFile(archive) as opened:
        opened.extractall(into if flat else into / archive.stem)
