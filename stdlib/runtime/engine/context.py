"""What a stage function is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.stdlib.runtime.engine import reporting
from mlopsc.stdlib.runtime.engine.events import LogLine, Progress
from mlopsc.stdlib.runtime.engine.outcome import StageRecord

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.store.protocol import Store


@dataclass(frozen=True)
class StageContext:
    """All that a stage function or one of its tasks may use; it can be pickled and sent to another machine.

    `stage` is the stage as it stands in `pipeline.json`. `pipeline` is the part of the rest of that file which this
    stage may see: of other stages only its inputs, without their rules; what is seen there is part of its key, but
    for the settings of the pipeline and the environment, on which no result may depend. `scratch`
    is a private folder of this call, deleted when the call returns. `inputs` are the records of the stages that it
    reads. `pin` is what `mlops.lock` says of this stage, if anything. `seed` follows from the key, `threads` is how
    many threads the call may use.
    """

    stage: Mapping[str, Any]
    pipeline: Mapping[str, Any]
    project: Path
    scratch: Path
    inputs: Mapping[str, StageRecord]
    store: Store
    key: str
    threads: int = 1
    pin: Mapping[str, Any] | None = None
    run: int = 0
    attempt: int = 1
    options: Mapping[str, str] = field(default_factory=dict)
    """Settings of this run that are no part of any key, such as where experiments are tracked."""

    @property
    def name(self) -> str:
        """The stage's name."""
        return str(self.stage["name"])

    @property
    def kind(self) -> str:
        """The stage's kind: `data`, `train`, …"""
        return str(self.stage["kind"])

    @property
    def environment(self) -> str:
        """The name of the environment that the pipeline runs in; results must not depend on it."""
        return str(self.pipeline["environment"]["name"])

    @property
    def seed(self) -> int:
        """A seed of 32 bits that is the same wherever the stage has the same key."""
        return int(self.key[:8], 16)

    def progress(self, done: float, total: float | None = None, text: str = "") -> None:
        """Say how far the stage is; shown at most a few times a second, so call it as often as it is known."""
        reporting.report(Progress(self.name, done, total, text))

    def log(self, text: str) -> None:
        """Show the user a line now; what is printed goes to the stage's log file only."""
        reporting.report(LogLine(self.name, text))

    def open_input(self, stage: str, output: str) -> Path:
        """A file with that output of an input, for reading only; raises CorruptObjectError when its bytes are wrong."""
        return self.store.local_path(self.inputs[stage].outputs[output])
