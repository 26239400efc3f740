"""Where messages and scripts end up that must not leave this machine: a rehearsal tells nobody and runs nothing."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path

from mlopsc.stdlib.monitor import Action, Notify, RunAction
from mlopsc.stdlib.runtime.engine.writing import write_atomically
from mlopsc.stdlib.runtime.monitor.journal import Record
from mlopsc.stdlib.runtime.monitor.notifying import message_of
from mlopsc.stdlib.runtime.monitor.outcomes import Outcome
from mlopsc.stdlib.runtime.service.deployment import Deployment

VARIABLE = "MLOPSC_OUTBOX"
"""Names a folder that gets what `notify` would send and what `run` would be told, instead of the world."""


def held_back(deployment: Deployment, action: Action, event: Record, key: str) -> Outcome | None:
    """What became of an action that reaches outside, where there is an outbox; None where it may go on."""
    folder = os.environ.get(VARIABLE)
    if not folder or not isinstance(action, Notify | RunAction):
        return None
    to = action.to if isinstance(action, Notify) else action.path
    message = {"to": to, **message_of(deployment, event, key)}
    path = Path(folder) / f"{sha256(key.encode()).hexdigest()[:16]}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(message, indent=1, ensure_ascii=False).encode())
    done = "would be told" if isinstance(action, Notify) else "would run"
    return Outcome("held", f"`{to}` {done}; a rehearsal holds it back", {"file": path.name})
