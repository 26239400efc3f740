"""The model artefact: one zip that holds all that a prediction needs, and nothing that runs when it is unpickled.

`model.skops` has the fitted steps, `code/` the user's modules, `signature.json` what goes in and comes out and
`environment.json` the versions of the libraries. The same model gives the same bytes in any process.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.model.code import Snapshot
from mlopsc.stdlib.runtime.model.faults import ModelError
from mlopsc.stdlib.runtime.model.model import LoadedModel
from mlopsc.stdlib.runtime.model.signature import Signature
from mlopsc.stdlib.runtime.store.log import canonical

FORMAT = 1
_LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "skops")
_TRUSTED_ROOTS = ("sklearn.", "lightgbm.", "xgboost.", "catboost.", "mlopsc.stdlib.runtime.model.")
_TRUSTED_NAMES = frozenset({"functools.partial", "mlopsc.stdlib.runtime.rehearsal.faults.FaultyEstimator"})


def save_model(model: LoadedModel, path: Path) -> None:
    """Write the artefact; raises StageFailure when a step holds something that may not be loaded again."""
    from mlopsc.stdlib.runtime.model.persistence import dumps

    try:
        dumped = dumps(model.steps)
    except Exception as error:
        raise _unsavable(str(error).split("\n")[0]) from error
    if untrusted := _untrusted(dumped, model.code):
        raise _unsavable(f"it holds {', '.join(f'`{name}`' for name in untrusted)}")
    entries = {
        "format.json": canonical({"format": FORMAT}),
        "environment.json": canonical(dict(model.environment)),
        "signature.json": canonical(model.signature.model_dump(mode="json")),
        "model.skops": _without_addresses(dumped),
        **{f"code/{name}": text.encode() for name, text in model.code.files.items()},
    }
    path.write_bytes(_zipped(entries, ZIP_DEFLATED))


def load_model(path: Path) -> LoadedModel:
    """Read an artefact; raises ModelError when it is none, or holds types that no model may hold.

    Nothing in it runs but the user's modules that it carries, so load only what a store names by its hash.
    """
    try:
        with ZipFile(path) as file:
            entries = {name: file.read(name) for name in file.namelist()}
        if (found := json.loads(entries["format.json"])["format"]) != FORMAT:
            raise ModelError(f"the model has format {found}", f"this version reads format {FORMAT}")
        signature = Signature.model_validate_json(entries["signature.json"])
        environment = json.loads(entries["environment.json"])
        code = Snapshot({name[5:]: text.decode() for name, text in entries.items() if name.startswith("code/")})
        dumped = entries["model.skops"]
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        raise ModelError(f"`{path.name}` is no model artefact: {error}", "train the model again") from error
    return LoadedModel(_load_steps(dumped, code, environment), signature, code, environment)


def library_versions(estimator: Any) -> dict[str, str]:
    """The versions of Python and of the libraries that a model with this estimator needs, by package."""
    root = type(estimator).__module__.partition(".")[0]
    found = {"python": platform.python_version()}
    for package in sorted({*_LIBRARIES, root} - {"sklearn"}):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _load_steps(dumped: bytes, code: Snapshot, environment: Mapping[str, str]) -> Any:
    from mlopsc.stdlib.runtime.model.persistence import get_untrusted_types, loads

    code.install()
    try:
        names = get_untrusted_types(data=dumped)
        if untrusted := [name for name in names if not _is_trusted(name, code)]:
            raise ModelError(f"the model holds `{untrusted[0]}`, which no model may hold", "do not use it")
        return loads(dumped, trusted=names)
    except ModelError:
        raise
    except Exception as error:
        made = ", ".join(f"{name} {number}" for name, number in environment.items())
        raise ModelError(f"the model cannot be loaded: {type(error).__name__}: {error}", f"made with {made}") from error


def _untrusted(dumped: bytes, code: Snapshot) -> list[str]:
    from mlopsc.stdlib.runtime.model.persistence import get_untrusted_types

    return [name for name in get_untrusted_types(data=dumped) if not _is_trusted(name, code)]


def _is_trusted(name: str, code: Snapshot) -> bool:
    return name in _TRUSTED_NAMES or name.startswith((*_TRUSTED_ROOTS, f"{code.package}."))


def _unsavable(fact: str) -> StageFailure:
    return StageFailure(
        f"the fitted model cannot be kept: {fact}",
        "a step may hold numbers, text, lists, dicts, arrays, scikit-learn's objects and classes of your own modules",
        setting="estimator",
    )


def _without_addresses(dumped: bytes) -> bytes:
    """The same skops file with addresses of this process's memory replaced by numbers in order."""
    with ZipFile(BytesIO(dumped)) as file:
        contents = {name: file.read(name) for name in file.namelist()}
    schema = json.loads(contents.pop("schema.json"))
    numbers: dict[Any, int] = {}
    names: dict[str, str] = {}
    for node in _nodes(schema):
        if "__id__" in node:
            node["__id__"] = numbers.setdefault(node["__id__"], len(numbers) + 1)
        if isinstance(name := node.get("file"), str) and name in contents:
            node["file"] = names.setdefault(name, f"{len(names) + 1}.{name.rpartition('.')[2]}")
    entries = {"schema.json": json.dumps(schema).encode(), **{names[name]: contents[name] for name in names}}
    return _zipped(entries, ZIP_STORED)


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _nodes(part)


def _zipped(entries: Mapping[str, bytes], compression: int) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w", compression, compresslevel=1) as file:
        for name, content in entries.items():
            file.writestr(ZipInfo(name), content, compress_type=compression)
    return buffer.getvalue()
