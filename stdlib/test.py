"""`test` stages: the gate that a model must pass."""

from typing import Annotated

from mlopsc.compiler.schema.declarations import StageKind, Subject, Verb, setting
from mlopsc.compiler.schema.types import ColumnRef, FilePath, Measured, PythonName, Share, StageRef
from mlopsc.stdlib import compute  # noqa: F401 (where its stages can run)
from mlopsc.stdlib.metrics import Latency, Metric


class Proof(Subject, family="test of the project"):
    """Something that passes or fails by itself."""


class Pytest(Proof, word="pytest"):
    """That the project's own tests pass."""

    path: Annotated[str, FilePath()] = setting("The file or folder of tests, relative to the spec.", ...)


class PythonProof(Proof, word="python"):
    """That a function of the project, given the model and the test rows, returns true."""

    name: Annotated[str, PythonName(takes=2)] = setting('The function, as `"file.py:name"`.', ...)


class Test(
    StageKind,
    word="test",
    runtime="mlopsc.stdlib.runtime.test:run",
    data_through=("model", "data"),
    reads=(("model", "data"),),
    must_hold=("require",),
    judges="model",
):
    """A gate: what a model must reach before it may be released; every `require` must pass."""

    model: Annotated[str, StageRef(("train",))] = setting("The train stage whose model is judged.", ...)
    max_looks: int = setting("How many different models may be judged on the same test rows.", 5, ge=1, le=100)
    reveal: bool = setting("Whether reports on counted looks show the metric beside the verdict.", False)


class RequireTest(Verb, word="require", kinds=("test",), subjects=(Metric, Latency, Proof)):
    """What a model must reach: if not, the gate stays closed, as failed or as undecided (too few rows to tell)."""

    at: Share | None = setting("How sure the verdict must be; without it, the point estimate decides.", ge=0.5, lt=1)
    assuming: Annotated[float, Measured()] | None = setting(
        "The value that is expected, to say in advance how many rows it takes."
    )
    by: Annotated[str, ColumnRef(("bool", "category", "int", "text"), without=("pii",))] | None = setting(
        "Judge each value of this column by itself."
    )
