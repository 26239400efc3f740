"""`make bench`: measure what docs/performance.md promises, as CPU seconds and as ratios taken in the same run.

`--only WORD` measures the figures of one group (start, size, chain, bike, drift, router, rehearsal, terraform, github,
editor).
`--write` puts what was measured into the table of docs/performance.md, in place of its former figures. Ends with 1 when
a bound is missed.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from drift import drift
from editor import editor
from github_target import github
from measure import Figure, adopt_orphans, cpu_seconds, median_of, paired_ratio
from router import router
from specs import chain, many_stages, write_project
from terraform import terraform

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable
MLOPSC = str(Path(PYTHON).parent / "mlopsc")
DVC_FOLDER = ROOT / ".venv" / "peers" / "dvc"


def start(work: Path) -> Iterator[Figure]:
    """What a single command costs, against importing what it stands on."""
    bike = copy_of_bike(work / "start")
    imports = [PYTHON, "-c", "import lark, pydantic"]
    ratio, seconds = paired_ratio(9, lambda: cpu_seconds([MLOPSC, "check"], bike), lambda: cpu_seconds(imports, bike))
    yield Figure("`mlopsc check` of the bike spec / importing lark and pydantic", ratio, 1.8, note=f"{seconds:.2f} s")
    lark = [PYTHON, "-c", "import lark"]
    ratio, seconds = paired_ratio(
        9, lambda: cpu_seconds([MLOPSC, "fmt", "--check"], bike), lambda: cpu_seconds(lark, bike)
    )
    yield Figure("`mlopsc fmt` of the bike spec / importing lark", ratio, 1.3, note=f"{seconds:.2f} s")


def size(work: Path) -> Iterator[Figure]:
    """What long files cost."""
    half = write_project(work / "half", many_stages(501))
    full = write_project(work / "full", many_stages(1002))
    small, large = (median_of(3, lambda p=p: cpu_seconds([MLOPSC, "check"], p)) for p in (half, full))
    yield Figure("checking 1,000 stages", large, 3, "s")
    yield Figure("1,000 stages / 500 stages (linear: 2)", large / small, 2.5)
    yield from parsing()
    for name in ("first", "unchanged"):
        yield Figure(f"`build` of 3 environments, {name}", building(work / f"build-{name}", name), 0.6, "s")


def building(folder: Path, how: str) -> float:
    """CPU seconds of `mlopsc build` on a small spec of three environments."""
    project = write_project(folder, many_stages(9))

    def build() -> float:
        if how == "first":
            shutil.rmtree(project / "deploy", ignore_errors=True)
        return cpu_seconds([MLOPSC, "build"], project)

    return median_of(5, build)


def parsing() -> Iterator[Figure]:
    """Lines a second of a whole parse, and milliseconds of a parse after an edit in one block."""
    from mlopsc.compiler.program import vocabulary_of
    from mlopsc.compiler.syntax.parser import parse
    from mlopsc.compiler.text import SourceFile
    from mlopsc.stdlib import registry

    words = vocabulary_of(registry())

    text = many_stages(1350)
    lines = text.count("\n")
    seconds = median_of(3, lambda: cpu_of(lambda: parse(SourceFile("long.mlops", text), words)))
    yield Figure(f"parsing {lines:,} lines", lines / seconds, 4000, "lines/s", at_least=True)
    thousand = "\n".join(text.split("\n")[:1000])
    before = parse(SourceFile("edited.mlops", thousand), words)
    edited = SourceFile("edited.mlops", thousand.replace("alpha = 0.5", "alpha = 0.25", 1))
    seconds = median_of(9, lambda: cpu_of(lambda: parse(edited, words, before)))
    yield Figure("parsing again after an edit in a file of 1,000 lines", seconds * 1000, 10, "ms")


def cpu_of(work: Callable[[], object]) -> float:
    """CPU seconds of a call in this process."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def chains(work: Path) -> Iterator[Figure]:
    """Chains of trivial stages: with nothing to do, against DVC, and from cold."""
    project = write_project(work / "chain", chain(200))
    cpu_seconds([MLOPSC, "run"], project)
    script = [PYTHON, "deploy/chain/dev/run.py"]
    yield Figure("`run.py`, 200 stages, nothing to do", median_of(5, lambda: cpu_seconds(script, project)), 0.4, "s")
    warm = median_of(5, lambda: cpu_seconds([MLOPSC, "run"], project))
    yield Figure("`mlopsc run`, 200 stages, nothing to do", warm, 0.7, "s")
    peer = dvc_chain(work / "dvc", 200)
    yield Figure("the same / `dvc repro`", warm / peer, 0.15, note=f"DVC {peer:.1f} s")
    cold = {count: cold_chain(work / f"cold{count}", count) for count in (100, 550, 1000)}
    slope = (cold[1000] - cold[100]) / 900 * 1000
    yield Figure("cold run, a further stage (100 to 1,000)", slope, 15, "ms")
    bend = (cold[1000] - cold[550]) / (cold[550] - cold[100])
    yield Figure("cold run, second half / first half (linear: 1)", bend, 1.3)


def cold_chain(folder: Path, count: int) -> float:
    """CPU seconds of a first run of a chain."""
    return cpu_seconds([MLOPSC, "run"], write_project(folder, chain(count)))


def dvc_chain(folder: Path, count: int) -> float:
    """CPU seconds of `dvc repro` on the same chain with nothing to do; DVC lives in an environment of its own."""
    dvc = DVC_FOLDER / "bin" / "dvc"
    if not dvc.exists():
        subprocess.run([PYTHON, "-m", "venv", str(DVC_FOLDER)], check=True)
        subprocess.run(
            [str(DVC_FOLDER / "bin" / "python"), "-m", "pip", "install", "--quiet", "dvc"],
            check=True,
            capture_output=True,
        )
    folder.mkdir(parents=True)
    stages = []
    for i in range(count):
        given = "rows.csv" if i == 0 else f"s{i - 1}.csv"
        stages.append(f"  s{i}:\n    cmd: cp {given} s{i}.csv\n    deps: [{given}]\n    outs: [s{i}.csv]\n")
    (folder / "dvc.yaml").write_text("stages:\n" + "".join(stages), encoding="utf-8")
    (folder / "rows.csv").write_text("x\n1\n2\n3\n", encoding="utf-8")
    for command in (["git", "init", "-q"], [str(dvc), "init", "-q"], [str(dvc), "config", "core.analytics", "false"]):
        subprocess.run(command, cwd=folder, check=True)
    cpu_seconds([str(dvc), "repro", "-q"], folder)
    return median_of(3, lambda: cpu_seconds([str(dvc), "repro", "-q"], folder))


def bike(work: Path) -> Iterator[Figure]:
    """The bike example, beside the fitting itself, which plain scikit-learn does in the same run."""
    untracked, tracked = copy_of_bike(work / "untracked"), copy_of_bike(work / "tracked")
    spec = (untracked / "pipeline.mlops").read_text(encoding="utf-8")
    (untracked / "pipeline.mlops").write_text(
        spec.replace("minimize mae", "track = false\n  minimize mae"), encoding="utf-8"
    )
    fitting = cpu_seconds([PYTHON, str(ROOT / "tests/bench/plain_bike.py")], tracked)
    command = [MLOPSC, "run", "--environment", "prod"]
    verdict = cpu_seconds(command, untracked) - fitting
    yield Figure(
        "the bike example to its verdict, beside the fitting", verdict, 7, "s", note=f"fitting {fitting:.1f} s"
    )
    whole = cpu_seconds(command, tracked) - fitting
    yield Figure("the bike example with tracking, beside the fitting", whole, 12, "s")
    yield Figure("its second run", median_of(5, lambda: cpu_seconds(command, tracked)), 0.7, "s")


def rehearsal(work: Path) -> Iterator[Figure]:
    """Ten weeks of production with drift, from a warm cache: seconds on the wall, as somebody watches it."""
    project = copy_of_bike(work / "rehearsal")
    cpu_seconds([MLOPSC, "run", "rides", "--environment", "prod"], project)
    begun, command = time.monotonic(), [MLOPSC, "rehearse", "prod", "--inject", "drift"]
    cpu = cpu_seconds(command, project)
    taken = time.monotonic() - begun
    yield Figure("a rehearsal of ten weeks with drift, on the wall", taken, 150, "s", note=f"{cpu:.0f} s of CPU")


def copy_of_bike(folder: Path) -> Path:
    """The bike example in a folder of its own, without what earlier runs left."""
    shutil.copytree(
        ROOT / "examples/bike-demand",
        folder,
        ignore=shutil.ignore_patterns(".mlops", "deploy", "mlops.lock", "__pycache__"),
    )
    return folder


GROUPS = {
    "start": start,
    "size": size,
    "chain": chains,
    "bike": bike,
    "drift": drift,
    "router": router,
    "rehearsal": rehearsal,
    "terraform": terraform,
    "github": github,
    "editor": editor,
}


def machine() -> str:
    """What the figures were taken on."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


HEAD = ("| what | figure | bound | |", "|---|---|---|---|")


def write_table(rows: list[str]) -> None:
    """Put rows into the table of docs/performance.md: each in place of the one of its name, else at the end."""
    page = ROOT / "docs/performance.md"
    head, _, rest = page.read_text(encoding="utf-8").partition("<!-- table -->\n")
    table, _, tail = rest.partition("<!-- end -->")
    before = [line for line in table.splitlines() if line.startswith("|") and line not in HEAD]
    known = {row.split("|")[1]: row for row in [*before, *rows]}
    text = "\n".join([f"Measured on {machine()}.", "", *HEAD, *known.values()])
    page.write_text(f"{head}<!-- table -->\n{text}\n<!-- end -->{tail}", encoding="utf-8")


def main() -> int:
    """Measure, print, and say whether all bounds were kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=GROUPS)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    adopt_orphans()
    rows: list[str] = []
    print("\n".join([f"Measured on {machine()}.", "", *HEAD]))
    kept = True
    with tempfile.TemporaryDirectory() as folder:
        for name, group in GROUPS.items():
            for figure in group(Path(folder)) if chosen.only in (None, name) else ():
                rows.append(figure.row)
                kept = kept and figure.holds
                print(figure.row, flush=True)
    if chosen.write:
        write_table(rows)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
