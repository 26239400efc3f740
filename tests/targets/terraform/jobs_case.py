"""The bicycle example with a stage that runs as a task of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from folders import Emitted, bikes

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/bike-demand@sha256:" + "0" * 64
JOB = "job(cpu = 4, memory = 16GB, timeout = 8h)"
BUDGET = "  budget    = 400USD / 1mo\n"
NETWORK = '  network   = existing(vpc = "vpc-1", subnets = ["subnet-1", "subnet-2"])\n'
DATA = "  data      = rides\n"


def with_job(folder: Path, job: str = JOB, network: str = NETWORK) -> Emitted:
    """The example, its training as a job."""
    return bikes(folder, **replaced(job, network))


def replaced(job: str = JOB, network: str = NETWORK) -> dict[str, Any]:
    """What is written in the example instead."""
    return {BUDGET: BUDGET + network, DATA: f"{DATA}  compute   = {job}\n"}
