"""Small projects, the real command on them, and what must hold whatever happened to it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlopsc.compiler.cli.exits import Exit
from mlopsc.stdlib.runtime.store.log import unseal

MLOPSC = str(Path(sys.executable).with_name("mlopsc"))
EXPECTED = {int(code) for code in Exit} - {int(Exit.INTERNAL)}
PATIENCE = 120.0
"""Seconds after which something that a test waits for will not come any more, however busy the machine is."""

CSV = "id,x,y\n1,0.5,0\n2,1.5,1\n3,2.5,0\n"
COLUMNS = "id: int role id\n    x: float\n    y: int"


def spec(
    *settings: str, columns: str = COLUMNS, check: str = "rows >= 1", environment: str = "", more: str = ""
) -> str:
    """A spec with a data stage `rows`, which reads `rows.csv` unless a setting says otherwise."""
    lines = list(settings)
    if not any(line.startswith(("source", "from")) for line in lines):
        lines.insert(0, 'source = csv("rows.csv")')
    body = "".join(f"  {line}\n" for line in lines)
    return (
        'pipeline tiny { owner = "me@example.com" }\n'
        f"environment dev {{\n  platform = local()\n  {environment}\n}}\n"
        f"data rows {{\n{body}  schema {{\n    {columns}\n  }}\n  check {check}\n}}\n{more}"
    )


def derived(name: str, source: str, *settings: str) -> str:
    """A data stage that is made from another one."""
    body = "".join(f"  {line}\n" for line in (f"from = {source}", *settings))
    return f"data {name} {{\n{body}  schema {{\n    {COLUMNS}\n  }}\n  check rows >= 1\n}}\n"


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> str:
        """All that it wrote."""
        return self.out + self.err

    @property
    def worked(self) -> list[str]:
        """The stages that were begun, in their order."""
        return [line.partition(":")[0] for line in self.out.splitlines() if ": starts" in line]


class Project:
    """A project in a folder, by default of one data stage and three rows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.write("pipeline.mlops", spec())
        self.write("rows.csv", CSV)
        self.write("requirements.txt", "pandas\n")

    def write(self, path: str, content: str | bytes) -> Path:
        """Write a file of the project."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def call(
        self,
        *arguments: str,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        shell: str = '"$@"',
    ) -> Done:
        """Run the command to its end; `shell` is how a shell calls it, to close a stream or lead one elsewhere.

        Whatever happened, it ends with a code that is documented and shows no traceback of its own.
        """
        done = subprocess.run(
            ["bash", "-c", shell, "bash", MLOPSC, *arguments],
            cwd=folder or self.folder,
            env=_variables() if environment is None else environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        result = Done(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert result.code in EXPECTED, result.told
        assert "internal error" not in result.told
        assert not any(line.startswith("Traceback") for line in result.told.splitlines()), result.told
        return result

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the command in a session of its own, as a terminal does."""
        return subprocess.Popen(
            [MLOPSC, *arguments],
            cwd=self.folder,
            env=_variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def files(self, below: str = "") -> list[Path]:
        """All files below a folder of the project."""
        return sorted(path for path in (self.folder / below).rglob("*") if path.is_file())

    def stored(self, kind: str) -> list[Path]:
        """The files of the store: `index` or `objects`, which may be damaged then."""
        found = self.files(f".mlops/store/{kind}")
        for path in found:
            path.chmod(0o644)
        return found

    def check_whole(self, *, killed: bool = False) -> None:
        """Nothing that runs leave is half-written, and nothing that they need meanwhile is left.

        Only where a run was `killed` while it wrote, there may be a temporary file beside what it would have replaced.
        """
        for path in self.stored("objects"):
            assert hashlib.sha256(path.read_bytes()).hexdigest() == path.parent.name + path.name
        for path in self.stored("index"):
            record = unseal(path.read_bytes())
            assert record is not None
            for sha256 in record["outputs"].values():
                assert (self.folder / ".mlops/store/objects/sha256" / sha256[:2] / sha256[2:]).exists()
        for path in [*self.folder.glob(".mlops/runs/*/run.json"), *self.folder.glob("deploy/*/*/*.json")]:
            json.loads(path.read_bytes())
        if (lock := self.folder / "mlops.lock").exists():
            tomllib.loads(lock.read_text(encoding="utf-8"))
        assert self.files(".mlops/scratch") == []
        temporary = [path for path in self.files() if path.name.startswith(".") or path.parent.name == "tmp"]
        assert killed or temporary == []


class Disk:
    """A small file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def remount(self, mode: str) -> None:
        """Make it read-only (`ro`) or writable again (`rw`)."""
        subprocess.run(["mount", "-o", f"remount,{mode}", str(self.folder)], check=True)

    def leave(self, kilobytes: int) -> None:
        """Fill it until so much is left."""
        (self.folder / "filler").write_bytes(bytes(shutil.disk_usage(self.folder).free - kilobytes * 1024))

    def free(self) -> None:
        """Make room again."""
        (self.folder / "filler").unlink()


def _variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "COLUMNS")}


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def until(process: subprocess.Popen[str], holds: Callable[[], bool]) -> None:
    """Wait until something holds that the process brings about; fail with what it said if it ends before."""
    eventually(lambda: holds() or process.poll() is not None)
    assert holds(), process.communicate()


def processes_of(session: int) -> list[str]:
    """The command lines of the processes of a session that are still there."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == session and fields[0] != "Z":
                    found.append((folder / "cmdline").read_text().replace("\0", " "))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def end(process: subprocess.Popen[str], number: signal.Signals) -> Done:
    """Send a signal as a terminal does (Ctrl-C, to all) or as `kill` does (else), and wait until nothing is left."""
    if number is signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    eventually(lambda: processes_of(process.pid) == [])
    return Done(process.returncode, out, err)
