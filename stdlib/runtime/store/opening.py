"""Opening the store that an environment names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlopsc.stdlib.runtime.store.local import LocalStore
from mlopsc.stdlib.runtime.store.protocol import Store

DEFAULT = ".mlops/store"
"""Where the store is unless the environment names one, relative to the project."""
VARIABLE = "MLOPSC_STORE"
"""Says where an environment's store is, whatever the spec says: set for what runs on infrastructure that made it."""

BEFORE = "MLOPSC_STORE_BEFORE"
"""Says where the store of the environment before is, from which a run takes what has been made there already."""


def environment_store(settings: Mapping[str, Any], project: Path) -> Store:
    """The store of an environment, from its settings, or where the variable MLOPSC_STORE says that it is."""
    return open_store(environment_place(settings), project)


def environment_place(settings: Mapping[str, Any]) -> str | None:
    """The folder or URL of that store; None for the usual folder."""
    return os.environ.get(VARIABLE) or settings.get("store")


def is_elsewhere(settings: Mapping[str, Any]) -> bool:
    """Whether an environment lives on a cloud, and nothing says where its store is there."""
    platform = settings.get("platform", {}).get("function", "local")
    return platform != "local" and environment_place(settings) is None


def store_before(project: Path) -> Store | None:
    """The store of the environment before, where the variable MLOPSC_STORE_BEFORE says that there is one."""
    place = os.environ.get(BEFORE)
    return open_store(place, project) if place else None


def open_store(location: str | None, project: Path) -> Store:
    """The store at a folder (relative to the project) or URL; nothing is created or reached before it is used."""
    scheme, separator, rest = (location or DEFAULT).partition("://")
    if not separator:
        return LocalStore(project / Path(scheme).expanduser())
    if scheme in ("file", "local"):
        return LocalStore(project / rest)
    from mlopsc.stdlib.runtime.store.remote import RemoteStore

    return RemoteStore(f"{scheme}://{rest}".rstrip("/"), LocalStore(project / ".mlops" / "cache"))
