"""Files of a repository's owner that a build reads and never changes: pins, and what is laid over workflows."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

_WIDEST = 10_000


class OwnFileProblem(Exception):  # noqa: N818 (it is the file that has the problem)
    """Such a file says what cannot be: the fact, the next step, and the line, 0 where it is about the whole."""

    def __init__(self, fact: str, hint: str, line: int = 0) -> None:
        super().__init__(fact, hint, line)
        self.fact = fact
        self.hint = hint
        self.line = line

    def place(self, path: str) -> str:
        """Where it is, in the file of that path."""
        return f"{path}:{self.line}" if self.line else path


def loaded(text: str, holds: str) -> CommentedMap:
    """What a file says, with its lines and comments; raises OwnFileProblem, which tells that it `holds` nothing."""
    try:
        body = own_yaml().load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        fact = f"it is no YAML: {error.problem or 'it cannot be read'}"
        raise OwnFileProblem(fact, "mend that line", line) from error
    except (YAMLError, RecursionError, ValueError) as error:
        raise OwnFileProblem("it is no YAML", "mend it, or remove it and build again") from error
    if body is None:
        return CommentedMap()
    if not isinstance(body, CommentedMap):
        raise OwnFileProblem(f"it has no {holds}", "mend it, or remove it and build again")
    return body


def own_yaml() -> YAML:
    """How such files are read, and written without losing a word."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDEST
    return yaml


def line_of(body: CommentedMap, key: Any) -> int:
    """The line of a key."""
    return int(body.lc.key(key)[0]) + 1
