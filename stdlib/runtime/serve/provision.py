"""Where the artefact of a version comes from, and which interpreter runs it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from mlopsc.stdlib.runtime.engine.writing import write_atomically
from mlopsc.stdlib.runtime.release.state import LiveModel
from mlopsc.stdlib.runtime.serve.environments import Environments
from mlopsc.stdlib.runtime.serve.processes import LaneName, Program
from mlopsc.stdlib.runtime.service.deployment import Deployment


@dataclass(frozen=True)
class Provision:
    """Keeps a copy of each artefact in `scratch`, so that a worker starts again while the store is away."""

    deployment: Deployment
    scratch: Path
    environments: Environments

    async def program(self, version: int, model: LiveModel, lane: LaneName) -> Program:
        """What a worker of a version runs; raises OperationError when the store does not have it, or not whole."""
        artefact = await asyncio.to_thread(self._fetch, model.artefact)
        find = self.environments.interpreter
        interpreter = await find(self.deployment.model, version, model.lock, artefact)
        return Program(interpreter, artefact, self.scratch, lane)

    def _fetch(self, sha256: str) -> Path:
        path = self.scratch / f"{sha256[:16]}.zip"
        if not path.exists():
            write_atomically(path, self.deployment.store.get_object(sha256))
        return path
