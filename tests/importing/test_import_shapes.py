"""Shapes that files of others have: what becomes of each, and that what is left for a person is said where it is."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest
from imported import Import, Imported

from mlopsc.compiler.importing.azureml_beside import interval_of
from mlopsc.compiler.importing.code import script_of

TRAIN = """
from sklearn.svm import SVC


def fit(args, rows):
    y = rows["kind"]
    return SVC(C=args.C, kernel=args.kernel, coef0=args.coef0).fit(rows, y)
"""
STAGES = """\
    stages:
      data_ingestion:
        cmd: python src/ingest.py
        deps: [raw/rows.xml]
        outs: [data/raw]
      data_preprocessing:
        cmd: export PYTHONPATH=src:$PYTHONPATH && python src/preprocess.py
        deps: [data/raw]
        outs: [data/rows.npy, artifacts/preprocessor.pkl]
      model_trainer:
        cmd: cd src && python train.py
        deps: [data/rows.npy]
        outs: [mlruns/]
      model_evaluation:
        cmd: python src/evaluate.py
        deps: [data/rows.npy]
        outs: [reports]
      model_registration:
        cmd: python src/register.py
        deps: [reports]
    metrics:
    - reports/metrics.json
"""


def files(**texts: str) -> dict[str, str]:
    """Files by their names, in which `__` stands for `/` and `_dot_` for a dot."""
    return {name.replace("__", "/").replace("_dot_", "."): dedent(text) for name, text in texts.items()}


def told(done: Imported) -> dict[str, str]:
    """What the JSON report says was left, by what it is about."""
    return {one["what"]: f"{one['file']}:{one['line']} {one['outcome']}" for one in json.loads(done.out)["left"]}


def block(spec: str, header: str) -> list[str]:
    """The lines of a block, without what a person must decide."""
    lines = spec.partition(f"\n{header} {{\n")[2].partition("\n}")[0].splitlines()
    return [" ".join(line.partition("#")[0].split()) for line in lines if line.partition("#")[0].strip()]


def test_steps_of_dvc_that_name_no_model(imports: Import) -> None:
    done: Imported = imports(
        files=files(
            dvc_dot_yaml=STAGES,
            reports__metrics_dot_json='{"mae": {"train": 1.0, "test": 2.5}}',
            raw__rows_dot_xml_dot_dvc="outs:\n- md5: 22a1\n  path: rows.xml\n",
            raw__more_dot_csv_dot_dvc=(
                "deps:\n- path: https://example.com/more.csv\nouts:\n- md5: 22a1\n  path: more.csv\n"
            ),
        )
    )
    assert block(done.spec, "data data_ingestion") == [
        'source = python("src/ingest.py:data_ingestion")',
        "check rows >= 1",
    ]
    assert "from = data_ingestion" in block(done.spec, "data data_preprocessing")
    assert 'transform = python("src/preprocess.py:data_preprocessing")' in block(done.spec, "data data_preprocessing")
    assert 'estimator = script("src/train.py")' in block(done.spec, "train model_trainer")
    assert block(done.spec, "test model_evaluation") == ["model = model_trainer", "require mae(test) <= limit at 95%"]
    assert "  model = model_trainer  # decide: is it that? It reads no model" in done.spec
    assert "the last value was 2.5" in done.spec
    assert block(done.spec, "release model_registration")[:2] == ["model = model_trainer", "gate = model_evaluation"]
    assert "raw/rows.xml.dvc:2  `raw/rows.xml`, which DVC tracks\n      `dvc pull` brings it" in done.out
    assert "raw/more.csv.dvc:2  where it comes from, `https://example.com/more.csv`" in done.out
    assert "raw/more.csv.dvc:4  `raw/more.csv`, which DVC tracks\n      no stage reads it" in done.out


@pytest.mark.parametrize("text", ["", "- 1", "outs: 1", "outs: [{md5: 1}]", "a: [", "outs:\n- path: {a: b}\n"])
def test_a_dvc_file_that_says_nothing(text: str, imports: Import) -> None:
    done: Imported = imports(files=files(dvc_dot_yaml=STAGES, raw__rows_dot_xml_dot_dvc=text))
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("build_training_set", "data"),
        ("export_training_manifest", "data"),
        ("model_training", "train"),
        ("train_features_model", "data"),
        ("model_validation", "test"),
    ],
)
def test_names_that_have_several_words(name: str, role: str, imports: Import) -> None:
    stages = {
        "load": {"cmd": "python load.py", "outs": ["a"]},
        "learn": {"cmd": "python fit.py", "deps": ["a", "b"] if role == "data" else ["a"], "outs": ["m.pkl"]},
        name: {"cmd": "python x.py", "deps": ["m.pkl" if role == "test" else "a"], "outs": ["b"]},
    }
    done: Imported = imports(files={"dvc.yaml": json.dumps({"stages": stages})})
    assert f"\n{role} {name} {{\n" in done.spec


@pytest.mark.parametrize(
    ("command", "script"),
    [
        ("export A=b && python3 ./x/train.py", "x/train.py"),
        ("pip install -r r.txt; python a.py | tee log.txt", "a.py"),
        ("cd src && python t.py", "src/t.py"),
        ("python a.py > out.txt 2>&1", "a.py"),
        ("python a.py && bash b.sh", "a.py"),
        ("&& ;", ""),
        ("cd", ""),
    ],
)
def test_the_script_of_several_commands(command: str, script: str) -> None:
    assert script_of(command) == script


SWEEP = """\
    $schema: https://azuremlschemas.azureedge.net/latest/sweepJob.schema.json
    type: sweep
    trial:
      code: {local_path: src}
      command: python main.py --rows ${{inputs.rows}} --C ${{search_space.c_value}} --kernel ${{search_space.kernel}}
    inputs:
      rows: {type: uri_file, path: wasbs://sets@example.blob.core.windows.net/rows.csv}
    sampling_algorithm: bayesian
    search_space:
      c_value: {type: uniform, min_value: 0.5, max_value: 0.9}
      kernel: {type: choice, values: [rbf, linear]}
      coef0: {type: normal, mu: 1, sigma: 2}
    objective: {goal: minimize, primary_metric: training_f1_score}
    limits: {max_total_trials: 20, max_concurrent_trials: 4}
    early_termination: {type: bandit}
"""


def test_a_sweep_becomes_a_search(imports: Import) -> None:
    done: Imported = imports(files=files(job_dot_yml=SWEEP, src__main_dot_py=TRAIN))
    assert block(done.spec, "train job") == [
        "data = rows",
        'estimator = sklearn("svm.SVC")',
        'search = random(candidates = 20, C = 0.5..0.9, kernel = ["rbf", "linear"])',
        "maximize f1(validation)",
    ]
    assert "kind: bool  # decide: is it that" in done.spec
    decided = done.spec.replace(" limit at", " 90% at").replace(
        "    # decide: each column", "    size: float\n    # each"
    )
    assert [(one.code.id, one.message) for one in done.errors(decided)] == []
    left = told(imports("--json", "--out", "again.mlops", files={}))
    assert left["`coef0`, drawn by `normal`"].startswith("job.yml:12 a list such as")
    assert left["`bayesian` sampling of `job`"].startswith("job.yml:8 ")
    assert "`f1` is better when it is higher" in left["the goal to minimize `training_f1_score`"]
    assert left["`max_concurrent_trials` of `job`"].startswith("job.yml:14 ")
    assert left["`early_termination` of `job`"].startswith("job.yml:15 ")


@pytest.mark.parametrize(
    ("space", "search"),
    [
        ("{type: choice, values: [1, 2]}", "random(candidates = 20, C = [1, 2]"),
        ("{type: quniform, min_value: 1, max_value: 9, q: 2}", "random(candidates = 20, C = 1..9"),
        ("{type: loguniform, min_value: -1, max_value: 1}", "random(candidates = 20, C = 0.367879..2.71828"),
        ("{type: randint, upper: 4}", "random(candidates = 20, C = 0..3"),
        ("{type: loguniform, min_value: 1, max_value: 9999}", "random(candidates = 20, kernel"),
        ("{type: uniform, min_value: a, max_value: 2}", "random(candidates = 20, kernel"),
        ("{type: uniform, min_value: 3, max_value: 2}", "random(candidates = 20, kernel"),
        ("{type: choice, values: {a: 1}}", "random(candidates = 20, kernel"),
        ("4", "random(candidates = 20, kernel"),
    ],
)
def test_what_a_sweep_draws(space: str, search: str, imports: Import) -> None:
    text = SWEEP.replace("{type: uniform, min_value: 0.5, max_value: 0.9}", space)
    done: Imported = imports(files=files(job_dot_yml=text, src__main_dot_py=TRAIN))
    assert f"  search    = {search}" in done.spec


def test_a_grid_of_a_sweep_is_a_grid(imports: Import) -> None:
    text = SWEEP.replace("bayesian", "grid")
    text = text.replace("{type: uniform, min_value: 0.5, max_value: 0.9}", "{type: choice, values: [1, 2]}")
    done: Imported = imports(files=files(job_dot_yml=text, src__main_dot_py=TRAIN))
    assert 'search    = grid(C = [1, 2], kernel = ["rbf", "linear"])' in done.spec


def test_a_sweep_of_a_program_that_cannot_be_read_says_its_search(imports: Import) -> None:
    done: Imported = imports(files=files(job_dot_yml=SWEEP))
    assert "# decide: search = random(candidates = 20, C = 0.5..0.9" in done.spec


@pytest.mark.parametrize(
    ("expression", "every"),
    [
        ("0 6 * * *", "1d"),
        ("30 6 * * 1", "1w"),
        ("30 6 * * MON", "1w"),
        ("0 6 1 * *", "1mo"),
        ("5 * * * *", "1h"),
        ("*/15 * * * *", "15min"),
        ("0 */6 * * *", "6h"),
        ("0 */5 * * *", ""),
        ("*/7 * * * *", ""),
        ("0 6 * * 1-5", ""),
        ("0 6,18 * * *", ""),
        ("* * * *", ""),
        ("", ""),
    ],
)
def test_a_cron_expression_that_comes_round_evenly_is_an_interval(expression: str, every: str) -> None:
    assert interval_of(expression) == every


JOBS = """\
    type: pipeline
    jobs:
      prep:
        type: command
        command: python prep.py
        code: ../src
      train-job:
        type: component
        component: {type: command, command: python train.py --rows x}
        inputs: {rows: "${{jobs.prep.outputs.rows}}"}
      deploy:
        type: command
        command: python deploy.py
        inputs: {model: "${{parent.jobs.train-job.outputs.model}}"}
"""
MONITOR = """\
    $schema: http://azureml/sdk-2-0/Schedule.json
    name: live
    trigger: {type: recurrence, frequency: day, interval: 1, schedule: {hours: 3}}
    create_monitor:
      monitoring_target: {ml_task: regression}
      monitoring_signals:
        a:
          type: data_drift
          metric_thresholds: {numerical: {jensen_shannon_distance: 0.01}}
        b: {type: data_quality}
        c: {type: feature_attribution_drift}
        d: {type: model_performance}
        e: {type: generation_safety_quality}
      alert_notification: {emails: [a@example.com, b@example.com]}
"""


def test_a_schedule_of_a_monitor_becomes_a_monitor(imports: Import) -> None:
    texts = files(
        job_dot_yml=JOBS,
        monitor_dot_yml=MONITOR,
        cron_dot_yml="trigger: {type: cron, expression: '0 6 * * *'}\ncreate_job: {job: ./job.yml}\n",
    )
    done: Imported = imports("job.yml", files=texts)
    assert block(done.spec, "monitor live") == [
        "release = deploy",
        "every = 1d",
        "watch stable(features) over 1d, alarms <= 1 / 90d",
        "watch mae(feedback) <= limit over 1d, alarms <= 1 / 90d",
        'on drift or quality do [notify("a@example.com"), notify("b@example.com")]',
    ]
    assert "refresh = every(1d)" in block(done.spec, "data prep")
    left = told(imports("job.yml", "--json", "--out", "again.mlops", files={}))
    assert left["`schedule` of the trigger"].startswith("monitor.yml:3 times of day")
    assert left["the thresholds of `data_drift`"].startswith("monitor.yml:9 drift needs no limit")
    for kind in ("data_quality", "feature_attribution_drift", "generation_safety_quality"):
        assert left[f"the signal `{kind}`"].startswith("monitor.yml:1")
    assert "import again with `--out` at the top" in left["`../src/prep.py`, which is above the spec"]


def test_a_monitor_without_signals_looks_at_what_it_does_unless_said(imports: Import) -> None:
    plain = MONITOR.partition("      monitoring_signals")[0].replace("interval: 1", "interval: none")
    done: Imported = imports("job.yml", files=files(job_dot_yml=JOBS, monitor_dot_yml=plain))
    assert block(done.spec, "monitor live")[1:] == [
        "watch stable([features, predictions]) over 7d, alarms <= 1 / 90d",
        'on drift do notify("you@example.com")',
    ]


def executor(name: str, code: str) -> str:
    text = json.dumps(f"def {name}(rows, depth):\n    {code}\n")
    return f"{{container: {{args: [--function_to_execute, {name}], command: [python3, {text}], image: python}}}}"


def task(component: str, more: str = "") -> str:
    return f"{{componentRef: {{name: comp-{component}}}, cachingOptions: {{enableCache: true}}, {more}}}"


MODEL = "outputDefinitions: {artifacts: {model: {artifactType: {schemaTitle: system.Model}}}}"
DEPTH = "inputDefinitions: {parameters: {depth: {parameterType: NUMBER_INTEGER}}}"
FIT = "from sklearn.tree import DecisionTreeRegressor; DecisionTreeRegressor(max_depth=depth)"
VALUES = "inputs.parameter_values"
ITEM = "pipelinechannel--loop-item-param-1"
GRAPHS = f"""
components:
  comp-load: {{executorLabel: load}}
  comp-train: {{executorLabel: train, {DEPTH}, {MODEL}}}
  comp-judge: {{executorLabel: judge}}
  comp-clean-up: {{executorLabel: clean}}
  comp-for-loop-1:
    dag:
      tasks:
        train: {task("train", f"inputs: {{parameters: {{depth: {{componentInputParameter: {ITEM}}}}}}}")}
  comp-condition-1:
    dag:
      tasks:
        judge: {task("judge", "triggerPolicy: {condition: 'inputs.parameter_values[''pipelinechannel--b''] > 1'}")}
deploymentSpec:
  executors:
    load: {executor("load", "pass")}
    train: {executor("train", FIT)}
    judge: {executor("judge", "metrics.log_metric('rmse', 3.0)")}
    clean: {executor("clean_up", "pass")}
pipelineInfo: {{name: graphs}}
root:
  dag:
    tasks:
      load: {task("load")}
      for-loop-1:
        componentRef: {{name: comp-for-loop-1}}
        dependentTasks: [load]
        parameterIterator:
          itemInput: {ITEM}
          items: {{raw: '[2, 4, 8]'}}
      fixed:
        componentRef: {{name: comp-train}}
        dependentTasks: [load]
        cachingOptions: {{}}
        inputs: {{parameters: {{depth: {{runtimeValue: {{constant: 3.0}}}}}}}}
      condition-1:
        componentRef: {{name: comp-condition-1}}
        dependentTasks: [for-loop-1]
        inputs: {{parameters: {{pipelinechannel--limit: {{runtimeValue: {{constant: 0.5}}}}}}}}
        triggerPolicy:
          condition: {VALUES}['pipelinechannel--a'] < {VALUES}['pipelinechannel--limit']
      clean-up:
        componentRef: {{name: comp-clean-up}}
        dependentTasks: [for-loop-1]
        triggerPolicy: {{strategy: ALL_UPSTREAM_TASKS_COMPLETED}}
schemaVersion: 2.1.0
"""


def test_loops_conditions_and_exit_handlers_of_kubeflow(imports: Import) -> None:
    done: Imported = imports("--json", files={"p.yaml": GRAPHS})
    assert block(done.spec, "train train") == [
        "data = load",
        'estimator = sklearn("tree.DecisionTreeRegressor")',
        "search = grid(max_depth = [2, 4, 8])",
        "minimize rmse(validation)",
    ]
    assert 'estimator = sklearn("tree.DecisionTreeRegressor", max_depth = 3)' in block(done.spec, "train fixed")
    assert "# it runs only if a < 0.5 and b > 1\n" in done.spec
    assert "clean_up {" not in done.spec
    lines = GRAPHS.splitlines()
    left = told(done)
    at = 1 + lines.index("        parameterIterator:")
    assert left["the loop `for-loop-1` over [2, 4, 8]"].startswith(f"p.yaml:{at} what is tried")
    at = 1 + lines.index("      clean-up:")
    assert left["`clean-up`, which runs after `for-loop-1`, even if that failed"].startswith(f"p.yaml:{at} ")
    assert "refresh = each_run" in left["`fixed`, which runs each time"]
    assert not any("load" in what and "each time" in what for what in left)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("[4, 8]", "hidden_layer_sizes = [4, 8]"),
        ("[true, none, a]", 'hidden_layer_sizes = [true, "none", "a"]'),
        ("[1, {a: b}]", "# decide: hidden_layer_sizes is computed in its code"),
        ("{a: b}", "# decide: hidden_layer_sizes is computed in its code"),
        ("1.0e-7", "hidden_layer_sizes = 0.0000001"),
        (".inf", "# decide: hidden_layer_sizes is computed in its code"),
    ],
)
def test_a_parameter_that_an_argument_takes(value: str, shown: str, imports: Import) -> None:
    code = "from sklearn.neural_network import MLPRegressor\nMLPRegressor(hidden_layer_sizes=p['sizes'])\n"
    stages = {"fit": {"cmd": "python fit.py", "deps": ["a.csv"], "outs": ["m.pkl"], "params": ["sizes"]}}
    texts = {"dvc.yaml": json.dumps({"stages": stages}), "params.yaml": f"sizes: {value}", "fit.py": code}
    assert shown in imports(files=texts).spec


def test_a_metric_that_the_language_has_not_is_told(imports: Import) -> None:
    text = "stages: {fit: {cmd: python fit.py, deps: [a.csv], metrics: [m.json]}}"
    done: Imported = imports("--json", files={"dvc.yaml": text, "m.json": '{"wape": 1}'})
    assert told(done)["the metric wape"].startswith("dvc.yaml:1 `mae` was taken: a `metric` block")


def test_what_is_said_of_many_lines_is_cut_in_text_and_whole_in_json(imports: Import) -> None:
    text = "stages:\n  x:\n    foreach: ${n}\n    do: {cmd: bash x.sh}\n"
    texts = {"dvc.yaml": text, "params.yaml": f"n: {list(range(40))}"}
    done: Imported = imports(files=texts)
    assert "  … and 28 more; `--json` has all\n" in done.out
    assert len(json.loads(imports("--json", "--out", "again.mlops", files={}).out)["left"]) == 40
