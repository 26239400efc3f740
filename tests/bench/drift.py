"""What judging the drift of a window costs: against scipy's tests, against evidently, and in memory."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Figure, paired_ratio

if TYPE_CHECKING:
    import pandas as pd

    from mlopsc.stdlib.runtime.statistics.drift import Kind, Reference

ROWS, ROWS_OF_PEER = 1_000_000, 100_000
PEER = Path(__file__).parents[2] / ".venv" / "peers" / "evidently"


def drift(_: Path) -> Iterator[Figure]:
    """20 columns, 4 of them categories."""
    ratio, seconds = against_scipy()
    yield Figure("drift of 20 columns x 1M rows / scipy's two-sample tests", ratio, 1, note=f"{seconds:.2f} s")
    ours, theirs = judging(ROWS_OF_PEER, ready=False), evidently(ROWS_OF_PEER)
    what = "drift of 20 columns x 100k rows, reference made ready / evidently 0.7"
    yield Figure(what, ours / theirs, 0.1, note=f"evidently {theirs:.1f} s")
    command = [sys.executable, __file__]
    shown = subprocess.run(command, check=True, capture_output=True, text=True)
    yield Figure("memory of drift of 20 columns x 1M rows / both samples", float(shown.stdout), 2)


def against_scipy() -> tuple[float, float]:
    """Judging a window against a ready reference / a loop of `ks_2samp` and `chi2_contingency`, and its seconds."""
    import pandas as pd
    from drift_data import frame
    from scipy import stats

    reference, window = frame(ROWS, 1), frame(ROWS, 2)

    def tests() -> float:
        begun = time.process_time()
        for name in reference:
            old, new = reference[name], window[name]
            if str(old.dtype) == "category":
                table = pd.DataFrame({"old": old.value_counts(), "new": new.value_counts()})
                stats.chi2_contingency(table.to_numpy())
            else:
                stats.ks_2samp(new.dropna(), old.dropna())
        return time.process_time() - begun

    ready = prepared(reference)
    return paired_ratio(3, lambda: look(ready, window), tests)


def judging(rows: int, *, ready: bool) -> float:
    """CPU seconds of a look, and of preparing its reference unless it is ready."""
    from drift_data import frame

    reference, window = frame(rows, 1), frame(rows, 2)
    begun = time.process_time()
    references = prepared(reference)
    preparing = time.process_time() - begun
    return look(references, window) + (0.0 if ready else preparing)


def prepared(reference: pd.DataFrame) -> dict[str, Reference]:
    """The reference of each column."""
    from mlopsc.stdlib.runtime.statistics.drift import prepare

    ready = {}
    for name in reference:
        kind: Kind = "levels" if str(reference[name].dtype) == "category" else "numbers"
        ready[str(name)] = prepare(reference[name], kind)
    return ready


def look(references: dict[str, Reference], window: pd.DataFrame) -> float:
    """CPU seconds of a look at all columns with 20 looks of history."""
    from mlopsc.stdlib.runtime.statistics.drift import judge_drift

    begun = time.process_time()
    now = {name: reference.distance(window[name]) for name, reference in references.items()}
    verdict = judge_drift(now, [{name: distance.value for name, distance in now.items()}] * 20, 7 / 90)
    assert not verdict.learning
    return time.process_time() - begun


def evidently(rows: int) -> float:
    """CPU seconds of evidently 0.7, which lives in an environment of its own."""
    python = PEER / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEER)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "evidently==0.7.*", "pandas<3"]
        subprocess.run(install, check=True, capture_output=True)
    script = str(Path(__file__).parent / "peers" / "evidently_drift.py")
    shown = subprocess.run([str(python), "-W", "ignore", script, str(rows)], check=True, capture_output=True, text=True)
    return float(shown.stdout.split()[-1])


def memory() -> float:
    """The most memory that a look takes with both samples in it / that of the samples; in a process of its own."""
    from drift_data import frame

    look(prepared(frame(1_000, 1)), frame(1_000, 2))
    bare = resident()
    reference, window = frame(ROWS, 1), frame(ROWS, 2)
    samples = resident() - bare
    look(prepared(reference), window)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - bare) / samples


def resident() -> int:
    """Bytes of memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    print(memory())
