"""The text of a folder of Terraform: what is asked of the Terraform CDK, and what becomes of its answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mlopsc.targets.terraform.expressions import JsonLike, rendered
from mlopsc.targets.terraform.naming import tag
from mlopsc.targets.terraform.resources import Output, Reason, Resource, Root, Variable
from mlopsc.targets.terraform.writer import OLDEST_TERRAFORM

MAIN = "main.tf.json"
_ORDER = ("//", "terraform", "provider", "variable", "data", "resource", "output")


def request(root: Root, prefix: str, tags: Mapping[str, str]) -> dict[str, Any]:
    """A folder as the writer reads it."""
    return {
        "pipeline": root.pipeline,
        "environment": root.environment,
        "prefix": prefix,
        "tags": dict(tags),
        "providers": [
            {"name": one.name, "source": one.source, "versions": one.versions, "settings": rendered(one.settings)}
            for one in root.providers
        ],
        "resources": [
            {"kind": one.kind, "type": one.type, "name": one.name, "address": one.address, "body": body_of(one)}
            for one in root.resources
        ],
        "extensions": [{"file": one.file, "function": one.function} for one in root.extensions],
    }


def body_of(resource: Resource) -> dict[str, JsonLike]:
    """The arguments of a resource as they stand in the file."""
    body = rendered({name: value for name, value in resource.body.items() if value is not None})
    assert isinstance(body, dict)
    lifecycle: dict[str, JsonLike] = {}
    if resource.keep:
        lifecycle["ignore_changes"] = list(resource.keep)
    if resource.guarded:
        lifecycle["prevent_destroy"] = True
    return {
        **body,
        **({"depends_on": list(resource.after)} if resource.after else {}),
        **({"lifecycle": lifecycle} if lifecycle else {}),
    }


def text_of(root: Root, answer: Mapping[str, Any], spec: str) -> str:
    """The file: the writer's answer with our comments in place of its own, sorted, the same bytes everywhere."""
    found: dict[str, Any] = {name: value for name, value in answer.items() if name != "//"}
    comments = {(one.kind, one.type, one.name): one.reason.comment(spec) for one in root.resources}
    for kind in ("data", "resource"):
        for type_, named in found.get(kind, {}).items():
            for name, body in named.items():
                body["//"] = _prose(comments.get((kind, type_, name)) or _added(root, spec))
    found["terraform"] = {
        **found.get("terraform", {}),
        "backend": {root.backend.type: dict(root.backend.settings)},
        "required_version": f">= {OLDEST_TERRAFORM}",
    }
    if root.variables:
        found["variable"] = {name: _variable(one) for name, one in root.variables.items()}
    if root.outputs:
        found["output"] = {**found.get("output", {}), **{name: _output(one) for name, one in root.outputs.items()}}
    where = f"environment {root.environment}" if root.environment else f"all of {root.pipeline}"
    found["//"] = _prose(f"Written by `mlopsc build` from {spec}, for {where}: edit that, not this.")
    ordered = {name: found[name] for name in _ORDER if name in found}
    sorted_within = {name: json.loads(json.dumps(value, sort_keys=True)) for name, value in ordered.items()}
    return json.dumps(sorted_within, indent=2, ensure_ascii=False) + "\n"


def changed(root: Root, answer: Mapping[str, Any]) -> Iterator[str]:
    """The addresses of what the spec asks for and the answer has otherwise: a construct overrode it."""
    for one in root.resources:
        body = answer.get(one.kind, {}).get(one.type, {}).get(one.name)
        if body is None or {name: value for name, value in body.items() if name != "//"} != _without_none(body_of(one)):
            yield one.address


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_none(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_without_none(one) for one in value]
    return value


def _added(root: Root, spec: str) -> str:
    names = ", ".join(f"{one.file}:{one.function}" for one in root.extensions)
    return Reason(f"Added by {names}", f"environment {root.environment}", "infrastructure").comment(spec)


def _variable(variable: Variable) -> dict[str, JsonLike]:
    found: dict[str, JsonLike] = {"type": variable.type, "description": _plain(variable.description)}
    if not variable.is_required:
        found["default"] = rendered(variable.default)
    if variable.condition:
        found["validation"] = [{"condition": f"${{{variable.condition}}}", "error_message": variable.complaint}]
    return found


def _output(output: Output) -> dict[str, JsonLike]:
    return {"value": rendered(output.value), "description": _plain(output.description)}


def _plain(text: str) -> JsonLike:
    return rendered(text)


def _prose(text: str) -> str:
    """A comment: nothing reads it as a template, so it stays as it is, on one line."""
    return " ".join(text.split()).encode("utf-8", "replace").decode()


def owner_tags(pipeline: str, environment: str) -> dict[str, str]:
    """The tags that all of an environment has: whose it is."""
    return {"mlopsc-pipeline": tag(pipeline), "mlopsc-environment": tag(environment)}


def tags_of(reason: Reason) -> dict[str, str]:
    """The tags of a resource beside those: which part and which rule or setting of the spec ask for it."""
    found = {"mlopsc-part": tag(reason.part)}
    return {**found, "mlopsc-rule": tag(reason.rule)} if reason.rule else found
