"""What a keystroke costs in an editor: the work of the language server, as CPU time of its process."""

from __future__ import annotations

import gc
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Figure, cpu_seconds, paired_ratio
from specs import many_stages, write_project

if TYPE_CHECKING:
    from lsp_asking import Asking
    from lsp_raw import Raw

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lsp"))

KEYSTROKES = 100
PAUSE = 10
"""After so many keystrokes somebody rests, and the server tidies up."""
OPEN = 200
"""How many files are open at once."""
REST = 0.5
"""Seconds after which the server does what it does when nobody types."""


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
    yield Figure(
        f"a letter anywhere in {lines:,} lines: diagnostics, 95th percentile", anywhere(asking, text), 50, "ms"
    )
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
    yield from server(work / "server")


def anywhere(asking: Asking, text: str) -> float:
    """Letters, quotes and braces put in and taken away all over a spec, names and strings included."""
    from mlopsc.compiler.lsp.diagnostics import by_file

    project, chance, found = asking.projects.of(asking.uri), random.Random(7), []
    for number in range(KEYSTROKES):
        at = chance.randrange(len(text))
        for state in (text[:at] + chance.choice('ab 1."{(\n') + text[at:], text):
            asking.set(state)
            found.append(cpu_of(lambda: by_file(project, project.compilation.diagnostics)))
        if number % PAUSE == 0:
            gc.collect()
    return percentile(found)


def server(work: Path) -> Iterator[Figure]:
    """The server itself: how it starts, and how it is with many files open, every second of which uses one of them."""
    from lsp_project import SPEC, write_project
    from lsp_raw import Raw

    write_project(work)
    floor = [sys.executable, "-c", "import pygls.lsp.server, lark, pydantic"]
    ratio, seconds = paired_ratio(7, lambda: first_told(work), lambda: cpu_seconds(floor, work))
    what = "`mlopsc lsp` up to its first diagnostics / importing pygls, lark and pydantic"
    yield Figure(what, ratio, 1.6, note=f"{seconds:.2f} s")
    (work / "limits.mlops").write_text("limit = 45\n", encoding="utf-8")
    names = [f"s{number}.mlops" for number in range(OPEN)]
    for number, name in enumerate(names):
        text = SPEC.replace("limit = 45", 'use "limits.mlops"') if number % 2 else SPEC
        (work / name).write_text(text, encoding="utf-8")
    with Raw(work) as editor:
        editor.begin()
        for name in (*names, "limits.mlops"):
            editor.open(name)
        yield Figure(
            f"a keystroke with {OPEN} files open, 95th percentile", percentile(typing(editor, names[3])), 50, "ms"
        )
        begun = editor.cpu
        editor.change("limits.mlops", 2, "limits = 45\n")
        editor.said_of(names[-1])
        yield Figure(
            f"a change in a file that {OPEN // 2} open specs use, until all are told", editor.cpu - begun, 1, "s"
        )
        time.sleep(REST * 2)
        yield Figure(f"memory of the server with {OPEN} files open", editor.memory, 120, "MB")


def first_told(work: Path) -> float:
    """CPU seconds of a server that is asked to check one file, and then to leave."""
    from lsp_raw import Raw

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with Raw(work) as editor:
        editor.begin()
        editor.open("pipeline.mlops")
        editor.leave()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def typing(editor: Raw, name: str) -> list[float]:
    """CPU seconds of the server for each keystroke in an open file, until what is wrong with it is told."""
    text = (editor.folder / name).read_text("utf-8")
    at, found = text.index("mae(test)") + len("mae(t"), []
    for number in range(KEYSTROKES):
        begun = editor.cpu
        editor.change(name, number + 2, text[:at] + "e" * (number % 3) + text[at:])
        editor.said_of(name)
        found.append(editor.cpu - begun)
    return found


def percentile(seconds: list[float]) -> float:
    """The 95th percentile, in milliseconds."""
    return sorted(seconds)[int(len(seconds) * 0.95)] * 1000


def cpu_of(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
