"""`make bench --only router`: what a request costs through the router, against the model itself and its peers."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from measure import Figure
from serve.service import ROW, Service

from mlopsc.stdlib.runtime.model.artefact import load_model
from mlopsc.stdlib.runtime.release.state import Change, LiveModel, Phase, ReleaseLog, State
from mlopsc.stdlib.runtime.serve.frames import frame_of
from mlopsc.stdlib.runtime.service.deployment import open_deployment
from mlopsc.stdlib.runtime.store.log import Log

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable
HERE = Path(__file__).parent
MLFLOW = ROOT / ".venv" / "peers" / "mlflow"
SECONDS = 4
CONNECTIONS = 16
ROUNDS = 3
BIKE_ROW = {"at": "2011-06-01T08:00:00", "hr": 8, "workingday": True, "weathersit": "clear", "temp": 0.5, "hum": 0.4}
Rate = dict[str, float]


def router(work: Path) -> Iterator[Figure]:
    """What the router adds to a model, and how it compares with other ways to serve the same model."""
    yield from constant(work / "constant")
    yield from bike(work / "served")


def constant(folder: Path) -> Iterator[Figure]:
    """A model that costs nothing: what is left is the router, its worker and its log."""
    folder.mkdir(parents=True)
    service = Service(folder)
    version = service.add_version(value=1.0)
    service.release({version: 1.0})
    artefact = service.deployment.store.local_path(service.models[version].artefact)
    with service.serving() as running:
        load(running.port, "/predict", ROW, 1, 1)
        pairs = [(direct(artefact), load(running.port, "/predict", ROW, 1, SECONDS)["p50"]) for _ in range(ROUNDS)]
        overhead = statistics.median(through - alone for alone, through in pairs)
        yield Figure("a row through the router, beside the model (median)", overhead, 3, "ms")
        rates = [load(running.port, "/predict", ROW, CONNECTIONS, SECONDS) for _ in range(ROUNDS)]
        assert not any(one["failed"] for one in rates)
        rate = statistics.median(one["rate"] for one in rates)
        yield Figure("single rows of a constant model, logged", rate, 500, "rows/s", at_least=True)


def bike(folder: Path) -> Iterator[Figure]:
    """The bike model behind the router, behind plain FastAPI and behind MLflow, in turns."""
    artefact = trained(folder)
    services = {
        "own": ([PYTHON, "-m", "mlopsc.compiler.cli", "serve", "-e", "prod", "--port"], "/predict", BIKE_ROW),
        "plain FastAPI": ([PYTHON, str(HERE / "plain_service.py"), str(artefact)], "/predict", BIKE_ROW),
        "`mlflow models serve`": (
            mlflow_command(folder, artefact),
            "/invocations",
            {"dataframe_records": [BIKE_ROW]},
        ),
    }
    rates: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        for name, (command, path, asked) in services.items():
            with listening(command, folder, "/ping") as port:
                for connections in (1, CONNECTIONS):
                    found = load(port, path, asked, connections, SECONDS)
                    assert not found["failed"]
                    rates.setdefault((name, connections), []).append(found["rate"])
    for connections, how in ((1, "one after the other"), (CONNECTIONS, f"{CONNECTIONS} at once")):
        own = rates["own", connections]
        told = f"{statistics.median(own):.0f} rows/s"
        for peer, bound in (("plain FastAPI", 0.7), ("`mlflow models serve`", 1.0)):
            ratio = statistics.median(a / b for a, b in zip(own, rates[peer, connections], strict=True))
            yield Figure(f"rows of the bike model, {how}: the router / {peer}", ratio, bound, at_least=True, note=told)


def direct(artefact: Path) -> float:
    """The median of the milliseconds that the model takes for a row in this process."""
    model = load_model(artefact)
    columns = {"hr": [12]}
    times = []
    for _ in range(300):
        begun = time.perf_counter()
        model.answers(frame_of(columns, model.signature))
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000


def load(port: int, path: str, row: object, connections: int, seconds: int) -> Rate:
    """What a client of its own process sees of a service."""
    command = [PYTHON, str(HERE / "load.py"), str(port), path, str(connections), str(seconds)]
    done = subprocess.run(command, input=json.dumps(row).encode(), capture_output=True, check=True)
    found: Rate = json.loads(done.stdout)
    return found


def trained(folder: Path) -> Path:
    """The bike example with a model that is released; the model's artefact."""
    from bench import copy_of_bike

    copy_of_bike(folder)
    done = subprocess.run(
        [str(Path(PYTHON).parent / "mlopsc"), "run", "-e", "prod"], cwd=folder, capture_output=True, text=True
    )
    document = json.loads((folder / "deploy/bike_demand/prod/pipeline.json").read_text(encoding="utf-8"))
    deployment = open_deployment(document, folder)
    (entry, *_) = Log(deployment.store, deployment.versions).read() or (None,)
    if entry is None or entry.record is None:
        raise RuntimeError(f"the example has made no version:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    model = str(entry.record["model"])
    state = State(phase=Phase.SERVING, champion=1, weights={1: 1.0}, models={1: LiveModel(model)}, salt="bench")
    ReleaseLog(deployment.store, deployment.log).append(lambda *_: Change("start", state, "bench", "to be measured"))
    return deployment.store.local_path(model)


@contextmanager
def listening(command: Sequence[str], folder: Path, path: str) -> Iterator[int]:
    """A service started on a free port, which is appended to the command, once it answers; ended afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    path_of_tools = f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", "PATH": path_of_tools}
    output = (folder / "service.log").open("w+")
    given = {"cwd": folder, "stdout": output, "stderr": output, "env": environment, "start_new_session": True}
    with output, subprocess.Popen([*command, str(port)], **given) as process:
        try:
            until = time.monotonic() + 120
            while not answers(port, path):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{command[0]} does not serve:\n{(folder / 'service.log').read_text()[-2000:]}")
                time.sleep(0.2)
            yield port
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def answers(port: int, path: str) -> bool:
    """Whether the service is there and, if it is ours, has loaded its version."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            told = response.read().decode()
    except OSError:
        return False
    return "versions" not in told or bool(re.search(r'"ready"', told))


def mlflow_command(folder: Path, artefact: Path) -> list[str]:
    """`mlflow models serve` with the same artefact; MLflow lives in an environment of its own."""
    os.environ.update({"MLOPSC_ROOT": str(ROOT), "MLFLOW_DISABLE_TELEMETRY": "true"})
    python, saved = MLFLOW / "bin" / "python", folder / "mlflow-model"
    if not (MLFLOW / ".ready").exists():
        subprocess.run([PYTHON, "-m", "venv", "--clear", str(MLFLOW)], check=True)
        packages = json.loads(
            subprocess.run(
                [PYTHON, "-m", "pip", "list", "--format=json"], capture_output=True, check=True, text=True
            ).stdout
        )
        same = {"scikit-learn", "skops"}  # MLflow chooses the others itself: it may not take the newest pandas
        pinned = [f"{one['name']}=={one['version']}" for one in packages if one["name"] in same]
        command = [str(python), "-m", "pip", "install", "--quiet", "mlflow>=3", "pyarrow", *pinned]
        subprocess.run(command, check=True, capture_output=True)
        (MLFLOW / ".ready").touch()
    if not saved.exists():
        script = (
            "import mlflow.pyfunc, sys; mlflow.pyfunc.save_model(sys.argv[1], loader_module='plain_loader', "
            "data_path=sys.argv[2], code_paths=[sys.argv[3]], pip_requirements=[])"
        )
        arguments = [str(saved), str(artefact), str(HERE / "plain_loader.py")]
        subprocess.run([str(python), "-c", script, *arguments], cwd=HERE, check=True, capture_output=True)
    return [str(MLFLOW / "bin" / "mlflow"), "models", "serve", "-m", str(saved), "--env-manager", "local", "--port"]
