"""What user code may do to its worker, and what the engine makes of it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import cast

import pytest
from engine_project import Project, by_name, worked

from mlopsc.stdlib.runtime.engine.context import StageContext
from mlopsc.stdlib.runtime.engine.events import Failure, LogLine, Outcome, Progress, StageStarted
from mlopsc.stdlib.runtime.engine.executor import Lost
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.engine.processes import Processes
from mlopsc.stdlib.runtime.engine.usercode import load_callable
from mlopsc.stdlib.runtime.engine.work import NO_ARGUMENTS, Call, Job
from mlopsc.stdlib.runtime.store.local import LocalStore


def failure(project: Project, code: int = 1, **options: int) -> Failure:
    """Why stage `bad` failed, while its neighbour `good` did not, and nothing of `bad` was kept."""
    project.stage("good")
    result = project.run(**options)
    summaries = by_name(result)
    found = summaries["bad"].failure
    assert found is not None
    assert (summaries["bad"].outcome, summaries["good"].outcome) == (Outcome.ERROR, Outcome.OK)
    assert (summaries["bad"].record, result.exit_code) == (None, code)
    assert project.forecast()["bad"].status == "runs"
    return found


def test_an_error_shows_the_users_own_lines_and_what_was_printed(project: Project) -> None:
    project.calling("bad", "def work(context):\n    print('reading')\n    return {}['hr']\n")
    told = failure(project)
    assert told.message == "the stage `bad` raised KeyError: 'hr'"
    assert told.details.startswith("Traceback")
    assert "bad_code.py" in told.details
    assert "return {}['hr']" in told.details
    assert "work.py" not in told.details
    assert told.tail == ("reading",)


def test_what_a_stage_says_itself_is_passed_on(project: Project) -> None:
    project.stage("bad", do="refuse")
    assert failure(project) == Failure("3 rows have no `hr`", "mend them", "row 7", "missing(hr)")


def test_a_call_of_exit_is_no_success(project: Project) -> None:
    project.calling("bad", "import sys\ndef work(context):\n    sys.exit(0)\n")
    told = failure(project)
    assert told.message == "the stage `bad` called `sys.exit(0)`"
    assert "bad_code.py" in told.details


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("import os\ndef work(context):\n    os._exit(3)\n", "exit code 3"),
        ("import os, signal\ndef work(context):\n    os.kill(os.getpid(), signal.SIGKILL)\n", "SIGKILL"),
        ("import ctypes\ndef work(context):\n    print('native')\n    ctypes.string_at(0)\n", "SIGSEGV"),
    ],
)
def test_a_crash_takes_only_its_stage_with_it(project: Project, code: str, how: str) -> None:
    project.calling("bad", code)
    told = failure(project)
    assert how in told.message
    if how == "SIGSEGV":
        assert told.tail == ("native",)
        assert "bad_code.py" in told.details


def test_a_stage_that_hangs_is_stopped(project: Project) -> None:
    project.calling("bad", "import time\ndef work(context):\n    time.sleep(600)\n", timeout="500ms")
    told = failure(project)
    assert told.message == "`bad` took longer than 0.5 s"
    assert told.setting == "timeout"


def test_a_syntax_error_has_its_line(project: Project) -> None:
    project.calling("bad", "def work(context)\n    return 1\n")
    told = failure(project)
    assert told.message.startswith("`bad_code.py` cannot be imported: SyntaxError: expected ':'")
    assert "line 1" in told.details


def test_a_million_lines_go_to_the_log_and_nowhere_else(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    code = "def work(context):\n    for n in range(1_000_000):\n        print(f'row {n}')\n    1 / 0\n"
    project.calling("bad", code)
    told = failure(project)
    log = project.folder / ".mlops" / "runs" / "1" / "logs" / "bad.log"
    assert len(told.tail) == 12
    assert told.tail[-1] == "row 999999"
    assert log.stat().st_size > 10_000_000
    assert "row" not in capfd.readouterr().out


def test_output_of_child_processes_is_captured_too(project: Project) -> None:
    code = "import subprocess\ndef work(context):\n    subprocess.run(['echo', 'from a child'])\n    return 1\n"
    project.calling("good", code)
    log = by_name(project.run())["good"].log
    assert log is not None
    assert log.read_text() == "from a child\n"


def test_silent_stages_leave_no_log(chain: Project) -> None:
    result = chain.run()
    assert [summary.log for summary in result.stages] == [None, None, None]
    assert list((result.folder / "logs").iterdir()) == []


def test_no_global_state_reaches_another_stage(project: Project) -> None:
    project.write("shared.py", "count = 0\n")
    code = """
import os, random, sys, warnings
import numpy as np
import shared

def work(context):
    seen = shared.count, os.environ.get("LEAK"), os.path.exists("stages.py"), "leak" in sys.path
    drawn = random.random(), float(np.random.rand())
    shared.count += 1
    os.environ["LEAK"] = "1"
    os.environ.pop("PATH")
    sys.path.append("leak")
    sys.stdout = None
    os.chdir("/")
    (context.scratch / "left").write_text("x")
    return [*seen, len(list(context.scratch.iterdir())), *(drawn if context.name == "a" else ())]
"""
    for name in ("a", "b", "c"):
        project.calling(name, code)
    result = project.run(jobs=1)
    assert [project.output(result, name) for name in ("b", "c")] == ["[0, None, True, False, 1]"] * 2
    again = project.run(jobs=1, force=("a",))
    assert project.output(again, "a") == project.output(result, "a")


def test_a_thread_that_is_left_behind_ends_with_its_worker(project: Project) -> None:
    code = (
        "import os, threading, time\n"
        "def work(context):\n"
        "    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
        "    return os.getpid()\n"
    )
    for name in ("a", "b"):
        project.calling(name, code)
    result = project.run(jobs=1)
    assert result.exit_code == 0
    assert project.output(result, "a") != project.output(result, "b")


def test_workers_are_used_again(project: Project) -> None:
    for name in ("a", "b", "c"):
        project.calling(name, "import os\ndef work(context):\n    return os.getpid()\n")
    result = project.run(jobs=1)
    assert len({project.output(result, name) for name in ("a", "b", "c")}) == 1


def test_ready_stages_run_side_by_side(project: Project) -> None:
    code = (
        "import time\nfrom pathlib import Path\n"
        "def work(context):\n"
        "    Path(context.name).touch()\n"
        "    while not all(Path(name).exists() for name in ('a', 'b')):\n"
        "        time.sleep(0.01)\n"
        "    return context.threads\n"
    )
    for name in ("a", "b"):
        project.calling(name, code, timeout="30s")
    assert project.run(jobs=2).exit_code == 0


def test_retries_start_anew_and_are_told(project: Project) -> None:
    code = (
        "def work(context):\n"
        "    if context.attempt < 3:\n"
        "        raise OSError('the network is down')\n"
        "    return context.attempt\n"
    )
    project.calling("bad", code, retries=1)
    assert by_name(project.run())["bad"].attempts == 2
    project.calling("bad", code, retries=2)
    result = project.run()
    assert project.output(result, "bad") == "3"
    started = [event for event in project.events if isinstance(event, StageStarted)]
    assert [event.attempt for event in started] == [1, 2, 3]
    assert "the network is down" in started[1].reason


def test_a_fan_out_brings_its_results_together(project: Project) -> None:
    project.stage("squares", do="fan", values=list(range(10)), value=1)
    project.stage("none", do="fan", values=[])
    project.stage("nested", do="nest")
    result = project.run()
    assert [project.output(result, name) for name in ("squares", "none", "nested")] == ["286", "0", "105"]
    assert [event for event in project.events if isinstance(event, Progress) and event.text == "squares"]


def test_a_task_that_fails_fails_its_stage(project: Project) -> None:
    project.stage("bad", do="fan", values=[1, 13, *range(200)])
    assert failure(project).message == "the stage `bad` raised ValueError: unlucky"


def test_a_result_of_the_wrong_type_is_told(project: Project) -> None:
    project.stage("bad", do="odd", values=[1])
    assert "returned list, no StageResult" in failure(project).message


def test_many_failures_do_not_exhaust_workers(project: Project) -> None:
    for name in (f"s{n}" for n in range(12)):
        project.calling(name, "import os\ndef work(context):\n    os._exit(1)\n")
    project.stage("good")
    result = project.run(jobs=2)
    assert worked(result) == [*(f"s{n}" for n in range(12)), "good"]
    assert by_name(result)["good"].outcome is Outcome.OK


def test_a_stage_may_speak_while_it_runs(project: Project) -> None:
    project.calling("good", "def work(context):\n    context.log('6 candidates')\n    return 1\n")
    project.run()
    assert LogLine("good", "6 candidates") in project.events


def test_a_full_store_fails_the_stage_with_what_to_do(project: Project) -> None:
    project.stage("big")
    project.environment["settings"] = {"store": "blocked"}
    project.write("blocked", "a file where the store should be")
    result = project.run()
    told = by_name(result)["big"].failure
    assert told is not None
    assert "the store" in told.message
    assert "check the folder" in told.hint
    assert result.exit_code == 4


def test_a_file_that_changes_while_it_is_read_makes_no_record(project: Project) -> None:
    project.write("rides.csv", "1")
    code = "def work(context):\n    open('rides.csv', 'a').write('2')\n    return 1\n"
    project.calling("bad", code)
    project.stages[0]["files"] = ["bad_code.py", "rides.csv"]
    assert failure(project, code=4).message == "`rides.csv` changed while `bad` was at work"


def test_the_warm_path_imports_nothing_heavy(chain: Project) -> None:
    request = chain.request()
    chain.run()
    program = (
        "import sys; before = set(sys.modules)\n"
        "from pathlib import Path\n"
        "from mlopsc.stdlib.runtime.engine.prepared import Request\n"
        "from mlopsc.stdlib.runtime.engine.runner import run\n"
        f"folder = Path({str(chain.folder)!r})\n"
        f"result = run(Request(folder / 'pipeline.json', folder, {request.functions!r}))\n"
        "assert all(stage.cached for stage in result.stages)\n"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"multiprocessing", "pydantic", "numpy", "pandas", "fsspec", "tomllib", "socket", "subprocess", "rich"}
    assert "mlopsc" in done.stdout.split()
    assert heavy & set(done.stdout.split()) == set()


def context_of(folder: Path) -> StageContext:
    """A context as a test of a stage function would make it."""
    stage = {"name": "rides", "kind": "data", "settings": {}}
    return StageContext(stage, {"environment": {"name": "dev"}}, folder, folder, {}, LocalStore(folder), "0a" * 32)


def test_a_context_works_without_an_engine(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    context.progress(1, 2)
    context.log("unheard")
    assert (context.name, context.kind, context.environment, context.seed) == ("rides", "data", "dev", 0x0A0A0A0A)


@pytest.mark.parametrize(
    ("reference", "fact"),
    [
        ("none.py:f", "there is no file `none.py`"),
        ("prep_here.py:g", "`prep_here.py` has no `g`"),
        ("json.py:f", "`json.py` has the name of another module, `json`"),
        ("broken_here.py:f", "`broken_here.py` cannot be imported: ModuleNotFoundError: No module named 'nowhere'"),
    ],
)
def test_user_code_that_cannot_be_had_is_named(project: Project, reference: str, fact: str) -> None:
    project.write("prep_here.py", "def f(): pass\n")
    project.write("json.py", "def f(): pass\n")
    project.write("broken_here.py", "import nowhere\n")
    path = list(sys.path)
    with pytest.raises(StageFailure) as caught:
        load_callable(project.folder, reference)
    sys.path[:] = path
    assert caught.value.message == fact
    assert threading.active_count() >= 1


def test_a_full_disk_keeps_what_fits_and_the_rest_runs_later(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        project = Project(disk / "project")
        project.stage("small")
        project.calling("big", "import os\ndef work(context):\n    return os.urandom(900_000).hex()\n", "small")
        (disk / "filler").write_bytes(b"x" * 1_000_000)
        result = project.run()
        told = by_name(result)["big"].failure
        assert told is not None
        assert "No space left" in told.message
        assert "free some space" in told.hint
        assert result.exit_code == 4
        (disk / "filler").unlink()
        assert worked(project.run()) == ["big"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


class _OnlyHere:
    """Can be pickled, but not read where its module is not: as the jobs of another version of the program."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return __import__, ("mlopsc_of_another_version",)


def test_a_job_that_its_worker_cannot_read_ends_instead_of_waiting_forever(project: Project) -> None:
    workers = Processes(1)
    context = cast(StageContext, _OnlyHere())
    try:
        workers.submit(Job(1, Call("builtins:len", NO_ARGUMENTS), context, project.folder / "log", root=True))
        signals = workers.wait(60)
    finally:
        workers.close()
    assert [(one.job, type(one.what)) for one in signals] == [(1, Lost)]


def test_code_that_was_changed_at_once_is_not_run_as_it_had_been(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two versions of a module with one size and one time, as after a change within a second."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    for value in ("1", "2"):
        project.calling("one", f"def work(context):\n    return {value}\n")
        os.utime(project.folder / "one_code.py", (1_700_000_000, 1_700_000_000))
        assert project.output(project.run(), "one") == value


def test_a_worker_looks_for_garbage_only_in_what_it_makes_itself(project: Project) -> None:
    look = "import gc\ndef work(context):\n    return gc.isenabled() and gc.get_freeze_count()\n"
    project.calling("looks", look)
    assert int(project.output(project.run(), "looks")) > 10_000
