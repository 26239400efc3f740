"""Whatever a spec's names and texts are, workflows hold them as text: none opens an expression or adds a line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import PurePosixPath
from typing import Any

import pytest
from emitted_workflows import CASES
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from workflow_graphs import document_of

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.ir.model import Pipeline
from mlopsc.compiler.workspace import DiskWorkspace
from mlopsc.stdlib import registry
from mlopsc.targets import Build
from mlopsc.targets.github import target
from mlopsc.targets.github.expressions import OPENS, Expr, mixed
from mlopsc.targets.github.model import Concurrency, Job, Permission, Step, Workflow
from mlopsc.targets.github.pins import KNOWN
from mlopsc.targets.github.policy import findings
from mlopsc.targets.github.writing import workflow_text

HOSTILE = [
    "on",
    "no",
    "~",
    "null",
    "1e3",
    "0x1F",
    "0o17",
    "1_000",
    "12:30:45",
    "2026-11-23",
    ".inf",
    "=",
    "<<",
    "${{ secrets.X }}",
    "${{ github.event.issue.title }}",
    "${${{ x }}",
    "$${{",
    "}}",
    "${{ '",
    "it's",
    '"quoted"',
    "a: b",
    "a #b",
    "- a",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a`",
    "[a",
    "{a",
    "a\nb: c",
    "a\n\n\n\nb",
    "\n  evil:\n    runs-on: x",
    "a\r\nb",
    "a\tb",
    " a ",
    "a\\",
    "a\x85b",
    "a\u2028b",
    "\ufeffa",
    "\x00",
    "\x1b[31m",
    "🚲",
    "größe-日本",
    "e\u0301",
    "\U0010ffff",
    "../../x",
    "x" * 300,
]
texts = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
some_text = st.lists(texts, min_size=1, max_size=3).map("".join)
_EXPRESSION = re.compile(r"\$\{\{((?:'(?:[^']|'')*'|[^'}]|\}(?!\}))*)\}\}")
_OPENED = f"'{OPENS}'"


def read(text: str) -> Any:
    """A workflow as readers of YAML 1.1 and of 1.2 take it, which must be the same."""
    document = document_of(text)
    assert document == YAML(typ="safe", pure=True).load(text)
    return document


def shown(text: str) -> str:
    """What GitHub makes of text: our way of writing `${{` gives just that."""
    return text.replace(f"{OPENS} {_OPENED} }}}}", OPENS)


def expressions(value: Any, names: Mapping[str, str]) -> set[str]:
    """The code of all expressions, with names of jobs and stages as given; the one that stands for `${{` left out."""
    if isinstance(value, Mapping):
        return set().union(*(expressions(one, names) for pair in value.items() for one in pair))
    if isinstance(value, list):
        return set().union(*(expressions(one, names) for one in value))
    codes = {match[1].strip() for match in _EXPRESSION.finditer(str(value))} - {_OPENED}
    assert OPENS not in _EXPRESSION.sub("", str(value)), f"an expression that does not end: {value!r}"
    return {_with(names, code) for code in codes}


def _with(names: Mapping[str, str], code: str) -> str:
    """Code with other names, in texts that an input is compared with and after `needs.` alone.

    Other texts are words of GitHub, such as `'true'`, which a name may be as well.
    """
    parts = re.split(r"((?<=inputs\.environment [!=]= )'(?:[^']|'')*')", code)
    texts = [names.get(part[1:-1].replace("''", "'"), part) for part in parts[1::2]]
    rest = [re.sub(r"\bneeds\.([\w-]+)", lambda match: f"needs.{names[match[1]]}", part) for part in parts[::2]]
    return "".join(part for pair in zip(rest, [*texts, ""], strict=True) for part in pair)


def shape(document: Mapping[str, Any], names: Sequence[str]) -> Any:
    """A workflow without the texts that a spec may choose: jobs by their place, what steps use, run and are given."""
    ids = {name: f"job {index}" for index, name in enumerate(document["jobs"])}
    places = {name: f"name {index}" for index, name in enumerate(names)}
    jobs = [{**_keys(job), "needs": [ids[name] for name in job.get("needs", [])]} for job in document["jobs"].values()]
    steps = [[_step(step) for step in job["steps"]] for job in document["jobs"].values()]
    permissions = [job["permissions"] for job in document["jobs"].values()]
    return [[*document], [*document["on"]], jobs, steps, permissions, expressions(document, {**ids, **places})]


def _keys(mapping: Mapping[str, Any]) -> dict[str, None]:
    return dict.fromkeys(mapping)


def _step(step: Mapping[str, Any]) -> Any:
    return [*step], step.get("uses"), step.get("run"), [*step.get("with", {})], [*step.get("env", {})]


ON_CLOUDS = ("bike-demand", "flight-delays")
"""Examples that are delivered to AWS and to Azure."""


@cache
def builds(case: str) -> tuple[Build, ...]:
    spec = CASES[case]
    found = Compilation(DiskWorkspace(spec.parent), registry(), spec.name).builds.values()
    return tuple(replace(one, project=None) for one in found)


@cache
def own_names(case: str) -> tuple[str, ...]:
    """The names that a spec chooses: of the pipeline, its environments and stages."""
    first = builds(case)[0].pipeline
    environments = (one.pipeline.environment.name for one in builds(case))
    return tuple(dict.fromkeys([first.name, *environments, *(stage.name for stage in first.stages)]))


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case str():
            return names.get(value, value)
        case dict():
            return {names.get(key, key): renamed(one, names) for key, one in value.items()}
        case list() | tuple():
            return [renamed(one, names) for one in value]
        case _:
            return value


def with_names(case: str, names: Sequence[str], texts: Sequence[str]) -> list[Build]:
    """The builds of an example under other names, and with other texts wherever a workflow could read one."""
    chosen = dict(zip(own_names(case), names, strict=True))
    branch, folder, runner, owner, approver, spec = texts
    found = []
    for build in builds(case):
        document = build.pipeline.model_dump(mode="json")
        document["settings"] |= {"owner": owner, "description": owner}
        document["settings"]["github"] |= {
            "branch": branch,
            "folder": folder,
            "runner": [runner],
            "steps": [{"function": "step", "run": "true", "name": owner}],
            "services": [{"function": "service", "name": "db", "image": IMAGE, "env": [f"A={approver}"]}],
        }
        document["environment"]["settings"] |= {"approvers": [approver]}
        fields = {key: document[key] for key in ("name", "environment", "stages")}
        document |= {key: renamed(value, chosen) for key, value in fields.items()}
        found.append(replace(build, pipeline=Pipeline.model_validate(document), spec=spec))
    return found


def workflows(given: Sequence[Build]) -> list[tuple[str, str]]:
    files = [(file.path, file.text) for file in target.emit(given)]
    return [(path, text) for path, text in files if PurePosixPath(path).parts[-3:-1] == (".github", "workflows")]


IMAGE = f"postgres:16@sha256:{'0' * 64}"
PLAIN = ("main", "services/rides", "ubuntu-24.04", "owner", "@org/team", "pipeline.mlops")


@cache
def plain_shapes(case: str) -> list[Any]:
    return [shape(read(text), own_names(case)) for _, text in workflows(with_names(case, own_names(case), PLAIN))]


SOURCE = {"bike-demand": "rides", "flight-delays": "flights"}
"""A stage of each that `<pipeline>-ci` runs."""
MANY = len(own_names(ON_CLOUDS[0]))


@pytest.mark.parametrize("case", ON_CLOUDS)
@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.generate])  # shrinking takes minutes
@given(
    st.lists(some_text, min_size=MANY, max_size=MANY, unique=True),
    st.tuples(*([some_text] * len(PLAIN))),
)
@example([f"Same{'e' * 200}", *(f"same{'E' * n}" for n in range(1, MANY))], PLAIN)
@example([name.upper() if index % 2 else name for index, name in enumerate("abcdefghij"[:MANY])], PLAIN)
@example(["true", "success", *own_names(ON_CLOUDS[0])[2:]], PLAIN)
@example([*own_names(ON_CLOUDS[0])], ("a\nb: c", "x\non: push", "y\nz: 1", "o\np", "q\nr", "s\nt: u"))
def test_names_and_texts_change_nothing_but_themselves(case: str, names: list[str], texts: tuple[str, ...]) -> None:
    files = workflows(with_names(case, names, texts))
    assert len(files) == len(plain_shapes(case)) > 0
    for (path, text), expected in zip(files, plain_shapes(case), strict=True):
        assert re.fullmatch(r"[\w.-]+", PurePosixPath(path).name), path
        document = read(text)
        assert shape(document, names) == expected
        known = [one for one in findings(path, text, KNOWN) if one.rule != "runner"]
        assert known == []
        stages = dict(zip(own_names(case), names, strict=True))
        shown_names = [shown(job["name"]) for job in document["jobs"].values()]
        assert f"data {stages[SOURCE[case]]}" in shown_names or "-ci" not in path


def everything(text: str) -> Workflow:
    """A workflow with the text wherever it can be."""
    permission = Permission("contents", "read", "the code")
    step = Step("a", text, uses="checkout", given={"persist-credentials": False, "path": text}, env={"X": text})
    second = Step("b", text, run='echo "$X"', env={"X": mixed(text, Expr("github.ref"), text)})
    job = Job("job", text, (step, second), 5, permissions=(permission,), environment=text, env={"X": text}, folder=text)
    triggers = {"push": {"branches": [text]}, "workflow_dispatch": {"inputs": {"x": {"description": text}}}}
    return Workflow(
        "x", text, text, triggers, (job,), Concurrency(mixed(text, Expr("github.ref")), False), env={"X": text}
    )


@settings(max_examples=100, deadline=None)
@given(some_text)
def test_a_text_is_read_back_wherever_it_stands(text: str) -> None:
    written = workflow_text(everything(text), KNOWN, text, [text, f"more {text}"])
    # Where something is laid over it, nothing is written from what is known.
    assert written == workflow_text(everything(text), KNOWN, text, [text, f"more {text}"], CommentedMap())
    document = read(written)
    job = document["jobs"]["job"]
    first, second = job["steps"]
    places = [document["name"], document["env"]["X"], *document["on"]["push"]["branches"], job["name"], job["env"]["X"]]
    places += [job["environment"], job["runs-on"], first["with"]["path"], first["env"]["X"], second["name"]]
    places += [
        job["defaults"]["run"]["working-directory"],
        document["on"]["workflow_dispatch"]["inputs"]["x"]["description"],
    ]
    assert [shown(place) for place in places] == [text] * len(places)
    assert shown(second["env"]["X"]).endswith(text)
    assert expressions(document, {}) == {"github.ref"}
    assert (first["name"], second["run"]) == (document["name"], 'echo "$X"\n')
