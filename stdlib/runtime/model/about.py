"""What an artefact says of itself, read without the libraries that it takes to load the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile


def read_about(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The signature of an artefact as JSON, and the versions of the libraries it was made with, by package."""
    with ZipFile(path) as file:
        return json.loads(file.read("signature.json")), json.loads(file.read("environment.json"))
