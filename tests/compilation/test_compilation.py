"""The composition root: phases in order, each mistake once, nothing emitted while there is an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlopsc.compiler.compilation import Compilation
from mlopsc.compiler.ir import schema
from mlopsc.compiler.semantics import analysis
from mlopsc.compiler.syntax import parser
from mlopsc.compiler.workspace import DiskWorkspace, MemoryWorkspace
from mlopsc.stdlib import registry
from mlopsc.targets.local.target import LocalTarget

BIKE = Path(__file__).parents[2] / "examples" / "bike-demand"
SPEC = """\
pipeline shop {
  language = 1
}

data orders {
  source = csv("orders.csv")
  schema {
    price: float in 0..
  }
  check rows >= 3
}
"""
FILES = {"orders.csv": "price\n1\n"}


def compiled(text: str, **files: str) -> Compilation:
    return Compilation(MemoryWorkspace({**FILES, **files, "pipeline.mlops": text}), registry())


def codes(compilation: Compilation) -> list[str]:
    return [diagnostic.code.id for diagnostic in compilation.diagnostics]


def test_the_bike_example_has_no_error_and_a_pipeline_for_each_environment() -> None:
    bike = Compilation(DiskWorkspace(BIKE), registry())
    assert [one for one in bike.diagnostics if one.is_error] == []
    assert list(bike.pipelines) == ["dev", "prod"]
    assert [stage.name for stage in bike.pipelines["prod"].stages] == ["rides", "demand", "demand_gate", "api", "live"]
    assert [pipeline.environment.serves for pipeline in bike.pipelines.values()] == [False, True]
    gate = bike.pipelines["prod"].stage("demand_gate")
    assert gate.inputs == ("demand", "rides")
    assert bike.origins["prod"]["stages"]["demand_gate"]["rules"]["require mae(test)"] == "pipeline.mlops:58:3"


def test_files_are_emitted_for_all_environments_at_once() -> None:
    bike = Compilation(DiskWorkspace(BIKE), registry())
    assert [file.path for file in bike.emit(["local"])] == [
        f"deploy/bike_demand/{environment}/{name}"
        for environment in ("dev", "prod")
        for name in ("run.py", "pipeline.json", "origins.json")
    ]


def test_a_comment_or_an_empty_line_changes_no_committed_file() -> None:
    before = compiled(SPEC)
    after = compiled("# about the shop\n\n" + SPEC.replace("check rows", "# a check\n  check rows"))
    committed = [[(file.path, file.text) for file in one.emit(["local"]) if file.committed] for one in (before, after)]
    assert committed[0] == committed[1] != []
    assert before.origins != after.origins


def test_moving_settings_changes_no_committed_file() -> None:
    moved = SPEC.replace('  source = csv("orders.csv")\n', "").replace("\n}\n", '\n  source = csv("orders.csv")\n}\n')
    moved = moved.replace('  language = 1\n  source = csv("orders.csv")\n', "  language = 1\n")
    assert moved != SPEC
    assert schema.dump(compiled(moved).pipelines["local"]) == schema.dump(compiled(SPEC).pipelines["local"])


@pytest.mark.parametrize(
    "broken",
    [
        SPEC.replace("rows >= 3", "rows = 3"),
        SPEC.replace("orders.csv", "order.csv"),
        SPEC.replace("price: float", "price: flaot"),
        "",
        "{" * 100_000,
    ],
)
def test_nothing_is_emitted_while_there_is_an_error(broken: str) -> None:
    compilation = compiled(broken)
    assert compilation.has_errors
    assert compilation.pipelines == {}
    assert compilation.emit(["local"]) == []
    assert compilation.diagnostics_for(["local"]) == compilation.diagnostics


def test_messages_stand_in_the_order_of_files_and_text_each_once() -> None:
    text = (
        'use "other.mlops"\n\n'
        + SPEC.replace("flaot", "float").replace("price: float", "price: flaot")
        + "\nlimit = \n"
    )
    found = compiled(text, **{"other.mlops": 'data weather {\n  source = cvs("orders.csv")\n}\n'}).diagnostics
    places = [(one.location.file.path, one.location.span) for one in found]
    assert [path for path, _ in places] == sorted((path for path, _ in places), key="pipeline.mlops other.mlops".index)
    assert len(set(places)) == len(places) >= 3


def test_an_edit_gives_a_new_state_and_leaves_the_old_one() -> None:
    before = Compilation(MemoryWorkspace({**FILES, "pipeline.mlops": SPEC}), registry())
    assert codes(before) == []
    after = before.edited("pipeline.mlops", SPEC.replace("rows >= 3", "rowz >= 3"))
    assert after.has_errors
    assert not before.has_errors
    assert not after.edited("pipeline.mlops", SPEC).has_errors


def test_an_edit_stands_before_the_file_on_disk(tmp_path: Path) -> None:
    (tmp_path / "pipeline.mlops").write_text("broken")
    disk = Compilation(DiskWorkspace(tmp_path), registry())
    assert disk.has_errors
    (tmp_path / "orders.csv").write_text("price\n1\n")
    assert codes(disk.edited("pipeline.mlops", SPEC)) == []
    assert (tmp_path / "pipeline.mlops").read_text() == "broken"


@pytest.mark.parametrize(
    ("owner", "name", "phase"),
    [
        (parser, "parse_chunk", "parsing"),
        (analysis, "analyse", "checking"),
        (LocalTarget, "check", "checking targets"),
        (LocalTarget, "emit", "emitting"),
    ],
)
def test_a_mistake_of_the_compiler_is_one_message_and_no_output(
    owner: object, name: str, phase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("planted\nwith more lines")

    monkeypatch.setattr(owner, name, fail)
    compilation = compiled(SPEC)
    assert compilation.emit(["local"]) == []
    found = [one for one in compilation.diagnostics_for(["local"]) if one.code.id == "E000"]
    assert len(found) == 1
    assert found[0].message == f"the compiler failed while {phase}: RuntimeError: planted"
    assert "test_compilation.py" in found[0].hint
    assert str(Path.cwd()) not in found[0].hint


def test_emission_is_the_same_bytes_in_any_folder_and_with_any_hash_seed(tmp_path: Path) -> None:
    script = (
        "import sys, os; from pathlib import Path\n"
        "from mlopsc.compiler.compilation import Compilation\n"
        "from mlopsc.compiler.workspace import DiskWorkspace\n"
        "from mlopsc.stdlib import registry\n"
        "files = Compilation(DiskWorkspace(Path(sys.argv[1])), registry()).emit(['local'])\n"
        "sys.stdout.buffer.write(''.join(file.path + file.text for file in files).encode())\n"
    )
    elsewhere = tmp_path / "ailleurs, à côté"
    elsewhere.symlink_to(BIKE, target_is_directory=True)
    texts = {
        subprocess.run(
            [sys.executable, "-c", script, str(folder)],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
            capture_output=True,
            check=True,
        ).stdout
        for folder, seed, zone in [(BIKE, "0", "UTC"), (elsewhere, "1", "Asia/Tokyo"), (BIKE, "random", "UTC")]
    }
    assert len(texts) == 1
    assert str(BIKE).encode() not in texts.pop()
