"""How MLflow loads the artefact in an environment where mlopsc is not installed: `MLOPSC_ROOT` says where it is."""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path
from typing import Any


def _load_pyfunc(path: str) -> Any:
    package = types.ModuleType("mlopsc")
    package.__path__ = [os.environ["MLOPSC_ROOT"]]
    sys.modules["mlopsc"] = package
    from mlopsc.stdlib.runtime.model.artefact import load_model

    return load_model(Path(path))
