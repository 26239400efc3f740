"""What the checker asks about the project around a spec: its files, its Python and the estimators that it may name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, Protocol

from mlopsc.compiler.records import Record


class Parameter(Record):
    """One parameter of a function or of a class's constructor, without `self`; texts are as written in the source."""

    name: str
    kind: Literal["positional", "keyword", "variadic", "keywords"]
    """`positional` may be given by position (or by name), `keyword` only by name; `variadic` is `*args`, `keywords`
    is `**kwargs`."""
    default: str | None = None
    annotation: str | None = None


class PythonSignature(Record):
    """A function or class of the project, read from its syntax tree; `line` counts from 1."""

    name: str
    kind: Literal["function", "class", "coroutine"]
    parameters: tuple[Parameter, ...]
    returns: str | None
    path: str
    line: int
    methods: frozenset[str] = frozenset()
    """For a class: the methods that it or a base in the same file defines."""
    bases: tuple[str, ...] = ()


class PythonProblem(Record):
    """Why there is no signature. `names` are what the file does define; `detail` is the parser's words and `line`
    (from 1; 0 where it is about no line) its place for the reason `syntax`."""

    reason: Literal["no-file", "no-name", "syntax", "not-callable", "outside"]
    path: str
    names: tuple[str, ...] = ()
    detail: str = ""
    line: int = 0


class EstimatorParameter(Record):
    """A parameter of an estimator: its default as Python text, and its type in the words of its documentation."""

    default: str
    type: str


class EstimatorInfo(Record):
    """What is known of a scikit-learn estimator, such as `ensemble.RandomForestRegressor`."""

    name: str
    task: Literal["regression", "classification", "other"]
    parameters: Mapping[str, EstimatorParameter]


class ProjectReader(Protocol):
    """The project as it is on disk; paths are relative to the spec, with `/` between their parts."""

    def exists(self, path: str) -> bool:
        """Whether there is a file or a folder at the path."""

    def siblings(self, path: str) -> tuple[str, ...]:
        """The files in the folder that the path would be in, as paths of the same form; for did-you-mean."""

    def signature(self, reference: str) -> PythonSignature | PythonProblem:
        """What `"file.py:name"` takes, or why that is not known."""

    def estimator(self, name: str) -> EstimatorInfo | None:
        """The estimator of that name below `sklearn.`, if there is one."""

    def estimators(self) -> Collection[str]:
        """The names of all estimators that are known."""

    def accepts(self, estimator: str, parameter: str, value: object) -> bool:
        """Whether a parameter of an estimator may have a value; what is not known may be anything."""
