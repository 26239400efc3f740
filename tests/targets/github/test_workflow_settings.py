"""What a spec says of jobs beyond the pipeline reaches the workflows: labels, steps, services, secrets, schedules."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest
from workflow_graphs import document_of, jobs_of

from mlopsc.compiler.catalogue import pages
from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.workspace import MemoryWorkspace
from mlopsc.stdlib import registry
from mlopsc.targets.github.pins import KNOWN
from mlopsc.targets.github.policy import findings
from mlopsc.targets.github.scheduling import cron

IMAGE = f"postgres:16@sha256:{'0' * 64}"
SPEC = """pipeline shop {
  github = github("example-org/shop"SETTINGS)
}
environment dev { platform = local() }
environment prod {
  follows  = dev
  platform = aws(region = "eu-west-1", account = "123456789012")
}
data orders {
  source = csv("orders.csv")
  target = price
  check rows >= 1
  schema {
    size:  float
    price: float
  }
  split = random(train = 60%, validation = 10%, test = 30%)
}
data visits {
  source = SOURCE
  check rows >= 1
  schema { page: category }
}
train price {
  data      = orders
  estimator = sklearn("linear_model.LinearRegression")
  minimize mae(validation)
}
test gate {
  model = price
  require mae(test) <= 1 at 95%
}
release api {
  model = price
  gate  = gate
}
monitor live {
  release = api
  watch uptime >= 99% over 30d
}
"""
CSV = 'csv("visits.csv")'
SQL = 'sql("select page from visits", connection = secret("DB_URL"))'


def workflows(settings: str = "", source: str = CSV) -> dict[str, dict[str, Any]]:
    """The workflows of the spec by the last word of their names, each without a finding of the policy check."""
    spec = SPEC.replace("SETTINGS", f", {settings}" if settings else "").replace("SOURCE", source)
    files = {"pipeline.mlops": spec, "orders.csv": "", "visits.csv": ""}
    compilation = Compilation(MemoryWorkspace(files), registry())
    assert [one.message for one in compilation.diagnostics_for(["github"]) if one.is_error] == []
    found = {}
    for file in compilation.emit(["github"]):
        path = PurePosixPath(file.path)
        if path.parent.name == "workflows":
            assert findings(file.path, file.text, KNOWN) == []
            found[path.stem.rpartition("-")[2]] = document_of(file.text)
    return found


def codes(spec: str) -> list[str]:
    compilation = Compilation(MemoryWorkspace({"pipeline.mlops": spec}), registry())
    return [one.code.id for one in compilation.diagnostics_for(["github"]) if one.code.id.startswith("E64")]


def steps(job: dict[str, Any]) -> list[str]:
    return [step["name"] for step in job["steps"]]


def test_every_job_runs_on_the_machines_that_are_labelled_so() -> None:
    for workflow in workflows('runner = ["self-hosted", "gpu"]').values():
        assert {tuple(job["runs-on"]) for job in workflow["jobs"].values()} == {("self-hosted", "gpu")}


def test_a_step_comes_before_the_stages_that_it_is_for_and_before_any_cloud() -> None:
    found = workflows('steps = [step("true", name = "One", stages = [price]), step("false", name = "All")]')
    jobs = found["ci"]["jobs"] | found["cd"]["jobs"] | found["monitor"]["jobs"]
    having = {name: [one for one in steps(job) if one in ("One", "All")] for name, job in jobs.items()}
    assert {name: all_ for name, all_ in having.items() if all_} == {
        "data-orders": ["All"],
        "data-visits": ["All"],
        "train-price": ["One", "All"],
        "test-gate": ["All"],
        "prove-prod": ["One", "All"],
        "look-prod-live": ["One", "All"],
    }
    for name in ("prove-prod", "look-prod-live"):
        assert steps(jobs[name]).index("All") < steps(jobs[name]).index(
            next(one for one in steps(jobs[name]) if one.startswith("Become "))
        )


def test_steps_of_one_name_have_ids_of_their_own() -> None:
    job = workflows('steps = [step("true"), step("false")]')["ci"]["jobs"]["train-price"]
    ids = [step["id"] for step in job["steps"]]
    assert len(set(ids)) == len(ids)


def test_a_service_runs_beside_stages_and_beside_nothing_else() -> None:
    service = f'service("db", image = "{IMAGE}", ports = 5432, env = ["A=b=c"], health = "pg_isready -q")'
    jobs = workflows(f"services = [{service}]")["cd"]["jobs"]
    beside = {name for name, job in jobs.items() if "services" in job}
    assert beside == {"data-orders", "data-visits", "train-price", "test-gate", "prove-prod"}
    (container,) = jobs["train-price"]["services"].values()
    assert (container["image"], container["ports"], container["env"]) == (IMAGE, ["5432:5432"], {"A": "b=c"})
    assert container["options"].startswith('--health-cmd "pg_isready -q" ')


def test_a_secret_is_read_by_the_jobs_that_need_it_in_their_environment_and_never_for_a_pull_request() -> None:
    found = workflows(source=SQL)
    assert "secrets" not in str(found["ci"])
    assert {"data-visits"}.isdisjoint(found["ci"]["jobs"])
    assert {"data-orders", "train-price", "test-gate"} <= found["ci"]["jobs"].keys()
    reading = {name: job for name, job in found["cd"]["jobs"].items() if "secrets." in str(job)}
    assert {name: job["environment"] for name, job in reading.items()} == {
        "data-visits": "shop-dev-run",
        "prove-prod": "shop-prod-run",
    }
    (run,) = [step for step in reading["data-visits"]["steps"] if step["id"] == "run"]
    assert run["env"]["DB_URL"] == "${{ secrets.DB_URL }}"
    assert "secrets.DB_URL" in str(found["monitor"]["jobs"]["look-prod-live"])
    assert "secrets" not in str(found["monitor"]["jobs"]["tick-prod-api"])


@pytest.mark.parametrize(
    ("every", "runs"), [("5min", 288), ("15min", 96), ("30min", 48), ("1h", 24), ("6h", 4), ("12h", 2), ("1d", 1)]
)
def test_a_schedule_has_as_many_runs_a_day_as_it_says(every: str, runs: int) -> None:
    found = workflows(f"every = {every}")["monitor"]["on"]["schedule"][0]["cron"]
    minutes, hours, *rest = found.split()
    assert rest == ["*", "*", "*"]
    assert len(times(minutes, 60)) * len(times(hours, 24)) == runs
    assert not {0, 15, 30, 45} & times(minutes, 60)


def times(field: str, end: int) -> set[int]:
    """What a field of cron stands for."""
    ends, _, step = field.partition("/")
    if ends == "*":
        return set(range(end))
    first, _, last = ends.partition("-")
    return set(range(int(first), int(last or first) + 1, int(step or 1)))


@pytest.mark.parametrize("every", ["1min", "4min", "7min", "45min", "90min", "5h", "2d", "1mo", "0min"])
def test_no_schedule_of_github_is_every(every: str) -> None:
    assert cron(every, "shop") is None


@pytest.mark.parametrize("code", ["E641", "E642", "E643", "E644"])
def test_the_page_shows_what_is_refused_and_what_is_not(code: str) -> None:
    page = pages()[code]
    assert [codes(one) for one in page.wrong] == [[code]]
    assert [codes(one) for one in page.right] == [[]]


def many(number: int) -> str:
    """The spec, and that many more data stages."""
    more = "".join(
        f"data d{index} {{\n  source = {CSV}\n  check rows >= 1\n  schema {{ page: category }}\n}}\n"
        for index in range(number)
    )
    return SPEC.replace("SETTINGS", "").replace("SOURCE", CSV) + more


def large(number: int) -> tuple[str, list[str]]:
    """The delivery of that many more stages, and what is said where there is none."""
    files = {"pipeline.mlops": many(number), "orders.csv": "", "visits.csv": ""}
    compilation = Compilation(MemoryWorkspace(files), registry())
    texts = [file.text for file in compilation.emit(["github"]) if file.path.endswith("-cd.yml")]
    said = [f"{one.code.id}: {one.message}" for one in compilation.diagnostics_for(["github"]) if one.is_error]
    return "".join(texts), said


def test_there_is_no_matrix_however_many_stages_there_are() -> None:
    text, _ = large(80)
    jobs = jobs_of(text)
    assert sum(name.startswith("data-") for name in jobs) == 82
    assert not any("strategy" in job for job in jobs.values())
    assert findings("cd", text, KNOWN) == []


@pytest.mark.parametrize(("more", "shared"), [(112, 114), (300, 101)])
def test_stages_share_jobs_where_there_are_too_many(more: int, shared: int) -> None:
    text, said = large(more)
    assert said == []
    assert len(text.encode()) < 512_000
    jobs = jobs_of(text)
    assert sum(name.startswith("stages-") for name in jobs) == shared
    (run,) = [step for step in jobs["stages-orders"]["steps"] if step["id"] == "run"]
    assert [one for one in run["env"]["STAGES"].splitlines() if one in ("orders", "price", "gate")] == [
        "orders",
        "price",
        "gate",
    ]
    fetched = [step["with"]["name"] for step in jobs["prove-prod"]["steps"] if step["id"].startswith("fetch-")]
    assert len(fetched) == len(set(fetched)) == shared
    assert findings("cd", text, KNOWN) == []


def test_a_query_needs_the_extra_that_reads_it() -> None:
    installed = [step["run"] for step in workflows(source=SQL)["ci"]["jobs"]["data-orders"]["steps"] if "run" in step]
    assert 'python -m pip install --quiet "mlopsc[run,sql]"\n' in installed
    assert "sql" not in str(workflows())
