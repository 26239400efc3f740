"""How a command ends: its exit code, and the failures that are the user's to mend."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    UNDECIDED = 3
    ENVIRONMENT = 4
    INTERNAL = 70
    RUNNING = 75
    INTERRUPTED = 130
    PIPE = 141


MEANINGS: Mapping[Exit, str] = {
    Exit.OK: "done, and all is well",
    Exit.FINDINGS: "findings: mistakes in the spec, a stage, a check or a gate that failed",
    Exit.USAGE: "the command was not written as its --help says",
    Exit.UNDECIDED: "undecided: too few rows to tell",
    Exit.ENVIRONMENT: "the environment: files, network, missing tools",
    Exit.INTERNAL: "a mistake of mlopsc itself",
    Exit.RUNNING: "a job is still running: ask again later",
    Exit.INTERRUPTED: "interrupted",
    Exit.PIPE: "nobody read the output to its end",
}
"""What each exit code means."""


class CommandFailure(Exception):  # noqa: N818 (the command fails; the program has no error)
    """A command cannot do its work: `message` is the fact, `hint` the next step."""

    def __init__(self, message: str, hint: str = "", code: Exit = Exit.ENVIRONMENT) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint
        self.code = code
