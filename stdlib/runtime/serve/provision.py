"""Where the artefact of a version comes from, and which interpreter runs it."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from mlopsc.stdlib.runtime.engine.writing import write_atomically
from mlopsc.stdlib.runtime.release.state import LiveModel
from mlopsc.stdlib.runtime.serve.processes import LaneName, Program
from mlopsc.stdlib.runtime.service.deployment import Deployment


@dataclass(frozen=True)
class Provision:
    """Keeps a copy of each artefact in `scratch`, so that a worker starts again while the store is away."""

    deployment: Deployment
    scratch: Path

    async def program(self, model: LiveModel, lane: LaneName) -> Program:
        """What a worker of the model runs; raises OperationError when the store does not have it, or not whole."""
        artefact = await asyncio.to_thread(self._fetch, model.artefact)
        return Program(sys.executable, artefact, self.scratch, lane)

    def _fetch(self, sha256: str) -> Path:
        path = self.scratch / f"{sha256}.zip"
        if not path.exists():
            write_atomically(path, self.deployment.store.get_object(sha256))
        return path
