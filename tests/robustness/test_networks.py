"""Stores, sources and trackers that do not answer, and credentials in their addresses."""

from __future__ import annotations

import http.server
import subprocess
import threading
from collections.abc import Iterator

import pytest
from robust_projects import CSV, Project, spec

PASSWORD = "pa55word"
SIGNATURE = "sIgNaTuRe"


@pytest.fixture
def port() -> Iterator[int]:
    """A server that gives `CSV` to everybody, whatever is asked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(CSV)))
            self.send_header("ETag", '"1"')
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(CSV.encode())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def written(project: Project, words: str) -> set[str]:
    """The files of a project, beside the spec and what a build makes of it, in which words stand."""
    found = subprocess.run(
        ["grep", "-rlaE", words, "."], cwd=project.folder, capture_output=True, text=True, check=False
    )
    return {
        path
        for path in found.stdout.split()
        if not path.startswith(("./deploy/", "./pipeline.mlops", "./.mlops/built/"))
    }


@pytest.mark.parametrize("scheme", ["ftp", "http", "foo"])
def test_a_store_that_does_not_answer(project: Project, scheme: str) -> None:
    store = f"{scheme}://user:{PASSWORD}@127.0.0.1:1/rows"
    project.write("pipeline.mlops", spec(environment=f'store = "{store}"'))
    for command in ("run", "why", "doctor"):
        done = project.call(command)
        assert done.code == 4
        assert f"the store `{scheme}://user:***@127.0.0.1:1/rows` cannot be " in done.told
        assert ("help: " in done.told) or ("next: " in done.told)
        assert PASSWORD not in done.told
    assert project.call("runs").code == 0
    assert written(project, PASSWORD) == set()
    assert not (project.folder / "mlops.lock").exists()


def test_a_source_that_does_not_answer(project: Project) -> None:
    source = f"http://user:{PASSWORD}@127.0.0.1:1/rows.csv?sig={SIGNATURE}"
    project.write("pipeline.mlops", spec(f'source = csv("{source}")', "refresh = pinned"))
    done = project.call("run")
    assert done.code == 4
    assert "`http://user:***@127.0.0.1:1/rows.csv?sig=***` cannot be reached: Cannot connect" in done.out
    assert "help: check the URL, the network and credentials" in done.out
    assert written(project, f"{PASSWORD}|{SIGNATURE}") == set()


def test_credentials_stay_in_the_spec_and_new_ones_run_nothing(project: Project, port: int) -> None:
    text = spec(f'source = csv("http://user:{PASSWORD}@127.0.0.1:{port}/rows.csv?sig={SIGNATURE}")')
    project.write("pipeline.mlops", text)
    done = project.call("run")
    assert done.code == 0
    assert f"3 rows, 3 columns from http://user:***@127.0.0.1:{port}/rows.csv?sig=***" in done.out
    shown = project.call("data", "show", "rows")
    assert f"csv http://user:***@127.0.0.1:{port}/rows.csv?sig=*** sha256" in shown.out
    assert "user:***@" in (project.folder / "mlops.lock").read_text()
    assert written(project, f"{PASSWORD}|{SIGNATURE}") == set()
    project.write("pipeline.mlops", text.replace(PASSWORD, "other").replace(SIGNATURE, "another"))
    assert project.call("run").worked == []
    project.write("pipeline.mlops", text.replace("/rows.csv", "/others.csv"))
    assert project.call("run").worked == ["rows"]


def test_a_tracker_that_does_not_answer_is_one_line(project: Project) -> None:
    tracker = f"http://user:{PASSWORD}@127.0.0.1:1"
    project.write("rows.csv", "id,x,y\n" + "".join(f"{n},{n * 0.5},{n % 5}\n" for n in range(60)))
    split = "split = random(train = 60%, validation = 20%, test = 20%)"
    estimator = 'estimator = sklearn("linear_model.Ridge")'
    train = f"train line {{\n  data = rows\n  {estimator}\n  minimize mae(validation)\n}}\n"
    project.write("pipeline.mlops", spec("target = y", split, environment=f'tracking = "{tracker}"', more=train))
    done = project.call("run")
    assert (done.code, done.worked) == (0, ["rows", "line"])
    assert done.err.startswith("warning: experiments were not recorded in `http://user:***@127.0.0.1:1`: ")
    assert done.err.count("\n") == 1
    assert PASSWORD not in done.told
    assert written(project, PASSWORD) == set()
    project.check_whole()
    assert (project.call("run").worked, project.call("doctor").code) == ([], 0)
