"""What is understood of each tool's files, and what of them is refused in one line with a next step."""

from __future__ import annotations

import json
import re

import pytest
from imported import PROJECTS, Import, Imported

from mlopsc.compiler.importing.code import facts_of, script_of
from mlopsc.compiler.importing.detecting import read_file
from mlopsc.compiler.importing.dvc import read_dvc
from mlopsc.compiler.importing.model import ImportProblem, Step
from mlopsc.compiler.importing.roles import in_order, roles_of
from mlopsc.compiler.importing.writing import write_spec
from mlopsc.compiler.workspace import MemoryWorkspace

TEMPLATES = """
vars:
  - base: data
  - more.yaml:two
stages:
  prep:
    foreach: ${regions}
    do:
      cmd: python prep.py ${item} ${base} ${two.k} \\${HOME}
      outs: ["${base}/${item}.csv"]
  fit:
    foreach: ${models}
    do:
      cmd: python fit.py ${key} ${item.depth} ${on}
      deps: [data/north.csv]
  grid:
    foreach: ${grids}
    do: {cmd: "python g.py ${item.a} ${flags}"}
  cross:
    matrix:
      model: [cnn, xgb]
      size: ${grids}
      rate: [0.1, true]
    cmd: python cross.py ${item.model} ${item.size.a}
"""
PARAMETERS = """
regions: [north, south]
models: {forest: {depth: 4}, ridge: {depth: 2}}
grids: [{a: 1}, {a: 2}]
flags: {lr: 0.1, big: true, small: false, names: [p, q]}
on: true
"""
STAGES = "stages:\n  fit:\n    cmd: python fit.py\n"
IR = (PROJECTS / "rides" / "rides.yaml").read_text("utf-8")
JOB = (PROJECTS / "credit" / "pipeline.yml").read_text("utf-8")
PARTS = {
    path.relative_to(PROJECTS / "credit").as_posix(): path.read_text("utf-8")
    for path in (PROJECTS / "credit" / "components").iterdir()
}
LOOP = """stages:
  a:
    cmd: python a.py
    deps: [c.csv]
    outs: [a.csv]
  b:
    cmd: python b.py
    deps: [a.csv]
    outs: [b.csv]
  c:
    cmd: python c.py
    deps: [b.csv]
    outs: [c.csv]
"""


def test_templates_are_what_dvc_makes_of_them() -> None:
    """The names, commands and edges were held against `dvc stage list`, `dvc dag` and its own index once."""
    files = {"dvc.yaml": TEMPLATES, "params.yaml": PARAMETERS, "more.yaml": "two: {k: 7}\nthree: 1\n"}
    steps = {one.name: one for one in read_dvc(MemoryWorkspace(files), "dvc.yaml").steps}
    assert list(steps) == [
        *("prep@north", "prep@south", "fit@forest", "fit@ridge", "grid@0", "grid@1"),
        *("cross@cnn-size0-0.1", "cross@cnn-size0-True", "cross@cnn-size1-0.1", "cross@cnn-size1-True"),
        *("cross@xgb-size0-0.1", "cross@xgb-size0-True", "cross@xgb-size1-0.1", "cross@xgb-size1-True"),
    ]
    assert steps["prep@south"].command == "python prep.py south data 7 ${HOME}"
    assert steps["fit@ridge"].command == "python fit.py ridge 2 true"
    assert steps["fit@ridge"].reads == ("prep@north",)
    assert steps["grid@1"].command == "python g.py 2 --lr 0.1 --big --names p q"


@pytest.mark.parametrize(
    ("command", "folder", "script"),
    [
        ("python src/train.py --x 1", "", "src/train.py"),
        ("python -u -m src.train", "", "src/train.py"),
        ("PYTHONPATH=. uv run python3 train.py", "sub", "sub/train.py"),
        ("/usr/bin/python3.12 ../a.py", "sub", "a.py"),
        ("./train.py", "sub", "sub/train.py"),
        ("bash train.sh", "", ""),
        ("python -c 'print(1)'", "", ""),
        ('python "unclosed', "", ""),
        ("", "", ""),
    ],
)
def test_the_script_of_a_command(command: str, folder: str, script: str) -> None:
    assert script_of(command, folder) == script


@pytest.mark.parametrize(
    ("source", "estimators", "target"),
    [
        (
            "import sklearn.svm\nm = sklearn.svm.SVC(C=p['c'], kernel='rbf')",
            [("svm.SVC", {"C": 2, "kernel": "rbf"})],
            "",
        ),
        (
            "from sklearn import linear_model as l\nl.Ridge(alpha=float(args.c))",
            [("linear_model.Ridge", {"alpha": 2})],
            "",
        ),
        ("from sklearn.preprocessing import StandardScaler\nStandardScaler()", [], ""),
        ("TARGET = 'price'\nRidge()", [], "price"),
        ("y_train = rows['sold']", [], "sold"),
        ("def f(:", [], ""),
        ("x = " + "(" * 500, [], ""),
    ],
)
def test_what_code_says(source: str, estimators: list[tuple[str, dict[str, object]]], target: str) -> None:
    facts = facts_of(source, {"train": {"c": 2}})
    assert [(one.name, one.arguments) for one in facts.estimators] == estimators
    assert facts.target == target


def test_roles_follow_from_what_is_made_and_read_before_names() -> None:
    file = read_dvc(MemoryWorkspace({"dvc.yaml": LOOP.replace("deps: [c.csv]", "deps: []")}), "dvc.yaml").steps[0].place
    steps = [
        Step("train_test_split", file, outputs=("split",)),
        Step("step_two", file, reads=("train_test_split",), outputs=("m.pkl",)),
        Step("numbers", file, reads=("step_two",), metrics={"mae": 1.0}),
        Step("deploy", file, reads=("step_two",)),
        Step("drift_report", file, reads=("deploy",)),
        Step("predict", file, reads=("step_two",)),
        Step("slides", file, reads=("numbers",)),
    ]
    assert roles_of(in_order(steps)) == {
        "train_test_split": "data",
        "step_two": "train",
        "numbers": "test",
        "deploy": "release",
        "drift_report": "monitor",
        "predict": "score",
    }


def test_a_training_that_reads_its_rows_itself_and_judges_itself(imports: Import) -> None:
    text = f"{STAGES}    deps: [rows/visits.parquet, fit.py]\n    metrics: [scores.json]\n"
    done: Imported = imports(files={"dvc.yaml": text, "scores.json": '{"test": {"auc": 0.9}}'})
    assert 'data visits {\n  source = parquet("rows/visits.parquet")' in done.spec
    assert "train fit {\n  data      = visits" in done.spec
    assert "test fit_gate {\n  model = fit\n  require accuracy" not in done.spec
    assert "  maximize roc_auc(validation)" in done.spec
    assert "require roc_auc(test) >= limit at 95%  # decide: the limit; the last value was 0.9" in done.spec


def test_components_inside_of_components(imports: Import) -> None:
    outer = (
        "type: pipeline\ninputs: {raw: {type: uri_file, path: ./raw.csv}}\njobs:\n"
        "  inner:\n    type: pipeline\n    component: ./inner.yml\n    inputs: {raw: '${{parent.inputs.raw}}'}\n"
        "  evaluate:\n    type: command\n    command: python evaluate.py\n"
        "    inputs: {model: '${{parent.jobs.inner.outputs.model}}'}\n"
    )
    inner = (
        "type: pipeline\ninputs: {raw: {type: uri_file}}\noutputs: {model: {type: mlflow_model}}\njobs:\n"
        "  clean:\n    type: command\n    command: python clean.py\n    inputs: {raw: '${{parent.inputs.raw}}'}\n"
        "  fit:\n    type: command\n    command: python fit.py\n"
        "    inputs: {rows: '${{parent.jobs.clean.outputs.rows}}'}\n    outputs: {model: {type: mlflow_model}}\n"
    )
    done: Imported = imports("job.yml", files={"job.yml": outer, "inner.yml": inner})
    assert 'data clean {\n  source    = csv("raw.csv")' in done.spec
    assert "train fit {\n  data      = clean" in done.spec
    assert "test evaluate {\n  model = fit" in done.spec


def test_a_schedule_by_cron_is_told(imports: Import) -> None:
    schedule = "trigger:\n  type: cron\n  expression: '0 6 * * 1-5'\ncreate_job: ./job.yml\n"
    files = {"job.yml": "jobs:\n  fit:\n    type: command\n    command: python fit.py\n", "s.yml": schedule}
    done: Imported = imports("--json", files=files)
    told = [one for one in json.loads(done.out)["left"] if one["file"] == "s.yml"]
    assert [(one["line"], one["what"]) for one in told] == [(1, "the schedule `0 6 * * 1-5`")]


@pytest.mark.parametrize(
    ("files", "told", "next_step"),
    [
        ({"dvc.yaml": LOOP}, "`dvc.yaml:", "take one of these dependencies away"),
        ({"dvc.yaml": "stages: {a: {deps: [x]}}"}, "`dvc.yaml:1`: stage `a` has no `cmd`", "write one"),
        ({"dvc.yaml": "stages: {}"}, "`dvc.yaml` has no `stages`", "give the dvc.yaml that has them"),
        (
            {"dvc.yaml": f"{STAGES}    params: [depth]\n"},
            "there is no file `params.yaml`, which `dvc.yaml:4`",
            "write it",
        ),
        (
            {"dvc.yaml": f"{STAGES}    params: [depth]\n", "params.yaml": "width: 1"},
            "`dvc.yaml:4`: no file has the parameter `depth`",
            "say it in params.yaml",
        ),
        (
            {"dvc.yaml": STAGES.replace("fit.py", "${a.b}")},
            "`dvc.yaml:3`: `${a.b}` stands for nothing that is known",
            "say `a.b` in params.yaml",
        ),
        (
            {"dvc.yaml": f"vars: [no.yaml]\n{STAGES}"},
            "there is no file `no.yaml`, which `dvc.yaml:1` names",
            "write it",
        ),
        (
            {"dvc.yaml": "stages:\n  a: {cmd: x, outs: [o]}\n  b: {cmd: x, outs: [o]}\n"},
            "`dvc.yaml:3`: both `a` and `b` make `o`",
            "let one stage make it",
        ),
        (
            {"dvc.yaml": f"stages:\n  a:\n    cmd: x\n    matrix: {{p: {[*range(99)]}, q: {[*range(99)]}}}\n"},
            "`dvc.yaml:2`: the matrix stands for 9,801 stages",
            "shorten its lists",
        ),
        ({"job.yml": JOB}, "`job.yml:18` names `components/prepare.yml`", "correct the path"),
        (
            {"job.yml": JOB.replace("parent.inputs.trees", "parent.inputs.forest"), **PARTS},
            "`job.yml:34`: the pipeline has no input `forest`",
            "declare it below `inputs:`",
        ),
        (
            {"job.yml": JOB.replace("jobs.prepare.", "jobs.load."), **PARTS},
            "`job.yml:33`: the pipeline has no job `load`",
            "correct that line",
        ),
        ({"part.yml": PARTS["components/prepare.yml"]}, "`part.yml` is no job", "give the pipeline that uses it"),
        (
            {"job.yml": "type: pipeline\njobs: {a: {component: ./job.yml}}\n"},
            "its components contain themselves",
            "take one of them out",
        ),
        ({"p.yaml": IR.replace("2.1.0", "3.0.0")}, "has the schema version `3.0.0`, and 2.x can be read", "compile it"),
        (
            {"p.yaml": IR.replace("name: comp-notify", "name: comp-gone")},
            "there is no component `comp-gone`",
            "compile",
        ),
        (
            {"p.yaml": IR.replace("producerTask: load-rides", "producerTask: gone")},
            "there is no task `gone`",
            "compile",
        ),
        (
            {"p.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n"},
            "`p.yaml` is a manifest of Kubernetes; of Kubeflow, the IR is read",
            "give a dvc.yaml",
        ),
    ],
)
def test_what_cannot_be_understood(files: dict[str, str], told: str, next_step: str, imports: Import) -> None:
    done: Imported = imports(next(iter(files)), files=files)
    assert (done.code, done.out, done.spec) == (1, "", "")
    fact, hint = done.err.splitlines()
    assert told in fact
    assert next_step in hint


def refusal(files: dict[str, str], name: str) -> ImportProblem | None:
    """Why a file is refused; None where a spec comes of it."""
    try:
        write_spec(read_file(MemoryWorkspace(files), name, None), "x")
    except ImportProblem as problem:
        return problem
    return None


@pytest.mark.parametrize("name", ["dvc.yaml", "job.yml", "p.yaml"])
def test_what_is_cut_or_changed_ends_well_or_with_one_fact(name: str) -> None:
    """Lines are left out and scalars made lists or nothing, one at a time."""
    beside = {path.name: path.read_text("utf-8") for path in (PROJECTS / "houses").iterdir() if path.is_file()}
    files = {**beside, **PARTS, "job.yml": JOB, "p.yaml": IR}
    lines = files[name].splitlines()
    for number in range(0, len(lines), 3 if name == "p.yaml" else 1):
        line = lines[number]
        for changed in ([], [re.sub(r": .+", ": [1, {a: b}]", line)], [re.sub(r": .+", ":", line)]):
            cut = "\n".join([*lines[:number], *changed, *lines[number + 1 :]])
            problem = refusal({**files, name: cut}, name)
            assert problem is None or (problem.hint and "\n" not in problem.message), line
