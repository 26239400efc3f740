"""What a keystroke costs in an editor: the work of the language server, as CPU time of its process."""

from __future__ import annotations

import gc
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from measure import Figure
from specs import many_stages, write_project

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lsp"))

KEYSTROKES = 100
PAUSE = 10
"""After so many keystrokes somebody rests, and the server tidies up."""


def editor(work: Path) -> Iterator[Figure]:
    """Keystrokes in a spec of 1,000 lines, and completion and hover at every place of the examples."""
    from lsp_asking import Asking
    from lsprotocol import types

    from mlopsc.compiler.lsp.diagnostics import by_file
    from mlopsc.compiler.lsp.server import OBJECTS_BETWEEN_COLLECTIONS

    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    text = many_stages(138)
    asking = Asking(write_project(work / "editor", text), "pipeline.mlops", text)
    project = asking.projects.of(asking.uri)
    by_file(project, project.compilation.diagnostics)  # what is imported at the first use counts for the start
    diagnostics, completion = [], []
    chance = random.Random(7)
    places = [at for at in range(len(text)) if text.startswith("mae(test)", at)]
    for number in range(KEYSTROKES):
        at = chance.choice(places) + len("mae(t")
        asking.set(text[:at] + "e" * (number % 3) + text[at:])
        completion.append(cpu_of(lambda at=at: asking.names(at)))
        diagnostics.append(cpu_of(lambda: by_file(project, project.compilation.diagnostics)))
        if number % PAUSE == 0:
            gc.collect()
    lines = text.count("\n")
    yield Figure(f"a keystroke in {lines:,} lines: diagnostics, 95th percentile", percentile(diagnostics), 50, "ms")
    yield Figure(f"a keystroke in {lines:,} lines: completion, 95th percentile", percentile(completion), 30, "ms")
    slowest, count = 0.0, 0
    for name in ("bike-demand", "flight-delays"):
        folder = ROOT / "examples" / name
        spec = (folder / "pipeline.mlops").read_text(encoding="utf-8")
        example = Asking(folder, "pipeline.mlops", spec)
        example.names(spec.index('sklearn("') + len('sklearn("'))  # the table of estimators is read once
        for offset in range(len(spec) + 1):
            slowest = max(slowest, cpu_of(lambda at=offset, one=example: one.names(at)))
            example.at(types.TEXT_DOCUMENT_HOVER, offset)
            count += 1
            if count % (5 * PAUSE) == 0:
                gc.collect()
    note = f"{count:,} places, hover too; none fails"
    yield Figure("completion at the slowest place of the examples", slowest * 1000, 100, "ms", note=note)


def percentile(seconds: list[float]) -> float:
    """The 95th percentile, in milliseconds."""
    return sorted(seconds)[int(len(seconds) * 0.95)] * 1000


def cpu_of(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
