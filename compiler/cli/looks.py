"""What a look at machine, project or cloud saw, and how it is shown: for `doctor` and `verify`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

import click

PATIENCE = 5.0


@dataclass(frozen=True)
class Found:
    """What one look saw."""

    status: Literal["ok", "warn", "fail"]
    what: str
    fact: str
    next: str = ""


def show(looks: Iterable[Found], stream: TextIO | None = None) -> bool:
    """Show each as it comes; says whether none failed."""
    from mlopsc.compiler.render.cells import safe
    from mlopsc.compiler.render.style import Tone, style_of
    from mlopsc.stdlib.runtime.credentials import without_credentials

    stream = stream or sys.stdout
    style = style_of(stream)
    tones: dict[str, Tone] = {"ok": "good", "warn": "warning", "fail": "error"}
    is_well = True
    for found in looks:
        is_well = is_well and found.status != "fail"
        fact = safe(without_credentials(found.fact))
        click.echo(f"{style(tones[found.status], f'{found.status:<4}')}  {found.what}: {fact}", stream)
        if found.next:
            click.echo(f"      {style('bold', 'next')}: {style.ticked(safe(found.next))}", stream)
    return is_well


def guarded(what: str, look: Callable[[], Found]) -> Found:
    """A look at a store; where it fails by itself, that is what was seen."""
    from mlopsc.stdlib.runtime.store.faults import OperationError

    try:
        return look()
    except OperationError as error:
        return Found("fail", what, error.message, error.hint)
    except ImportError as error:
        return Found("fail", what, f"not installed: {error.name}", f"pip install {error.name}")


def ask_git(*arguments: str, folder: Path = Path()) -> str | None:
    """What git answers; None when it fails."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def is_writable(folder: Path) -> bool:
    """Whether files can be made in a folder, or the folder itself can be made."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK)
