"""Kubeflow Pipelines v2: the intermediate representation that `kfp` compiles pipelines to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlopsc.compiler.importing.code import script_of
from mlopsc.compiler.importing.model import Code, Foreign, ImportProblem, Note, Step, Tried
from mlopsc.compiler.importing.yaml_values import Value, read_yaml
from mlopsc.compiler.workspace import Workspace

_FUNCTION = "--function_to_execute"
_MODEL = "system.Model"
_DEEPEST = 20
_INPUT = re.compile(r"inputs\.parameter_values\['(?P<name>[^']+)'\]")
_METRIC = re.compile(r"\.log_metric\(\s*['\"]([\w @.-]+)['\"]")
_CONTAINER: Mapping[str, str] = {
    "resources": "`compute = job(…)` of a stage says how large its machine is",
    "env": 'code reads secrets by `secret("NAME")`; anything else is a parameter',
}
_TASK: Mapping[str, str] = {
    "retryPolicy": "`retries` of a stage says how often it is tried again",
    "iteratorPolicy": "candidates and folds run side by side by themselves",
}


@dataclass(frozen=True)
class _Bound:
    """What an input stands for: the steps that make it, or a value."""

    steps: tuple[str, ...] = ()
    value: Any = None


@dataclass(frozen=True)
class _Around:
    """A graph of tasks: where it stands among the others, what its inputs are, when it runs, and after which steps."""

    before: str
    inputs: Mapping[str, _Bound]
    condition: str = ""
    waits: tuple[str, ...] = ()


def is_kfp(document: Value) -> bool:
    """Whether a document is a compiled pipeline, alone or inside of a job."""
    spec = document.get("pipelineSpec") or document
    return bool(spec.get("pipelineInfo") or (spec.get("root") and spec.get("components")))


def read_kfp(workspace: Workspace, path: str) -> Foreign:
    """The pipeline of a compiled file; raises ImportProblem."""
    documents = read_yaml(workspace, path)
    document = next(one for one in documents if one)
    return _Kfp(document.get("pipelineSpec") or document, path).read(documents)


class _Kfp:
    def __init__(self, document: Value, path: str) -> None:
        self._document = document
        self._path = path
        self._left: list[Note] = []

    def read(self, documents: list[Value]) -> Foreign:
        version = self._document.get("schemaVersion")
        if not version.text.startswith("2."):
            fact = f"`{version.place}` has the schema version `{version.text or 'none'}`, and 2.x can be read"
            raise ImportProblem(fact, "compile it anew with kfp 2: kfp dsl compile --py FILE --output FILE")
        root = self._document.get("root")
        if not root.get("dag").get("tasks").items:
            raise ImportProblem(f"`{root.place}`: the pipeline has no tasks", "compile it anew, then import again")
        inputs = {name: _Bound(value=_constant(one)) for name, one in _parameters(root)}
        steps = tuple(self._tasks(root, _Around("", inputs)))
        for one in documents[1:]:
            outcome = "settings of Kubernetes: an environment's `platform` says where stages run"
            self._left.append(Note(one.place, "the platform's part of the file", outcome))
        info = self._document.get("pipelineInfo")
        text = info.get("description").text
        return Foreign("kfp", info.get("name").text, steps, text, left=tuple(self._left), files=(self._path,))

    def _tasks(self, component: Value, around: _Around) -> Iterator[Step]:
        tasks = component.get("dag").get("tasks")
        if around.before.count("/") > _DEEPEST:
            raise ImportProblem(f"`{component.place}`: its components contain themselves", "compile it anew")
        makers = {name: self._makers(f"{around.before}{name}", task) for name, task in tasks.items}
        for name, task in tasks.items:
            below = self._component(task)
            inputs = dict(self._inputs(task, around, makers, below))
            after = (makers.get(one.text, ()) for one in task.get("dependentTasks").elements)
            waits = (*around.waits, *(step for one in after for step in one))
            condition = self._condition(task, inputs, around)
            inputs |= self._looped(f"{around.before}{name}", task, inputs)
            if task.get("triggerPolicy").get("strategy").text == "ALL_UPSTREAM_TASKS_COMPLETED":
                self._tell_of_exit(f"{around.before}{name}", task)
                if not below.get("dag"):
                    continue
            if below.get("dag"):
                yield from self._tasks(below, _Around(f"{around.before}{name}/", inputs, condition, waits))
            else:
                yield self._step(f"{around.before}{name}", task, below, inputs, waits, condition)

    def _tell_of_exit(self, name: str, task: Value) -> None:
        """A task that runs when others have ended, well or not."""
        after = ", ".join(one.text for one in task.get("dependentTasks").elements)
        outcome = "a stage that fails says so by itself; `on … do notify(…)` in a monitor tells of what comes later"
        self._left.append(Note(task.place, f"`{name}`, which runs after `{after}`, even if that failed", outcome))

    def _condition(self, task: Value, inputs: Mapping[str, _Bound], around: _Around) -> str:
        """Under which conditions a task runs, its own last, with what their names stand for."""
        policy = task.get("triggerPolicy")

        def named(match: re.Match[str]) -> str:
            value = inputs.get(match["name"], _Bound()).value
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            return str(value) if is_number else match["name"].removeprefix("pipelinechannel--")

        own = _INPUT.sub(named, policy.get("condition").text)
        return " and ".join(filter(None, (around.condition, own)))

    def _looped(self, name: str, task: Value, inputs: Mapping[str, _Bound]) -> dict[str, _Bound]:
        """What a loop runs over, by the name that it has inside."""
        iterator = task.get("parameterIterator") or task.get("artifactIterator")
        if not iterator:
            return {}
        items = iterator.get("items")
        values = _listed(items.get("raw").text) or inputs.get(items.get("inputParameter").text, _Bound()).value
        single = isinstance(values, list) and values and not any(isinstance(one, dict | list) for one in values)
        over = json.dumps(values) if single else "what comes in"
        outcome = "what is tried of an estimator is a `search`; for anything else, write a stage for each"
        self._left.append(Note(iterator.place, f"the loop `{name}` over {over}", outcome))
        return {iterator.get("itemInput").text: _Bound(value=Tried(tuple(values)))} if single else {}

    def _component(self, task: Value) -> Value:
        name = task.get("componentRef").get("name")
        found = self._document.get("components").get(name.text)
        if not found:
            fact = f"`{name.place}`: there is no component `{name.text}`"
            raise ImportProblem(fact, "compile the pipeline anew, then import again")
        return found

    def _makers(self, name: str, task: Value, depth: int = 0) -> tuple[str, ...]:
        """The steps behind a task: itself, or those of the graph that it stands for."""
        below = self._component(task)
        inner = below.get("dag").get("tasks").items
        if not inner or depth > _DEEPEST:
            return (name,)
        return tuple(step for one, job in inner for step in self._makers(f"{name}/{one}", job, depth + 1))

    def _inputs(
        self, task: Value, around: _Around, makers: Mapping[str, tuple[str, ...]], below: Value
    ) -> Iterator[tuple[str, _Bound]]:
        given = task.get("inputs")
        for name, one in _parameters(below):
            if one.get("defaultValue").content is not None:
                yield name, _Bound(value=_constant(one))
        for name, one in [*given.get("parameters").items, *given.get("artifacts").items]:
            outer = one.get("componentInputParameter") or one.get("componentInputArtifact")
            made = one.get("taskOutputParameter") or one.get("taskOutputArtifact")
            if outer:
                yield name, around.inputs.get(outer.text, _Bound())
            elif made:
                maker = made.get("producerTask")
                if maker.text not in makers:
                    fact = f"`{maker.place}`: there is no task `{maker.text}`"
                    raise ImportProblem(fact, "compile the pipeline anew, then import again")
                yield name, _Bound(steps=makers[maker.text])
            else:
                kind = dict(_parameters(below)).get(name, below).get("parameterType").text
                yield name, _Bound(value=_whole(one.get("runtimeValue").get("constant").plain, kind))

    def _step(
        self,
        name: str,
        task: Value,
        component: Value,
        inputs: Mapping[str, _Bound],
        waits: Iterable[str],
        condition: str,
    ) -> Step:
        label = component.get("executorLabel").text
        executor = self._document.get("deploymentSpec").get("executors").get(label)
        container = executor.get("container")
        artifacts = dict(component.get("outputDefinitions").get("artifacts").items)
        values = {key: one.value for key, one in inputs.items() if one.value is not None}
        reads = dict.fromkeys([*(step for one in inputs.values() for step in one.steps), *waits])
        self._tell_of(name, task, executor)
        return Step(
            name,
            task.place,
            reads=tuple(reads),
            sources=tuple(str(one) for one in [*values.values(), _imported(executor, inputs)] if _is_address(one)),
            code=_code(container),
            command=_command(container),
            parameters={key: one for key, one in values.items() if not _is_address(one)},
            metrics=dict.fromkeys([*_numbers_of(component), *_logged(container)]),
            makes_model=any(one.get("artifactType").get("schemaTitle").text == _MODEL for one in artifacts.values()),
            condition=condition,
        )

    def _tell_of(self, name: str, task: Value, executor: Value) -> None:
        container = executor.get("container")
        image = container.get("image")
        if container and _function(container) is None:
            outcome = "what a container does is not known: call its program from a function in Python"
            self._left.append(Note(image.place, f"the container `{image.text}` of `{name}`", outcome))
        elif container:
            outcome = "list the packages in requirements.txt, and keep its function in a file of the project"
            self._left.append(Note(image.place, f"the image `{image.text}` of `{name}`", outcome))
        caching = task.get("cachingOptions")
        if caching.content is not None and not caching.get("enableCache"):
            outcome = "a stage runs when what it reads has changed: `refresh = each_run` looks at its source each time"
            self._left.append(Note(caching.place, f"`{name}`, which runs each time", outcome))
        for of, known in ((container, _CONTAINER), (task, _TASK)):
            for key, one in of.items:
                if key in known and one:
                    self._left.append(Note(one.place, f"`{key}` of `{name}`", known[key]))


def _numbers_of(component: Value) -> Iterator[str]:
    """The numbers that a component returns by a name of their own."""
    for name, one in component.get("outputDefinitions").get("parameters").items:
        if one.get("parameterType").text == "NUMBER_DOUBLE" and name != "Output":
            yield name


def _logged(container: Value) -> Iterator[str]:
    """The metrics that a function writes down by a name that stands in its text."""
    function = _function(container)
    yield from _METRIC.findall(function[1]) if function else ()


def _parameters(component: Value) -> list[tuple[str, Value]]:
    return component.get("inputDefinitions").get("parameters").items


def _constant(definition: Value) -> Any:
    """The default of a parameter; whole numbers are written with a decimal point where they are sent as numbers."""
    return _whole(definition.get("defaultValue").plain, definition.get("parameterType").text)


def _whole(value: Any, kind: str) -> Any:
    if isinstance(value, list):
        return [_whole(one, "NUMBER_INTEGER") for one in value]
    return int(value) if kind == "NUMBER_INTEGER" and isinstance(value, float) and value.is_integer() else value


def _listed(text: str) -> list[Any] | None:
    """A list that is written as JSON inside of the YAML."""
    try:
        found = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and ("://" in value or value.endswith((".csv", ".parquet", ".tsv")))


def _imported(executor: Value, inputs: Mapping[str, _Bound]) -> Any:
    """The address that an importer takes its artifact from."""
    uri = executor.get("importer").get("artifactUri")
    named = inputs.get(uri.get("runtimeParameter").text)
    return uri.get("constant").text or (named.value if named else "")


def _words(container: Value, key: str) -> list[str]:
    return [one.text for one in container.get(key).elements]


def _function(container: Value) -> tuple[str, str] | None:
    """The name and the text of the function that a container runs, where its component is one."""
    words = [*_words(container, "command"), *_words(container, "args")]
    if _FUNCTION not in words[:-1]:
        return None
    name = words[words.index(_FUNCTION) + 1]
    return name, next((word for word in words if f"def {name}(" in word), "")


def _code(container: Value) -> Code | None:
    function = _function(container)
    if function is not None:
        return Code("", *function)
    script = script_of(_command(container))
    return Code(script) if script else None


def _command(container: Value) -> str:
    function = _function(container)
    if function is not None:
        return f"{function[0]}(…)"
    return " ".join(
        json.dumps(one) if " " in one else one for one in _words(container, "command") + _words(container, "args")
    )
