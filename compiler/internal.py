"""What to say when the compiler itself fails."""

from __future__ import annotations

import platform
import traceback
from importlib.metadata import PackageNotFoundError, version

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.messages import internal_error
from mlopsc.compiler.text import Location

_FRAMES = 6


def internal_error_at(at: Location, phase: str, error: Exception) -> Diagnostic:
    """A message with all that a report of the mistake needs, and no path of this machine."""
    told = str(error).split("\n")[0]
    fact = f"{type(error).__name__}: {told}" if told else type(error).__name__
    return internal_error(at, phase, fact, "\n".join([_versions(), *_frames(error)]))


def _versions() -> str:
    try:
        ours = version("mlopsc")
    except PackageNotFoundError:
        ours = "unknown"
    return f"mlopsc {ours}, Python {platform.python_version()}, {platform.system()}"


def _frames(error: Exception) -> list[str]:
    """The innermost frames, as `module-like/path.py:line in function`."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{_short(frame.filename)}:{frame.lineno} in {frame.name}" for frame in frames]


def _short(filename: str) -> str:
    return "/".join(filename.replace("\\", "/").split("/")[-3:])
