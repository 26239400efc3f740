"""Writes folders of Terraform through the Terraform CDK: a process of its own, which mlopsc starts and talks JSON with.

It is one process for all folders, because the Terraform CDK takes a second to start and runs Node; and it is one of
its own, because people's constructs run in it. Reads a request on stdin and answers on stdout; everything else that is
printed goes to stderr.
"""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import cdktn

OLDEST_TERRAFORM = "1.10.0"
"""The first that locks a state on S3 without a table."""


@dataclass(frozen=True)
class Context:
    """What a person's function gets beside the stack: `def extra(stack, context)`.

    `prefix` is what names of this environment begin with, `tags` are those that its resources carry, and `resources`
    are those that the spec asked for, by address (`aws_s3_bucket.store`).
    """

    pipeline: str
    environment: str
    prefix: str
    tags: Mapping[str, str]
    resources: Mapping[str, cdktn.TerraformElement]


class FolderError(Exception):
    """A folder that cannot be written: its number, what kind of trouble it is, and the words for it."""

    def __init__(self, folder: int, trouble: str, words: str) -> None:
        super().__init__(folder, trouble, words)
        self.answer = {"folder": folder, "trouble": trouble, "words": words}


def main() -> None:
    """Answer the request on stdin."""
    request = json.load(sys.stdin)
    with redirect_stdout(sys.stderr):
        try:
            answer: dict[str, Any] = {"documents": _documents(request["folders"], Path(request["project"]))}
        except FolderError as error:
            answer = {"failure": error.answer}
    json.dump(answer, sys.stdout)


def _documents(folders: list[dict[str, Any]], project: Path) -> list[dict[str, Any]]:
    import cdktn

    with tempfile.TemporaryDirectory() as scratch:
        app = cdktn.App(outdir=scratch, context={"targetVersions": {"terraform": f">={OLDEST_TERRAFORM}"}})
        for number, folder in enumerate(folders):
            stack = cdktn.TerraformStack(app, f"folder-{number}")
            elements = _declare(stack, folder)
            for extension in folder["extensions"]:
                _extend(stack, number, folder, extension, elements, project)
        _synthesise(app, folders)
        paths = [Path(scratch) / "stacks" / f"folder-{number}" / "cdk.tf.json" for number in range(len(folders))]
        return [json.loads(path.read_text("utf-8")) for path in paths]


def _declare(stack: cdktn.TerraformStack, folder: Mapping[str, Any]) -> dict[str, cdktn.TerraformElement]:
    """Everything that the spec asks for, in a stack."""
    import cdktn

    cdktn.LocalBackend(stack, path="terraform.tfstate")
    for provider in folder["providers"]:
        _override(_provider(stack, provider), provider["settings"])
    found: dict[str, cdktn.TerraformElement] = {}
    for one in folder["resources"]:
        make = cdktn.TerraformDataSource if one["kind"] == "data" else cdktn.TerraformResource
        element = make(stack, one["address"], terraform_resource_type=one["type"])
        element.override_logical_id(one["name"])
        _override(element, one["body"])
        found[one["address"]] = element
    return found


def _provider(stack: cdktn.TerraformStack, provider: Mapping[str, Any]) -> cdktn.TerraformProvider:
    import cdktn

    return cdktn.TerraformProvider(
        stack,
        provider["name"],
        terraform_resource_type=provider["name"],
        terraform_provider_source=provider["source"],
        terraform_generator_metadata={
            "provider_name": provider["name"],
            "provider_version_constraint": provider["versions"],
        },
    )


def _override(element: cdktn.TerraformElement, body: Mapping[str, Any]) -> None:
    for name, value in body.items():
        element.add_override(name.replace(".", "\\."), value)


def _extend(
    stack: cdktn.TerraformStack,
    number: int,
    folder: Mapping[str, Any],
    extension: Mapping[str, str],
    elements: Mapping[str, cdktn.TerraformElement],
    project: Path,
) -> None:
    """Let a person's function add to a stack; what it raises is told with the line of its file."""
    path = (project / extension["file"]).absolute()
    context = Context(folder["pipeline"], folder["environment"], folder["prefix"], folder["tags"], elements)
    try:
        _function(path, extension["function"], project)(stack, context)
    except (Exception, SystemExit) as error:
        trouble = "collides" if "already a Construct with name" in str(error) else "raises"
        raise FolderError(number, trouble, _told(error, path)) from error


def _function(path: Path, name: str, project: Path) -> Callable[[object, Context], None]:
    if str(project) not in sys.path:
        sys.path.insert(0, str(project))
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    function: Callable[[object, Context], None] = getattr(module, name)
    return function


def _told(error: BaseException, path: Path) -> str:
    """What went wrong and in which line of the person's file; of jsii's long reports the first line."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path]
    text = str(error).strip().splitlines()
    fact = f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
    return f"{path.name}:{lines[-1]}: {fact}" if lines else fact


def _synthesise(app: cdktn.App, folders: list[dict[str, Any]]) -> None:
    """Write all stacks; whatever keeps one from being written comes from a person's construct."""
    try:
        app.synth()
    except Exception as error:
        extended = next((number for number, one in enumerate(folders) if one["extensions"]), 0)
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise FolderError(extended, "raises", first) from error


if __name__ == "__main__":
    main()
