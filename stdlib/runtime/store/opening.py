"""Opening the store that an environment names."""

from __future__ import annotations

from pathlib import Path

from mlopsc.stdlib.runtime.store.local import LocalStore
from mlopsc.stdlib.runtime.store.protocol import Store

DEFAULT = ".mlops/store"
"""Where the store is unless the environment names one, relative to the project."""


def open_store(location: str | None, project: Path) -> Store:
    """The store at a folder (relative to the project) or URL; nothing is created or reached before it is used."""
    scheme, separator, rest = (location or DEFAULT).partition("://")
    if not separator:
        return LocalStore(project / Path(scheme).expanduser())
    if scheme in ("file", "local"):
        return LocalStore(project / rest)
    from mlopsc.stdlib.runtime.store.remote import RemoteStore

    return RemoteStore(f"{scheme}://{rest}".rstrip("/"), LocalStore(project / ".mlops" / "cache"))
