"""Which file of a folder is a pipeline, and of which tool; told by what is in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from posixpath import join

from mlopsc.compiler.importing.azureml import is_azureml, is_pipeline, read_azureml
from mlopsc.compiler.importing.dvc import is_dvc, read_dvc
from mlopsc.compiler.importing.kfp import is_kfp, read_kfp
from mlopsc.compiler.importing.model import TITLES, Foreign, ImportProblem, Kind
from mlopsc.compiler.importing.yaml_values import Value, read_yaml
from mlopsc.compiler.workspace import Workspace

_READERS: Mapping[Kind, tuple[Callable[[Value], bool], Callable[[Workspace, str], Foreign]]] = {
    "dvc": (is_dvc, read_dvc),
    "azureml": (is_azureml, read_azureml),
    "kfp": (is_kfp, read_kfp),
}
_OTHERS: Sequence[tuple[str, str]] = (
    ("apiVersion", "a manifest of Kubernetes; of Kubeflow, the IR is read: `kfp dsl compile` writes it"),
    ("jobs", "a workflow of GitHub"),
    ("services", "a file of Docker Compose"),
    ("kfp", "a file of Kubeflow"),
    ("artifact_path", "a model of MLflow"),
    ("entry_points", "a project of MLflow"),
)
_HINT = "give a dvc.yaml, a pipeline of Azure ML CLI v2, or the YAML that Kubeflow Pipelines v2 compiles to"


def read_file(workspace: Workspace, path: str, kind: Kind | None) -> Foreign:
    """The pipeline of a file; raises ImportProblem."""
    documents = read_yaml(workspace, path)
    document = next((one for one in documents if one), None)
    if document is None:
        raise ImportProblem(f"`{path}` is empty", _HINT)
    found = kind or _kind_of(document)
    if found is None:
        raise ImportProblem(f"`{path}` is {_other(document)}", _HINT)
    if kind is not None and not _READERS[kind][0](document):
        told = _kind_of(document)
        hint = f"it looks like {TITLES[told]}: --from {told}" if told else _HINT
        raise ImportProblem(f"`{path}` is no pipeline of {TITLES[kind]}", hint)
    return _READERS[found][1](workspace, path)


def find_file(workspace: Workspace, folder: str, kind: Kind | None) -> str:
    """The file of a folder that holds its pipeline; raises ImportProblem where there is none, or several."""
    names = [name for name in workspace.list(folder or ".") if name.endswith((".yaml", ".yml"))]
    found = [name for name in names if _is_pipeline(workspace, join(folder, name), kind)]
    shown = folder or "this folder"
    if not found:
        fact = f"{f'`{shown}`' if folder else shown} has no pipeline that can be imported"
        raise ImportProblem(fact, f"{_HINT}{'; it has ' + ', '.join(names[:5]) if names else ''}")
    if len(found) > 1:
        raise ImportProblem(f"there are {len(found)} pipelines here: {', '.join(found[:5])}", "name one of them")
    return join(folder, found[0])


def _is_pipeline(workspace: Workspace, path: str, kind: Kind | None) -> bool:
    try:
        document = next((one for one in read_yaml(workspace, path) if one), None)
    except ImportProblem:
        return path.endswith("dvc.yaml") and kind in (None, "dvc")
    found = _kind_of(document) if document else None
    if document and found == "azureml" and not is_pipeline(document):
        return False
    return found is not None and kind in (None, found)


def _kind_of(document: Value) -> Kind | None:
    return next((kind for kind, (fits, _) in _READERS.items() if fits(document)), None)


def _other(document: Value) -> str:
    if not document.is_mapping:
        return "no pipeline: it is no mapping"
    return next((what for key, what in _OTHERS if document.get(key)), "no pipeline of a kind that can be read")
