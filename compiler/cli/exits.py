"""How a command ends: its exit code, and the failures that are the user's to mend."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    UNDECIDED = 3
    ENVIRONMENT = 4
    INTERNAL = 70
    INTERRUPTED = 130
    PIPE = 141


class CommandFailure(Exception):  # noqa: N818 (the command fails; the program has no error)
    """A command cannot do its work: `message` is the fact, `hint` the next step."""

    def __init__(self, message: str, hint: str = "", code: Exit = Exit.ENVIRONMENT) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint
        self.code = code
