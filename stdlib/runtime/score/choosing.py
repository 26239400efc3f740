"""Which version of a model a score stage uses."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mlopsc.stdlib.runtime.release.state import ReleaseLog, log_prefix
from mlopsc.stdlib.runtime.service.deployment import stage_named
from mlopsc.stdlib.runtime.store.faults import OperationError, StoreError
from mlopsc.stdlib.runtime.store.log import Log
from mlopsc.stdlib.runtime.store.protocol import Store


@dataclass(frozen=True)
class Chosen:
    """A version in force: the train stage whose it is, its number and its artefact's SHA-256."""

    train: str
    number: int
    artefact: str


def choose_version(document: Mapping[str, Any], store: Store, model: str) -> Chosen:
    """The version that the release `model` serves, or the newest one of the train stage `model` that passed its gate.

    Raises OperationError when there is none, and StoreError when its record cannot be read.
    """
    stage = stage_named(document, model)
    if stage["kind"] != "release":
        return _recorded(store, model, None)
    train = str(stage["settings"]["model"])
    state = ReleaseLog(store, log_prefix(model, str(document["environment"]["name"]))).state()
    if state.champion is None:
        raise OperationError(
            f"the release `{model}` serves nothing in `{document['environment']['name']}` yet",
            f"`mlopsc release start` begins one; `model = {train}` scores with the newest version that passed its gate",
        )
    return _recorded(store, train, state.champion)


def _recorded(store: Store, train: str, number: int | None) -> Chosen:
    """The version of that number, or the newest."""
    entries = Log(store, f"versions/{train}").read()
    if not entries:
        fact = f"no version of `{train}` has passed a gate in the store `{store.url}`"
        raise OperationError(fact, "run a gate of it in an environment that a release reads: `mlopsc run -e …`")
    found = next((one for one in reversed(entries) if number in (None, one.number)), None)
    if found is None or found.record is None:
        what = f"version {number} of `{train}`" if found is None else f"the record of version {found.number}"
        raise StoreError(f"{what} is missing or damaged in the store `{store.url}`", "restore the store from a copy")
    return Chosen(train, found.number, str(found.record["model"]))


def told_of_libraries(chosen: Chosen, made_with: Mapping[str, str]) -> str:
    """What to say where the version was fitted with other libraries than are installed here; "" where it was not."""
    here = {name: platform.python_version() if name == "python" else _installed(name) for name in made_with}
    others = [f"{name} {then} (here {here[name]})" for name, then in made_with.items() if here[name] != then]
    return f"version {chosen.number} was fitted with {', '.join(others)}" if others else ""


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
