"""DVC: `dvc.yaml`, with the parameters, variables and lock beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from posixpath import dirname, join, normpath
from typing import Any

from mlopsc.compiler.importing.code import script_of, text_of
from mlopsc.compiler.importing.dvc_templates import Scope, expanded, filled
from mlopsc.compiler.importing.model import Code, Foreign, ImportProblem, Note, Place, Step
from mlopsc.compiler.importing.yaml_values import Value, read_yaml
from mlopsc.compiler.workspace import SourceProblem, Workspace

_PARAMETERS = "params.yaml"
_KNOWN = frozenset(
    {"cmd", "deps", "outs", "params", "metrics", "plots", "vars", "wdir", "desc", "foreach", "do", "matrix"}
)
_SAID: Mapping[str, str] = {
    "frozen": "a stage runs when what it reads has changed: pin rows by `refresh = pinned()`",
    "always_changed": "a stage runs when what it reads has changed: say how often by `refresh = every(1d)`",
    "meta": "there is no place for it",
}
_TOP: Mapping[str, str] = {
    "plots": "the page that a run writes has figures of its own",
    "artifacts": "a model that passed its gate is registered by itself",
    "datasets": "name what it stands for as the `source` of a data stage",
}


def is_dvc(document: Value) -> bool:
    """Whether a document is a `dvc.yaml`."""
    return document.get("stages").is_mapping and not document.get("components")


def read_dvc(workspace: Workspace, path: str) -> Foreign:
    """The pipeline of a `dvc.yaml`; raises ImportProblem."""
    return _Dvc(workspace, path).read()


class _Dvc:
    def __init__(self, workspace: Workspace, path: str) -> None:
        self._workspace = workspace
        self._path = path
        self._folder = dirname(path)
        self._left: list[Note] = []
        self._carried: list[Note] = []
        self._files: list[str] = [path]

    def read(self) -> Foreign:
        documents = read_yaml(self._workspace, self._path)
        document = documents[0] if documents else Value(None, Place(self._path, 1))
        if not document.get("stages").items:
            raise ImportProblem(f"`{self._path}` has no `stages`", "give the dvc.yaml that has them")
        scope = self._scope(document)
        self._metrics_of_all = document.get("metrics")
        stages = [
            self._stage(name, stage, scope_of)
            for given, entry in document.get("stages").items
            for name, stage, scope_of in expanded(given, entry, scope)
        ]
        steps = self._connected(stages)
        self._tell_of_top(document)
        self._read_lock()
        self._read_tracked(steps)
        return Foreign("dvc", "", steps, carried=tuple(self._carried), left=tuple(self._left), files=tuple(self._files))

    def _scope(self, document: Value) -> dict[str, Any]:
        scope: dict[str, Any] = {}
        default = self._beside(_PARAMETERS)
        if self._workspace.exists(default):
            scope = dict(self._parameters(default))
        return self._with_variables(scope, document.get("vars"))

    def _with_variables(self, scope: Mapping[str, Any], variables: Value) -> dict[str, Any]:
        """The names with those of a `vars:` list: mappings, and files such as `more.yaml:only,these`."""
        found = dict(scope)
        for one in variables.elements:
            if one.is_mapping:
                found = _merged(found, filled(one, found).plain)
                continue
            file, _, names = filled(one, found).text.partition(":")
            read = self._parameters(self._beside(file), one.place)
            found = _merged(found, {name: read.get(name) for name in names.split(",")} if names else read)
        return found

    def _parameters(self, path: str, place: Place | None = None) -> Mapping[str, Any]:
        """The content of a file with parameters: YAML, JSON or TOML."""
        if not self._workspace.exists(path):
            fact = f"there is no file `{path}`" + (f", which `{place}` names" if place else "")
            raise ImportProblem(fact, "write it, or take it out of `vars:` and `params:`")
        if path not in self._files:
            self._files.append(path)
        if path.endswith(".toml"):
            return self._toml(path)
        documents = read_yaml(self._workspace, path)
        content = documents[0].plain if documents else {}
        return content if isinstance(content, dict) else {}

    def _toml(self, path: str) -> Mapping[str, Any]:
        import tomllib

        try:
            return tomllib.loads(self._workspace.read(path))
        except (tomllib.TOMLDecodeError, SourceProblem) as error:
            raise ImportProblem(f"`{path}` cannot be read: {error}", "correct it, then import again") from error

    def _stage(self, name: str, stage: Value, scope: Scope) -> Step:
        if not stage.is_mapping or not stage.get("cmd"):
            raise ImportProblem(f"`{stage.place}`: stage `{name}` has no `cmd`", "write one, then import again")
        plain = Value({key: one for key, one in stage.items if key not in ("matrix", "vars")}, stage.place)
        inner = self._with_variables(scope, stage.get("vars"))
        folder = normpath(join(self._folder, filled(stage.get("wdir"), inner).text or "."))
        stage = filled(plain, inner)
        command = " && ".join(one.text for one in stage.get("cmd").elements)
        script = script_of(stage.get("cmd").elements[-1].text, folder)
        self._tell_of(name, stage)
        outputs = [_inside(one, folder) for key in ("outs", "metrics") for one in _names(stage.get(key))]
        metrics = dict(self._metrics(stage.get("metrics"), folder)) | dict(self._metrics_below(outputs))
        return Step(
            name,
            stage.place,
            sources=tuple(_inside(one, folder) for one in _names(stage.get("deps"))),
            outputs=tuple(outputs),
            code=Code(script, source=text_of(self._workspace, script)) if script else None,
            command=command,
            parameters=self._used(stage.get("params"), folder),
            metrics=metrics,
        )

    def _tell_of(self, name: str, stage: Value) -> None:
        for key, one in stage.items:
            if key == "plots" and one:
                self._left.append(Note(one.place, f"plots of `{name}`", _TOP["plots"]))
            elif key not in _KNOWN:
                self._left.append(Note(one.place, f"`{key}` of `{name}`", _SAID.get(key, "it is not known")))
        if len(stage.get("cmd").elements) > 1:
            outcome = "only its last command was read: call what the others do from Python"
            self._left.append(Note(stage.get("cmd").place, f"the commands of `{name}`", outcome))

    def _tell_of_top(self, document: Value) -> None:
        for key, one in document.items:
            if key in _TOP:
                self._left.append(Note(one.place, f"`{key}`", _TOP[key]))
            elif key not in ("stages", "vars", "params", "metrics", "schema"):
                self._left.append(Note(one.place, f"`{key}`", "it is not known"))

    def _used(self, parameters: Value, folder: str) -> Mapping[str, Any]:
        """The parameters that a stage names, with their values; a name stands for all below it."""
        used: dict[str, Any] = {}
        for one in parameters.elements:
            if one.is_mapping:
                for file, names in one.items:
                    read = self._parameters(_inside(file, folder), names.place)
                    used |= {name: _found(read, name) for name in (_names(names) or read)}
            else:
                read = self._parameters(_inside(_PARAMETERS, folder), one.place)
                used[one.text] = _found(read, one.text)
        missing = [name for name, value in used.items() if value is _MISSING]
        if missing:
            fact = f"`{parameters.place}`: no file has the parameter `{missing[0]}`"
            raise ImportProblem(fact, "say it in params.yaml, or take it out of `params:`")
        return used

    def _metrics_below(self, outputs: list[str]) -> Iterator[tuple[str, float | None]]:
        """The metrics that the file names at its end, of those that a stage with these outputs makes."""
        for one in self._metrics_of_all.elements:
            path = _inside(_names(Value([one], one.place))[0], self._folder)
            if any(path == made or path.startswith(f"{made}/") for made in outputs):
                yield from self._metrics(Value([one], one.place), self._folder)

    def _metrics(self, metrics: Value, folder: str) -> Iterator[tuple[str, float | None]]:
        """The names of metrics, and their last values, if the files that hold them are there."""
        for name in _names(metrics):
            path = _inside(name, folder)
            try:
                text = self._workspace.read(path)
                content = json.loads(text) if path.endswith(".json") else read_yaml(self._workspace, path)[0].plain
            except (SourceProblem, ImportProblem, ValueError, IndexError, RecursionError):
                continue
            yield from _numbers(content)

    def _connected(self, stages: list[Step]) -> tuple[Step, ...]:
        """The stages with those they read named, and only what no stage makes left among the sources."""
        from dataclasses import replace

        makers: dict[str, str] = {}
        for stage in stages:
            for output in stage.outputs:
                if output in makers:
                    fact = f"`{stage.place}`: both `{makers[output]}` and `{stage.name}` make `{output}`"
                    raise ImportProblem(fact, "let one stage make it, then import again")
                makers[output] = stage.name
        inside = {above: maker for made, maker in reversed(makers.items()) for above in _above(made)}
        connected = []
        for stage in stages:
            makes = {source: _maker(source, makers, inside) for source in stage.sources}
            reads = dict.fromkeys(maker for maker in makes.values() if maker)
            free = [source for source, maker in makes.items() if not maker and not self._is_code(source)]
            connected.append(replace(stage, reads=tuple(reads), sources=tuple(free)))
        return tuple(connected)

    def _is_code(self, path: str) -> bool:
        return path.endswith((".py", ".sh", ".ipynb", ".R", ".sql", ".yaml", ".yml", ".toml", ".txt", ".lock"))

    def _read_lock(self) -> None:
        path = self._beside("dvc.lock")
        if not self._workspace.exists(path):
            return
        self._files.append(path)
        documents = read_yaml(self._workspace, path)
        stages = documents[0].get("stages") if documents else Value(None, Place(path, 1))
        count = len(stages.items)
        outcome = "`mlops.lock` takes its place at the first run: rows are pinned by content"
        self._carried.append(Note(stages.place, f"the hashes of {count} stage{'s' * (count != 1)}", outcome))

    def _read_tracked(self, steps: tuple[Step, ...]) -> None:
        """The `.dvc` files beside what the stages read: rows that DVC keeps, or takes from elsewhere."""
        read = dict.fromkeys(source for step in steps for source in step.sources)
        folders = dict.fromkeys([self._folder, *(dirname(path) for path in read)])
        for folder in folders:
            for name in self._workspace.list(folder or "."):
                if name.endswith(".dvc") and len(name) > len(".dvc"):
                    self._tracked(join(folder, name), read)

    def _tracked(self, path: str, read: Mapping[str, Any]) -> None:
        try:
            document = next((one for one in read_yaml(self._workspace, path) if one.is_mapping), None)
        except ImportProblem as problem:
            self._left.append(Note(Place(path, 1), "what it tracks", f"{problem.message}: {problem.hint}"))
            return
        outs = document.get("outs").elements if document else []
        if document is None or not outs:
            return
        self._files.append(path)
        for one in outs:
            made = _inside(one.get("path").text, dirname(path))
            if any(source == made or source.startswith(f"{made}/") for source in read):
                outcome = "`dvc pull` brings it; `mlops.lock` pins its rows by content at the first run"
                self._carried.append(Note(one.place, f"`{made}`, which DVC tracks", outcome))
            else:
                outcome = "no stage reads it: write a data stage where a model learns from it"
                self._left.append(Note(one.place, f"`{made}`, which DVC tracks", outcome))
        for one in document.get("deps").elements:
            told = " of ".join(filter(None, (one.get("path").text, one.get("repo").get("url").text)))
            outcome = "`dvc update` brings another version; an address that can be read is a `source`, too"
            self._left.append(Note(one.place, f"where it comes from, `{told}`", outcome))

    def _beside(self, name: str) -> str:
        return _inside(name, self._folder)


_MISSING = object()


def _inside(path: str, folder: str) -> str:
    return path if "://" in path else normpath(join(folder, path))


def _names(value: Value) -> list[str]:
    """The paths of a list, each of which may carry options."""
    if value.is_mapping:
        return list(value.content)
    return [one.items[0][0] if one.items else one.text for one in value.elements]


def _found(content: Mapping[str, Any], name: str) -> Any:
    if name in content:
        return content[name]
    found: Any = content
    for part in name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return _MISSING
        found = found[part]
    return found


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        name: _merged(first[name], second[name])
        for name in first
        if isinstance(first[name], dict) and isinstance(second.get(name), dict)
    }
    return {**first, **second, **both}


def _above(path: str) -> Iterator[str]:
    """The folders that a path is in, the nearest first."""
    parts = path.split("/")
    yield from ("/".join(parts[:count]) for count in range(len(parts) - 1, 0, -1))


def _maker(path: str, makers: Mapping[str, str], inside: Mapping[str, str]) -> str:
    """The stage that makes a path, or the folder that it is in, or something below it."""
    near = (makers[one] for one in (path, *_above(path)) if one in makers)
    return next(near, inside.get(path, ""))


def _numbers(content: Any, name: str = "") -> Iterator[tuple[str, float | None]]:
    if isinstance(content, dict):
        for key, one in content.items():
            yield from _numbers(one, f"{name}.{key}" if name else str(key))
    elif isinstance(content, int | float) and not isinstance(content, bool):
        yield name, float(content)
