"""Emits a runner and the pipeline that it runs, for each environment."""

from __future__ import annotations

import builtins
import json
import keyword
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.compiler.diagnostics import Diagnostic
from mlopsc.compiler.semantics.model import EnvironmentModel, SemanticModel
from mlopsc.targets import Build, OutputFile
from mlopsc.targets.local.literals import WIDTH, literal
from mlopsc.targets.local.support import refused

if TYPE_CHECKING:
    from jinja2 import Template

_TAKEN = frozenset({"main", "PIPELINE", "STAGES", "FUNCTIONS", *keyword.kwlist, *dir(builtins)})
_RETURN = len("return ")


class LocalTarget:
    """`deploy/<pipeline>/<environment>/run.py`, `pipeline.json` and, for this machine only, `origins.json`."""

    name = "local"

    def check(self, model: SemanticModel, environment: EnvironmentModel) -> Iterable[Diagnostic]:
        """What the runner would have to leave out, each at its line of the spec."""
        return refused(model, environment)

    def emit(self, builds: Sequence[Build]) -> list[OutputFile]:
        """Three files for each environment."""
        from mlopsc.compiler.ir import origins, schema

        files = []
        for build in builds:
            text = schema.dump(build.pipeline)
            files += [
                OutputFile(f"{build.folder}/run.py", _runner(build, json.loads(text))),
                OutputFile(f"{build.folder}/pipeline.json", text),
                OutputFile(f"{build.folder}/origins.json", origins.dump(build.origins), committed=False),
            ]
        return files


def _runner(build: Build, document: Mapping[str, Any]) -> str:
    stages = document["stages"]
    functions = function_names([stage["name"] for stage in stages])
    pipeline = {name: value for name, value in document.items() if name != "stages"}
    used = {stage["kind"] for stage in stages}
    runs = {kind: function for kind, function in sorted(build.functions.items()) if kind in used}
    return _template().render(
        title=_prose(f"Runs the pipeline `{document['name']}` in `{document['environment']['name']}`."),
        spec=_prose(build.spec),
        path=_prose(f"{build.folder}/run.py"),
        stages=[
            {
                "function": functions[stage["name"]],
                "title": _prose(_title(stage, runs)),
                "literal": literal(stage, indent=4, used=_RETURN),
            }
            for stage in stages
        ],
        pipeline=literal(pipeline, used=len("PIPELINE = ")),
        names=_list([functions[stage["name"]] for stage in stages]),
        functions=literal(runs, used=len("FUNCTIONS = ")),
    )


def _title(stage: Mapping[str, Any], runs: Mapping[str, str]) -> str:
    files = ", ".join(stage.get("files", ()))
    what = f"Stage `{stage['name']}` of kind `{stage['kind']}`"
    if stage["kind"] not in runs:
        return f"{what}: declared, not run here."
    return f"{what}; it reads {files}." if files else f"{what}."


def function_names(stages: Sequence[str]) -> dict[str, str]:
    """A Python name for the function of each stage: its own where that is possible, each only once."""
    names: dict[str, str] = {}
    taken = set(_TAKEN)
    for stage in stages:
        plain = "".join(char if f"_{char}".isidentifier() else "_" for char in unicodedata.normalize("NFKC", stage))
        name = plain if plain.isidentifier() else f"stage_{plain}"
        while name in taken:
            name += "_"
        taken.add(name)
        names[stage] = name
    return names


def _list(names: Sequence[str]) -> str:
    flat = f"[{', '.join(names)}]"
    if len("STAGES = ") + len(flat) <= WIDTH:
        return flat
    return "[\n" + "".join(f"    {name},\n" for name in names) + "]"


def _prose(text: str) -> str:
    """Text as it can stand in a docstring, whatever it holds: JSON's escapes are Python's too."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    text = Path(__file__).with_name("run.py.j2").read_text("utf-8")
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False
    )
    return environment.from_string(text)
