"""The secret of a project's logs, and what is made with it: units, row identities, and ids that only routers make."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.store.faults import OperationError, next_step

VARIABLE = "MLOPSC_LOG_SECRET"
"""Holds the secret where several machines write one log."""
FILE = Path(".mlops") / "keys" / "log"
"""Where the secret lies otherwise, relative to the project."""
_MISSING = frozenset({"nan", "NaT", "<NA>"})
"""What NumPy and pandas say of a value that is not there."""
_SHORTEST = 16
_UNIT = 16
_NONCE = 24
_MAC = 16


def find_secret(project: Path) -> bytes | None:
    """The secret of `MLOPSC_LOG_SECRET`, else of the project's file; None when there is none yet.

    Raises OperationError when it is too short or cannot be read.
    """
    if given := os.environ.get(VARIABLE):
        return _long_enough(given.encode(), f"`{VARIABLE}`")
    path = project / FILE
    try:
        return _long_enough(path.read_bytes().strip(), f"`{path}`")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OperationError(f"`{path}` cannot be read: {error.strerror}", next_step(error, path)) from error


def log_secret(project: Path) -> bytes:
    """The secret, made in the project's file (readable by its owner alone) when there is none yet.

    Raises OperationError when it is too short, or can neither be read nor made.
    """
    found = find_secret(project)
    if found is None:
        _make(project / FILE)
        found = find_secret(project)
    assert found is not None
    return found


def _make(path: Path) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
        # The name appears with its content, and whoever is second takes the secret of the first.
        with suppress(FileExistsError):
            os.link(temporary, path)
    except OSError as error:
        hint = f"set `{VARIABLE}`, or {next_step(error, path)}"
        raise OperationError(f"`{path}` cannot be written: {error.strerror}", hint) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _long_enough(secret: bytes, place: str) -> bytes:
    if len(secret) < _SHORTEST:
        raise OperationError(f"the secret of {place} has {len(secret)} characters", f"give it {_SHORTEST} or more")
    return secret


def fingerprint(secret: bytes) -> str:
    """What tells one secret from another without telling the secret."""
    return _mac(secret, "fingerprint", "")[:_MAC]


def unit_of(secret: bytes, key: Any) -> str:
    """The unit that a key is logged as; "" for no key. A whole number is the same key as its digits."""
    text = key_text(key)
    return _mac(secret, "unit", text)[:_UNIT] if text else ""


def row_of(secret: bytes, values: Mapping[str, Any]) -> str:
    """The identity of an input row without one of its own: equal values have the same, and nobody can guess them."""
    told = json.dumps(values, sort_keys=True, separators=(",", ":"), default=str)
    return _mac(secret, "row", told)[:_UNIT]


def new_id(secret: bytes, instance: str) -> str:
    """An id for a prediction that nobody without the secret can make."""
    nonce = hashlib.sha256(f"{instance}\0{secrets.token_hex(16)}".encode()).hexdigest()[:_NONCE]
    return nonce + _mac(secret, "prediction", nonce)[:_MAC]


def is_known(secret: bytes, prediction: str) -> bool:
    """Whether a router with this secret made the id."""
    nonce, mac = prediction[:_NONCE], prediction[_NONCE:]
    made = _mac(secret, "prediction", nonce)[:_MAC]
    return hmac.compare_digest(mac.encode("utf-8", "surrogatepass"), made.encode())


def key_text(key: Any) -> str:
    """A key as text, the same for 7, 7.0 and "7"; "" for a missing one."""
    if key is None or (not isinstance(key, str) and str(key) in _MISSING):
        return ""
    if isinstance(key, float) and key.is_integer():
        key = int(key)
    return str(key)


def _mac(secret: bytes, purpose: str, text: str) -> str:
    return hmac.digest(secret, f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), "sha256").hex()
