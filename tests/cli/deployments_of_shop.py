"""A project whose environments Terraform keeps on this machine, for tests of what is planned and verified."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from commands import SPEC

TERRAFORM = pytest.mark.skipif(
    shutil.which("terraform") is None, reason="there is no terraform on PATH: plans are not tried for real"
)
KEPT = """environment dev { platform = local(terraform = true) }

environment prod {
  follows  = dev
  platform = local(terraform = true)
  store    = ".mlops/prod"
}

release api {
  model    = prices
  gate     = gate
  strategy = direct()
}

"""
TARGETS = ("--target", "local", "--target", "prometheus", "--target", "terraform")
FOLDER = "deploy/orders/prod/terraform"


def with_environments(folder: Path, kept: str = KEPT) -> Path:
    """The same project with these environments."""
    (folder / "pipeline.mlops").write_text(kept + SPEC, encoding="utf-8")
    return folder


def terraform(folder: Path, *arguments: str) -> str:
    """What Terraform itself says, run in the folder of an environment as a person does."""
    done = subprocess.run(
        ["terraform", f"-chdir={folder / FOLDER}", *arguments],
        cwd=folder,
        env={**os.environ, "TF_IN_AUTOMATION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
