"""The release that a command is about: of which spec, in which environment, in which store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlopsc.compiler.cli.built import Built, describe, remembered
from mlopsc.compiler.cli.spec import Spec, environment_named
from mlopsc.stdlib.runtime.extras import need_extra

if TYPE_CHECKING:
    from mlopsc.stdlib.runtime.service.deployment import Deployment


def deployment_of(spec: Spec, environment: str | None, release: str | None, store: str | None = None) -> Deployment:
    """A release of the spec as it is now, by default the only one, in the first environment that serves.

    `store` is the folder or URL of another store than the environment's.
    Raises CommandFailure or OperationError where there is no such thing.
    """
    built, name = built_for(spec, environment)
    from mlopsc.stdlib.runtime.service.deployment import open_deployment
    from mlopsc.stdlib.runtime.store.opening import open_store

    document = built.documents[name]
    return open_deployment(document, spec.folder, release, open_store(store, spec.folder) if store else None)


def built_for(spec: Spec, environment: str | None) -> tuple[Built, str]:
    """The spec as it is now, compiled, and the environment that is meant: by default the first that serves."""
    from mlopsc.compiler.cli.build import compile_for

    built = remembered(spec) or describe(compile_for(spec))
    need_extra("run")
    return built, environment_named(built.documents, environment or _serving(built))


def _serving(built: Built) -> str | None:
    """The first environment that a release reads."""
    documents = built.documents.items()
    return next((name for name, document in documents if document["environment"].get("serves", True)), None)
