"""Azure ML CLI v2: pipeline jobs with their components, inline or in files, and the schedules beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from posixpath import basename, dirname, join, normpath
from typing import Any

from mlopsc.compiler.importing.azureml_beside import Schedules
from mlopsc.compiler.importing.azureml_search import read_space
from mlopsc.compiler.importing.code import script_of, text_of
from mlopsc.compiler.importing.model import Code, Foreign, ImportProblem, Note, Place, Step
from mlopsc.compiler.importing.yaml_values import Value, read_yaml
from mlopsc.compiler.workspace import Workspace

_BINDING = re.compile(r"\$\{\{\s*(?P<name>[\w.\-]+)\s*\}\}")
_FLAG = re.compile(r"--(?P<flag>[\w-]+)[ =]+\$\{\{\s*(?:inputs|search_space)\.(?P<name>[\w-]+)\s*\}\}")
_OLD_BINDING = re.compile(r"^(inputs|jobs)\.")
_MODELS = ("mlflow_model", "custom_model", "triton_model")
_ROWS = ("uri_file", "uri_folder", "mltable")
_HINT = "correct that line, then import again"
_DEEPEST = 10
_JOB: Mapping[str, str] = {
    "compute": "an environment's `platform` says where it is, and `compute = job(…)` how large",
    "environment": "list the packages in requirements.txt: the lock of every model is made from it",
    "resources": "`compute = job(…)` of a stage says how large its machine is",
    "distribution": "a stage is one process on one machine",
    "environment_variables": 'code reads secrets by `secret("NAME")`; anything else is a parameter',
    "identity": "identities are written with the Terraform of an environment",
    "services": "there is no place for it",
    "early_termination": "each candidate of a search is trained to its end",
}
_TOP: Mapping[str, str] = {
    "settings": "an environment's `platform` says where stages run",
    "compute": "an environment's `platform` says where it is",
    "tags": "there is no place for it",
}


@dataclass(frozen=True)
class _Bound:
    """What an input stands for: steps that make it, a path of rows, or a value."""

    steps: tuple[str, ...] = ()
    path: str = ""
    value: Any = None


@dataclass(frozen=True)
class _Around:
    """What the jobs of a pipeline may name: its inputs, and what makes the outputs of its jobs."""

    inputs: Mapping[str, _Bound]
    makers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    before: str = ""


def is_azureml(document: Value) -> bool:
    """Whether a document is a job of Azure ML CLI v2, or something else of its kind."""
    schema, jobs = document.get("$schema").text, document.get("jobs")
    typed = jobs.is_mapping and bool(jobs.items) and all(_is_job(one) for _, one in jobs.items)
    alone = bool(document.get("command")) and (document.get("environment") or document.get("code"))
    return "azureml" in schema or typed or bool(alone)


def is_pipeline(document: Value) -> bool:
    """Whether a document of this kind is a job that can be read: no component, schedule or endpoint."""
    alone = (document.get("command") or document.get("trial")) and "component" not in document.get(
        "$schema"
    ).text.lower()
    return bool(document.get("jobs") or alone)


def _is_job(value: Value) -> bool:
    return bool(value.get("component") or value.get("trial")) or (bool(value.get("type")) and not value.get("steps"))


def read_azureml(workspace: Workspace, path: str) -> Foreign:
    """The pipeline of a job's YAML; raises ImportProblem."""
    return _AzureMl(workspace, path).read()


class _AzureMl:
    def __init__(self, workspace: Workspace, path: str) -> None:
        self._workspace = workspace
        self._path = path
        self._left: list[Note] = []
        self._carried: list[Note] = []
        self._files = [path]

    def read(self) -> Foreign:
        document = self._document(self._path)
        name = document.get("display_name").text or document.get("experiment_name").text or document.get("name").text
        if document.get("jobs"):
            steps = self._pipeline(document)
        elif is_pipeline(document):
            component, where = self._component(document, self._path)
            steps = [self._step(basename(self._path).partition(".")[0], document, component, _Around({}), where)]
        else:
            fact = f"`{self._path}` is no job: it has no `jobs`"
            raise ImportProblem(fact, "give the pipeline that uses it")
        for key, one in document.items:
            if key in _TOP and one:
                self._left.append(Note(one.place, f"`{key}` of the pipeline", _TOP[key]))
        beside = Schedules(self._workspace, self._path, self._files)
        every = beside.read()
        steps += beside.monitors
        self._carried += beside.carried
        self._left += beside.left
        return Foreign(
            "azureml",
            name,
            tuple(steps),
            document.get("description").text,
            every,
            tuple(self._carried),
            tuple(self._left),
            tuple(self._files),
        )

    def _document(self, path: str, place: Place | None = None) -> Value:
        if place is not None and not self._workspace.exists(path):
            fact = f"`{place}` names `{path}`, and there is no such file"
            raise ImportProblem(fact, "correct the path; it is relative to the file that names it")
        documents = read_yaml(self._workspace, path)
        found = next((one for one in documents if one), None)
        if found is None or not found.is_mapping:
            raise ImportProblem(f"`{path}` is no job and no component", "give a YAML file of Azure ML CLI v2")
        return found

    def _pipeline(self, document: Value) -> list[Step]:
        inputs = {name: self._given(one, self._path) for name, one in document.get("inputs").items}
        return list(self._jobs(document, _Around(inputs), self._path))

    def _jobs(self, document: Value, around: _Around, path: str) -> Iterator[Step]:
        if around.before.count(".") > _DEEPEST:
            raise ImportProblem(f"`{document.place}`: its components contain themselves", "take one of them out")
        if not document.get("jobs").is_mapping:
            raise ImportProblem(f"`{document.get('jobs').place}`: `jobs` is no mapping", _HINT)
        jobs = {name: self._component(job, path) for name, job in document.get("jobs").items}
        for name, (component, _) in jobs.items():
            inner = [f"{around.before}{name}.{one}" for one, _ in component.get("jobs").items]
            around.makers[name] = tuple(inner) or (f"{around.before}{name}",)
        for name, (component, where) in jobs.items():
            job = document.get("jobs").get(name)
            if component.get("jobs"):
                own = {key: self._given(one, where) for key, one in component.get("inputs").items}
                given = {key: self._bound(one, around, path) for key, one in job.get("inputs").items}
                yield from self._jobs(component, _Around({**own, **given}, {}, f"{around.before}{name}."), where)
            else:
                yield self._step(f"{around.before}{name}", job, component, around, where)

    def _component(self, job: Value, path: str) -> tuple[Value, str]:
        """What a job runs, and the file that it is written in."""
        named = job.get("component") or job.get("trial")
        if not named:
            return job, path
        if named.is_mapping:
            return named, path
        text = named.text.removeprefix("file:")
        if text.startswith("azureml:"):
            self._left.append(
                Note(named.place, f"the component `{text}`", "its code is in a registry: import its file")
            )
            return Value({}, job.place), path
        file = normpath(join(dirname(path), text))
        component = self._document(file, named.place)
        if file not in self._files:
            self._files.append(file)
        return component, file

    def _step(self, name: str, job: Value, component: Value, around: _Around, path: str) -> Step:
        inputs = {key: self._given(one, path) for key, one in component.get("inputs").items}
        inputs |= {key: self._bound(one, around, path) for key, one in job.get("inputs").items}
        command = component.get("command").text or job.get("command").text
        code = component.get("code") or job.get("code")
        folder = normpath(join(dirname(path), code.get("local_path").text or code.text or "."))
        script = script_of(command, folder)
        self._tell_of(name, job, component)
        space = read_space(name, job, self._left)
        outputs = [*component.get("outputs").items, *job.get("outputs").items]
        reads = dict.fromkeys(step for one in inputs.values() for step in one.steps)
        return Step(
            name,
            job.place,
            reads=tuple(one for one in reads if one != name),
            sources=tuple(one.path for one in inputs.values() if one.path),
            code=Code(script, source=text_of(self._workspace, script)) if script else None,
            command=" ".join(command.split()),
            parameters=_by_flag(command, {key: one.value for key, one in inputs.items()} | {**space.tried}),
            candidates=space.candidates,
            metrics=dict.fromkeys(filter(None, [job.get("objective").get("primary_metric").text])),
            makes_model=any(one.get("type").text in _MODELS for _, one in outputs),
        )

    def _tell_of(self, name: str, job: Value, component: Value) -> None:
        kind = component.get("type").text or job.get("type").text or "command"
        if kind not in ("command", "sweep"):
            self._left.append(Note(job.place, f"the {kind} job `{name}`", "only its inputs and outputs were read"))
        told = {key: one for one in (component, job) for key, one in one.items if one and key in _JOB}
        for key, one in told.items():
            self._left.append(Note(one.place, f"`{key}` of `{name}`", _JOB[key]))

    def _given(self, value: Value, path: str) -> _Bound:
        """What an input is by itself: a path of rows, or a value."""
        if not value.is_mapping:
            return _Bound(value=value.plain)
        where = value.get("path") or value.get("dataset").get("local_path") or value.get("data")
        if where.text:
            return _Bound(path=_rows(where.text, dirname(path)))
        return _Bound(value=value.get("default").plain)

    def _bound(self, value: Value, around: _Around, path: str) -> _Bound:
        """What an input of a job is, with its `${{…}}` followed."""
        text = value.text or value.get("path").text
        match = _BINDING.fullmatch(text.strip())
        if match is None:
            return self._given(value, path)
        parts = _OLD_BINDING.sub(r"parent.\1.", match["name"]).split(".")
        if parts[:2] == ["parent", "inputs"] and len(parts) > 2:
            if parts[2] in around.inputs:
                return around.inputs[parts[2]]
            fact = f"`{value.place}`: the pipeline has no input `{parts[2]}`"
            raise ImportProblem(fact, "declare it below `inputs:` of the pipeline")
        if parts[:2] == ["parent", "jobs"] and len(parts) > 2:
            if parts[2] in around.makers:
                return _Bound(steps=around.makers[parts[2]])
            raise ImportProblem(f"`{value.place}`: the pipeline has no job `{parts[2]}`", _HINT)
        raise ImportProblem(f"`{value.place}`: `{text}` stands for nothing that is known", _HINT)


def _by_flag(command: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a command by the names that its program has for them: `--depth ${{inputs.tree_depth}}`."""
    flags = {match["name"]: match["flag"].replace("-", "_") for match in _FLAG.finditer(command)}
    return {flags.get(name, name): value for name, value in parameters.items() if value is not None}


def _rows(path: str, folder: str) -> str:
    """A path of rows, relative to the project; an address as it is."""
    return path if ":" in path or path.startswith("/") else normpath(join(folder, path))
