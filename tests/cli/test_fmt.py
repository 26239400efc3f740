"""`mlopsc fmt`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from commands import SPEC, Done, start

from mlopsc.compiler.program import vocabulary_of
from mlopsc.stdlib import registry
from mlopsc.stdlib.vocabulary import STANDARD

Call = Callable[..., Done]
LOOSE = SPEC.replace("data      = orders", "data=orders")


def test_the_words_that_it_knows_are_those_that_are_declared() -> None:
    assert vocabulary_of(registry()) == STANDARD


def test_what_is_formatted_stays_untouched(project: Path, call: Call) -> None:
    spec = project / "pipeline.mlops"
    before = spec.stat().st_mtime_ns
    assert call("fmt") == Done(0, "", "1 file as it is\n")
    assert spec.stat().st_mtime_ns == before


def test_it_writes_and_keeps_mode_line_ends_and_links(project: Path, call: Call) -> None:
    real = project / "real.mlops.txt"
    real.write_bytes(LOOSE.replace("\n", "\r\n").encode())
    real.chmod(0o755)
    (project / "pipeline.mlops").unlink()
    (project / "pipeline.mlops").symlink_to(real)
    assert call("fmt") == Done(0, "formatted pipeline.mlops\n", "1 file formatted\n")
    assert (project / "pipeline.mlops").is_symlink()
    assert real.read_bytes() == SPEC.replace("\n", "\r\n").encode()
    assert real.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in project.iterdir() if path.name.startswith(".")] == []


def test_checking_writes_nothing(project: Path, call: Call) -> None:
    (project / "pipeline.mlops").write_text(LOOSE, encoding="utf-8")
    assert call("fmt", "--check") == Done(1, "would change pipeline.mlops\n", "1 file would be formatted\n")
    done = call("fmt", "--diff")
    assert done.code == 1
    assert "-  data=orders\n+  data      = orders\n" in done.out
    assert (project / "pipeline.mlops").read_text(encoding="utf-8") == LOOSE


def test_a_file_with_mistakes_is_left_and_the_others_are_formatted(project: Path, call: Call) -> None:
    (project / "pipeline.mlops").write_text(LOOSE, encoding="utf-8")
    (project / "broken.mlops").write_text("data x {\n  source = = 1\n}\n", encoding="utf-8")
    done = call("fmt")
    assert done.code == 1
    assert "--> broken.mlops:2:12" in done.err
    assert done.err.endswith("1 file formatted, 1 file not formatted\n")
    assert (project / "pipeline.mlops").read_text(encoding="utf-8") == SPEC
    assert (project / "broken.mlops").read_text(encoding="utf-8") == "data x {\n  source = = 1\n}\n"


def test_folders_and_files(project: Path, call: Call) -> None:
    (project / "sub").mkdir()
    for name in ("sub/a.mlops", "sub/b.mlops", "c.mlops"):
        (project / name).write_text(LOOSE, encoding="utf-8")
    (project / ".mlops").mkdir()
    assert call("fmt", "sub", "c.mlops").err == "3 files formatted\n"
    assert call("fmt").err == "2 files as they are\n"


def test_stdin(project: Path) -> None:
    done = start("fmt", "-", folder=project, stdin=LOOSE.encode())
    assert done == Done(0, SPEC, "")
    assert start("fmt", "--check", "-", folder=project, stdin=LOOSE.encode()).code == 1
    broken = start("fmt", "-", folder=project, stdin=b"data x {")
    assert (broken.code, broken.out) == (1, "")
    assert "--> <stdin>:1:" in broken.err
