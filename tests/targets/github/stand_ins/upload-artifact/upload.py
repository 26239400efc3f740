"""What a job keeps, zipped as GitHub does: no empty folders, no rights, hidden files only where asked, a name once."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from zipfile import ZipFile

FORBIDDEN = set('":<>|*?\r\n')
"""No name of a file in an artifact may have them, since Windows has no such files."""

top, place = Path(os.environ["FILES"]), Path(os.environ["ACTING_ARTIFACTS"]) / f"{os.environ['NAME']}.zip"
if set(os.environ["NAME"]) & (FORBIDDEN | set("/\\")):
    sys.exit(f"::error::no artifact may be called {os.environ['NAME']}")
if place.exists() and os.environ["OVERWRITE"] != "true":
    sys.exit(f"::error::an artifact of that name exists: {os.environ['NAME']}")
if top.is_file():
    files, top = [top], top.parent
else:
    files = [file for file in sorted(top.rglob("*")) if file.is_file()]
    if os.environ["HIDDEN"] != "true":
        # GitHub's asks of the whole path, and so do we.
        files = [file for file in files if not any(part.startswith(".") for part in file.parts)]
names = [str(file.relative_to(top)) for file in files]
if wrong := [name for name in names if set(name) & FORBIDDEN]:
    sys.exit(f"::error::no file in an artifact may be called {wrong[0]}")
if not names and os.environ["NONE"] == "error":
    sys.exit(f"::error::no files were found with the provided path: {os.environ['FILES']}")
# What a test loses is what GitHub has deleted when its days were over.
if names and os.environ["NAME"] != os.environ.get("ACTING_LOST"):
    place.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(place, "w") as archive:
        for file, name in zip(files, names, strict=True):
            archive.writestr(name, file.read_bytes())
