"""Running Terraform in a folder: what it prints goes to a log, what it finds comes back as data."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from mlopsc.targets.terraform.reading.failures import TerraformError, told
from mlopsc.targets.terraform.writer import OLDEST_TERRAFORM

LOCK = ".terraform.lock.hcl"
INSTALL = "install Terraform {oldest} or newer: https://developer.hashicorp.com/terraform/install"
_QUIET = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
_PATIENCE = 30
_CHANGES = 2


def version_of() -> str | None:
    """The version of the Terraform on this machine; None when there is none that runs."""
    if shutil.which("terraform") is None:
        return None
    try:
        done = subprocess.run(
            ["terraform", "version", "-json"], capture_output=True, timeout=_PATIENCE, check=True, env=_environment()
        )
        return str(json.loads(done.stdout)["terraform_version"])
    except (OSError, ValueError, KeyError, subprocess.SubprocessError):
        return None


def is_old(version: str) -> bool:
    """Whether it is older than the files ask for."""
    return _numbers(version) < _numbers(OLDEST_TERRAFORM)


def require_terraform() -> None:
    """Raise TerraformError unless there is a Terraform that is new enough."""
    version = version_of()
    hint = INSTALL.format(oldest=OLDEST_TERRAFORM)
    if version is None:
        raise TerraformError("there is no `terraform` on this machine", hint)
    if is_old(version):
        raise TerraformError(f"`terraform` is {version}, and the files need {OLDEST_TERRAFORM}", hint)


@dataclass(frozen=True)
class Terraform:
    """Terraform in one folder. `shown` is how a person names the folder, `told_log` how the log.

    `say` is told each step and each line of Terraform's; everything goes to the file `log`.
    """

    folder: Path
    shown: str
    log: Path
    told_log: str
    say: Callable[[str], None]

    def init(self) -> bool:
        """Get providers and state ready; says whether it wrote a lock file. One that is there is kept to."""
        self._open_log()
        lock = self.folder / LOCK
        is_locked = lock.is_file()
        self._run("init", "-input=false", *(["-lockfile=readonly"] if is_locked else []))
        return lock.is_file() and not is_locked

    def plan(self, file: Path) -> bool:
        """Write a plan; says whether it has anything to do."""
        return self._run("plan", "-input=false", f"-out={file}", "-detailed-exitcode") == _CHANGES

    def show(self, file: Path) -> Mapping[str, Any]:
        """A plan as data."""
        return self._ask("show", "-json", str(file))

    def state(self) -> Mapping[str, Any]:
        """The state as data."""
        return self._ask("show", "-json")

    def outputs(self) -> Mapping[str, Any]:
        """The outputs as data."""
        return self._ask("output", "-json")

    def _open_log(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            self.log.unlink()
        os.close(os.open(self.log, os.O_CREAT | os.O_WRONLY, 0o600))

    def _run(self, *arguments: str) -> int:
        """Run a command whose words are lines of JSON; raises TerraformError when it fails."""
        self.say(f"terraform {arguments[0]}")
        command = ["terraform", arguments[0], "-json", *arguments[1:]]
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            assert process.stdout is not None
            try:
                errors, others = self._read(process.stdout)
                code = process.wait()
            except KeyboardInterrupt:
                # Terraform has been told, too: it lets go of the state's lock before it ends.
                process.wait(_PATIENCE)
                raise
        if code not in (0, _CHANGES):
            raise told("\n".join(errors or others), self.shown, self.told_log, OLDEST_TERRAFORM)
        return code

    def _read(self, stream: IO[bytes]) -> tuple[list[str], list[str]]:
        """The errors among what it says, and all else."""
        errors: list[str] = []
        others: list[str] = []
        with self.log.open("a", encoding="utf-8") as log:
            for raw in stream:
                words, is_error = _words(raw.decode("utf-8", "replace"))
                if words:
                    (errors if is_error else others).append(words)
                    log.write(f"{words}\n")
                    self.say(words)
        return errors, others

    def _ask(self, *arguments: str) -> Mapping[str, Any]:
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            words = _plain(done.stderr.decode("utf-8", "replace"))
            with self.log.open("a", encoding="utf-8") as log:
                log.write(words)
            raise told(words, self.shown, self.told_log, OLDEST_TERRAFORM)
        found: Mapping[str, Any] = json.loads(done.stdout)
        return found


def _words(line: str) -> tuple[str, bool]:
    """What a line of Terraform's says, and whether it is an error."""
    try:
        found = json.loads(line)
        message = str(found["@message"])
    except (ValueError, KeyError, TypeError):
        plain = _plain(line).rstrip()
        return plain, plain.startswith("Error: ")
    diagnostic = found.get("diagnostic")
    if not isinstance(diagnostic, Mapping):
        return message, False
    detail = str(diagnostic.get("detail") or "")
    return f"{message}\n{detail}".rstrip(), diagnostic.get("severity") == "error"


def _plain(text: str) -> str:
    """Text without colours and frames."""
    without = re.sub(r"\x1b\[[\d;]*m", "", text)
    return re.sub(r"^[│╷╵] ?", "", without, flags=re.MULTILINE)


def _environment() -> dict[str, str]:
    """That of this process; a workspace that a person chose elsewhere does not count, for each folder has one state."""
    return {**{name: one for name, one in os.environ.items() if name != "TF_WORKSPACE"}, **_QUIET}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(one) for one in re.findall(r"\d+", version.partition("-")[0])[:3])
