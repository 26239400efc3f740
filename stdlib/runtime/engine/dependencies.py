"""The dependency lock that a stage ran under, as its key names it and as a text to keep."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from mlopsc.stdlib.runtime.engine.keys import INSTALLED, digest_of_installed, installed
from mlopsc.stdlib.runtime.store.protocol import Store


def keep_lock(store: Store, project: Path, locked: Mapping[str, str] | None) -> str | None:
    """Put the text of a lock into the store: the part `dependencies` of a key says which; the hash of the object.

    Without a lock file it is a list of what is installed, `name==version` on each line. None when what lies in the
    project is not what was locked.
    """
    for name, digest in (locked or {}).items():
        content = _content(project, name, digest)
        return None if content is None else store.put_object(content)
    return None


def _content(project: Path, name: str, digest: str) -> bytes | None:
    if name == INSTALLED:
        packages = [one.rpartition("-") for one in installed()]
        found = digest_of_installed(), "".join(f"{package}=={number}\n" for package, _, number in packages).encode()
    else:
        try:
            content = (project / name).read_bytes()
        except OSError:
            return None
        found = hashlib.sha256(content).hexdigest(), content
    return found[1] if found[0] == digest else None
