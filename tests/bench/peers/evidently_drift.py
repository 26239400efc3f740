"""What evidently takes for the drift of 20 columns: CPU seconds, without its imports. Run by the peer's Python."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from drift_data import frame
from evidently import Report  # type: ignore[import-not-found]
from evidently.presets import DataDriftPreset  # type: ignore[import-not-found]

rows = int(sys.argv[1])
reference, window = frame(rows, 1), frame(rows, 2)
begun = time.process_time()
Report([DataDriftPreset()]).run(window, reference).dict()
print(time.process_time() - begun)
