"""Writing a run into MLflow: one MLflow run, logged model and registered version for each trained model."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.stdlib.runtime.commit import read_commit
from mlopsc.stdlib.runtime.model.about import read_about
from mlopsc.stdlib.runtime.store.log import canonical
from mlopsc.stdlib.runtime.store.opening import open_store

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.models import ModelSignature

KEY = "mlopsc.key"
"""The tag that says which trained model an MLflow run is about."""

_LONGEST = 5_000
_LOADER = "mlopsc.stdlib.runtime.model.pyfunc"
_TYPES = {"int": "long", "float": "double", "bool": "boolean", "category": "string", "text": "string"}


def record_run(handed: Mapping[str, Any]) -> None:
    """Write what `tracking.hand_over` gathered; raises whatever MLflow raises."""
    import mlflow

    if handed["uri"].startswith("sqlite:///"):
        Path(handed["uri"].removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(handed["uri"])
    client = mlflow.MlflowClient()
    experiment = _experiment(client, handed)
    for stage in handed["trained"]:
        _record_model(client, experiment, handed, stage)


def record_release(handed: Mapping[str, Any]) -> None:
    """Move the aliases of a release to the versions in these roles; raises whatever MLflow raises."""
    import mlflow

    mlflow.set_tracking_uri(handed["uri"])
    client = mlflow.MlflowClient()
    name = f"{handed['pipeline']}.{handed['released']}"
    if not client.search_registered_models(f"name = '{name}'"):
        return
    for role, key in handed["roles"].items():
        alias = alias_of(role, handed)
        version = None if key is None else _registered(client, handed["pipeline"], key)
        if version is not None:
            client.set_registered_model_alias(name, alias, version)
        else:
            client.delete_registered_model_alias(name, alias)


def _registered(client: MlflowClient, pipeline: str, key: str) -> str | None:
    """The number that MLflow's registry gave the model made under a key of the engine; None for one it never saw."""
    experiment = client.get_experiment_by_name(pipeline)
    known = (
        client.search_runs([experiment.experiment_id], f"tags.`{KEY}` = '{key}'", max_results=1) if experiment else ()
    )
    return known[0].data.tags.get("mlopsc.registered_version") if known else None


def _experiment(client: MlflowClient, handed: Mapping[str, Any]) -> str:
    found = client.get_experiment_by_name(handed["pipeline"])
    if found is not None:
        return str(found.experiment_id)
    is_local = handed["uri"].startswith("sqlite:///")
    location = Path(handed["artifacts"]).as_uri() if is_local else None
    return str(client.create_experiment(handed["pipeline"], artifact_location=location))


def _record_model(client: MlflowClient, experiment: str, handed: Mapping[str, Any], stage: str) -> None:
    record = handed["records"][stage]
    known = client.search_runs([experiment], f"tags.`{KEY}` = '{record['key']}'", max_results=1)
    if known:
        run, version = known[0].info.run_id, known[0].data.tags.get("mlopsc.registered_version")
    else:
        run = client.create_run(experiment, run_name=f"{stage} {handed['run']}").info.run_id
        _log_training(client, run, handed, stage)
        version = _register(client, run, handed, stage)
        client.set_tag(run, "mlopsc.registered_version", version)
    _log_gates(client, run, handed, stage, version)
    client.set_terminated(run)


def _log_training(client: MlflowClient, run: str, handed: Mapping[str, Any], stage: str) -> None:
    from mlflow.entities import Metric, Param, RunTag

    record, now = handed["records"][stage], int(time.time() * 1000)
    facts = record["facts"]
    metric = facts["objective"]["metric"]
    metrics = [Metric(f"{metric}.{split}", value, now, 0) for split, value in facts["scores"].items()]
    for step, candidate in enumerate(facts["candidates"]):
        if candidate["score"] is not None:
            metrics.append(Metric(f"{metric}.candidates", candidate["score"], now, step))
    chosen = {"estimator": facts["estimator"], "refit": facts["refit"], "seed": facts["seed"], **facts["parameters"]}
    parameters = [Param(name, str(value)[:_LONGEST]) for name, value in {**_declared(handed, stage), **chosen}.items()]
    tags = [RunTag(name, str(value)[:_LONGEST]) for name, value in _tags(handed, stage).items() if value is not None]
    client.log_batch(run, metrics, parameters, tags)


def _declared(handed: Mapping[str, Any], stage: str) -> dict[str, Any]:
    """The estimator's parameters as the spec has them."""
    declaration = next(one for one in handed["document"]["stages"] if one["name"] == stage)
    return dict(declaration["settings"]["estimator"].get("parameters", {}))


def _tags(handed: Mapping[str, Any], stage: str) -> dict[str, Any]:
    declaration = next(one for one in handed["document"]["stages"] if one["name"] == stage)
    commit = read_commit(Path(handed["project"])) or {}
    data = handed["records"].get(declaration["settings"]["data"], {})
    return {
        KEY: handed["records"][stage]["key"],
        "mlopsc.pipeline": handed["pipeline"],
        "mlopsc.environment": handed["environment"],
        "mlopsc.run": handed["run"],
        "mlopsc.spec": hashlib.sha256(canonical(handed["document"])).hexdigest(),
        "mlopsc.data": data.get("facts", {}).get("hash"),
        "mlopsc.commit": commit.get("sha"),
        "mlopsc.commit_changed": commit.get("changed"),
        "mlflow.user": os.environ.get("USER"),
    }


def _register(client: MlflowClient, run: str, handed: Mapping[str, Any], stage: str) -> str:
    """Log the artefact as a model that MLflow can load, and register it; the number that the registry gives it."""
    import mlflow.pyfunc
    from mlflow.exceptions import MlflowException

    store = open_store(handed["store"], Path(handed["project"]))
    artefact = store.local_path(handed["records"][stage]["outputs"]["model"])
    signature, environment = read_about(artefact)
    with mlflow.start_run(run_id=run):
        logged = mlflow.pyfunc.log_model(
            name=stage,
            loader_module=_LOADER,
            data_path=str(artefact),
            pip_requirements=[f"{name}=={found}" for name, found in environment.items() if name != "python"],
            signature=_as_signature(signature),
        )
    name = f"{handed['pipeline']}.{stage}"
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    version = client.create_model_version(name, logged.model_uri, run)
    client.set_registered_model_alias(name, alias_of("challenger", handed), version.version)
    return str(version.version)


def alias_of(role: str, handed: Mapping[str, Any]) -> str:
    """The name of a version in an environment, of letters, digits, `_` and `-`, which are all that MLflow takes."""
    return re.sub(r"[^0-9A-Za-z_-]", "_", f"{role}-{handed['environment']}")


def _log_gates(client: MlflowClient, run: str, handed: Mapping[str, Any], stage: str, version: str | None) -> None:
    """Verdicts as tags, figures as metrics where the report shows them, and the alias of a model that got through."""
    for gate, facts, verdict in _gates(handed, stage):
        client.set_tag(run, f"mlopsc.gate.{gate}", verdict)
        for name, value in _figures(facts):
            client.log_metric(run, f"{gate}.{name}", value)
        if facts["version"] is not None and version is not None:
            if not _is_released(handed, stage):
                name = f"{handed['pipeline']}.{stage}"
                client.set_registered_model_alias(name, alias_of("champion", handed), version)
            client.set_tag(run, "mlopsc.version", facts["version"])


def _is_released(handed: Mapping[str, Any], stage: str) -> bool:
    """Whether a release says which version of a model is the champion, which then is not the newest by itself."""
    stages = handed["document"]["stages"]
    return any(one["kind"] == "release" and one["settings"]["model"] == stage for one in stages)


def _gates(handed: Mapping[str, Any], stage: str) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    for name, record in handed["records"].items():
        if record["kind"] == "test" and record["facts"].get("model") == stage:
            yield name, record["facts"], record["verdict"]


def _figures(facts: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for rule in facts["rules"]:
        for judgement in rule["judgements"]:
            value = judgement.get("estimate")
            if value is not None and isfinite(value):
                yield _metric_name(rule["rule"]), value


def _metric_name(rule: str) -> str:
    """A rule's id with the characters that MLflow allows in the name of a metric."""
    return "".join(char if char.isalnum() or char in " _-./" else "_" for char in rule).strip("_ ")


def _as_signature(signature: Mapping[str, Any]) -> ModelSignature:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    columns = signature["inputs"]
    inputs = [
        ColSpec(_TYPES.get(one["type"], "datetime"), one["name"], required=not one["optional"]) for one in columns
    ]
    answer = {"regression": "double", "binary": "boolean"}.get(signature["task"], "string")
    has_vectors = any(one["type"] == "vector" for one in columns)
    return ModelSignature(None if has_vectors else Schema([*inputs]), Schema([ColSpec(answer)]))
