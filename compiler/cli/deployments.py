"""The release that a command is about: of which spec or built pipeline, in which environment, in which store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlopsc.compiler.cli.built import Built, describe, remembered
from mlopsc.compiler.cli.exits import CommandFailure
from mlopsc.compiler.cli.spec import Spec, environment_named, locate
from mlopsc.stdlib.runtime.extras import need_extra

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.service.deployment import Deployment

PIPELINE = ".json"
"""What the name of a built pipeline ends in."""
_DEPTH = 3
"""How many folders a built `pipeline.json` stands below the project: `deploy/<pipeline>/<environment>`."""


def locate_pipeline(file: str | None) -> Spec:
    """As `locate`, and also a `pipeline.json` that was built from a spec, for machines that have no spec.

    Its project is the folder that it was built in, else the one that it lies in.
    """
    if file is None or not file.endswith(PIPELINE):
        return locate(file)
    path = Path(file)
    document = _document(path)
    folders = path.resolve().parents
    is_built = len(folders) > _DEPTH and folders[_DEPTH - 1].name == "deploy"
    project = folders[_DEPTH] if is_built and folders[0].name == document["environment"]["name"] else folders[0]
    return Spec(project, path.resolve().relative_to(project).as_posix())


def deployment_of(spec: Spec, environment: str | None, release: str | None, store: str | None = None) -> Deployment:
    """A release of the spec as it is now, by default the only one, in the first environment that serves.

    `store` is the folder or URL of another store than the environment's.
    Raises CommandFailure or OperationError where there is no such thing.
    """
    built, name = built_for(spec, environment)
    from mlopsc.stdlib.runtime.service.deployment import open_deployment
    from mlopsc.stdlib.runtime.store.opening import DEFAULT, is_elsewhere, open_store

    document = built.documents[name]
    settings = document["environment"].get("settings", {})
    if store is None and is_elsewhere(settings):
        place = (
            f"`{name}` lives on {settings['platform']['function']}, and MLOPSC_STORE does not say where its store is"
        )
        click.echo(f"warning: {place}; this is about {DEFAULT} of this machine", err=True)
    return open_deployment(document, spec.folder, release, open_store(store, spec.folder) if store else None)


def built_for(spec: Spec, environment: str | None) -> tuple[Built, str]:
    """The spec as it is now, compiled, and the environment that is meant: by default the first that serves."""
    built = built_of(spec)
    need_extra("run")
    return built, environment_named(built.documents, environment or _serving(built))


def built_of(spec: Spec) -> Built:
    """The spec as it is now, compiled, or what was built from it."""
    if spec.name.endswith(PIPELINE):
        return _read(spec.path)
    from mlopsc.compiler.cli.build import compile_for

    return remembered(spec) or describe(compile_for(spec))


def _serving(built: Built) -> str | None:
    """The first environment that a release reads."""
    documents = built.documents.items()
    return next((name for name, document in documents if document["environment"].get("serves", True)), None)


def _read(path: Path) -> Built:
    from mlopsc.stdlib import registry

    document = _document(path)
    name = str(document["environment"]["name"])
    origins: dict[str, Any] = {"stages": {}}
    with suppress(OSError, ValueError):
        origins = json.loads(path.with_name("origins.json").read_bytes())
    return Built({name: document}, {name: origins}, registry().runtimes)


def _document(path: Path) -> Mapping[str, Any]:
    from pydantic import ValidationError

    from mlopsc.compiler.ir.model import Pipeline

    text = path.read_bytes()
    try:
        Pipeline.model_validate_json(text)
    except ValidationError as error:
        raise CommandFailure(f"`{path}` is no `pipeline.json`", "`mlopsc build` writes it") from error
    document: Mapping[str, Any] = json.loads(text)
    return document
