"""What is kept of a mistake of this program, for whoever mends it."""

from __future__ import annotations

import platform
import shlex
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from tempfile import NamedTemporaryFile

from mlopsc.stdlib.runtime.credentials import without_credentials


def report_crash(error: BaseException, arguments: Sequence[str]) -> tuple[str, str]:
    """Write what is known of an unexpected exception to a file; returns the fact and the next step for the user."""
    first = str(error).splitlines()[0] if str(error) else ""
    summary = without_credentials(f"internal error: {type(error).__name__}: {first}".rstrip(": "))
    details = _details(error, arguments)
    try:
        with NamedTemporaryFile("w", encoding="utf-8", prefix="mlopsc-", suffix=".txt", delete=False) as file:
            file.write(details)
    except OSError:
        return summary, f"this is a mistake of mlopsc, not yours; please report it with this:\n{details}"
    return summary, f"this is a mistake of mlopsc, not yours; please report it with `{file.name}` (it holds no data)"


def _details(error: BaseException, arguments: Sequence[str]) -> str:
    lines = [
        f"mlopsc {program_version()}, Python {platform.python_version()}, {platform.platform()}",
        f"command: mlopsc {shlex.join(arguments)}",
        f"encoding: {sys.getfilesystemencoding()}, {sys.stdout.encoding}",
        "",
        "".join(traceback.format_exception(error)),
    ]
    return without_credentials("\n".join(lines))


def program_version() -> str:
    """The installed version."""
    try:
        return version("mlopsc")
    except PackageNotFoundError:
        return "unknown"
