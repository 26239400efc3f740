"""What a stage leaves behind: its verdict, messages and record, and how it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mlopsc.stdlib.runtime.credentials import without_credentials
from mlopsc.stdlib.runtime.store.faults import OperationError


class Verdict(StrEnum):
    """What a stage says of the rules that it judged; only `ok` lets the stages after it run."""

    OK = "ok"
    FAIL = "fail"
    UNDECIDED = "undecided"
    ERROR = "error"


@dataclass(frozen=True)
class Message:
    """One thing to tell the user; `rule` (a rule's id) or `setting` (its name) leads to the line of the spec.

    `level` is `info`, `warning` or `error`.
    """

    text: str
    hint: str = ""
    rule: str = ""
    setting: str = ""
    level: str = "info"


class StageFailure(OperationError):  # noqa: N818 (the stage fails; the engine has no error)
    """A stage cannot do its work for a reason that the user can mend.

    `details` are further lines (failing rows, a traceback of the user's code), `rule` or `setting` what it is about;
    `outside` says that files, the network or missing tools are to blame.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        details: str = "",
        rule: str = "",
        setting: str = "",
        outside: bool = False,
    ) -> None:
        super().__init__(message, hint)
        self.details = without_credentials(details)
        self.rule = rule
        self.setting = setting
        self.outside = outside


@dataclass(frozen=True)
class StageRecord:
    """What a finished stage left in the store.

    `outputs` maps a name to the SHA-256 of an object. `facts` are JSON which later stages may read; they and the
    outputs are part of later stages' keys, so nothing that changes by itself (a duration, a clock) belongs there:
    that is for `notes`, which only people read.
    """

    stage: str
    kind: str
    key: str
    verdict: Verdict
    outputs: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    seconds: float = 0.0
    finished: str = ""
    parts: Mapping[str, Any] = field(default_factory=dict)
    """What the key was made of (see `engine.keys`); `why` compares it."""
