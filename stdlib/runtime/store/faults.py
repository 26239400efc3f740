"""What goes wrong outside a spec: files, networks and stores."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from mlopsc.stdlib.runtime.credentials import without_credentials

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_IN_THE_WAY = frozenset({errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY})


class OperationError(Exception):
    """Something that the user has to mend outside the spec: `message` is the fact, `hint` the next step.

    Credentials in URLs are left out of both.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = without_credentials(message)
        self.hint = without_credentials(hint)
        super().__init__(self.message, self.hint)

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message


class StoreError(OperationError):
    """A store cannot be read or written."""


class CorruptObjectError(StoreError):
    """The bytes of an object are not those that its hash names; `sha256` names the object."""

    def __init__(self, message: str, hint: str, sha256: str) -> None:
        super().__init__(message, hint)
        self.args = (self.message, self.hint, sha256)
        self.sha256 = sha256


def missing_object(url: str, sha256: str) -> StoreError:
    """No object has this hash."""
    return StoreError(f"the store `{url}` has no object `{sha256}`", "run the stage that makes it again")


def corrupt_object(url: str, sha256: str) -> CorruptObjectError:
    """An object's bytes have changed since they were stored."""
    return CorruptObjectError(
        f"object `{sha256}` of the store `{url}` is damaged: its bytes are not those that were stored",
        "run the stage that makes it again",
        sha256,
    )


def require_current_folder() -> None:
    """Raise OperationError where the current folder has been deleted: nothing can be found or started from there."""
    try:
        os.getcwd()  # noqa: PTH109 (no Path is needed)
    except FileNotFoundError as error:
        raise OperationError("the folder that you are in has been deleted", "change into one that is there") from error


def next_step(error: OSError, path: Path | None = None) -> str:
    """What to do about a file or folder that the system refuses."""
    if error.errno in FULL:
        return "free some space there, then do it again"
    if error.errno in DENIED:
        return "change the permissions there, then do it again"
    if error.errno in _IN_THE_WAY and path is not None:
        file = next((one for one in (path, *path.parents) if one.exists() and not one.is_dir()), None)
        return f"move away `{file}`, which is a file" if file else f"move away `{path}`, which is a folder"
    return "check the path, then do it again"
