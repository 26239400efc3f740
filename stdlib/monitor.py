"""`monitor` stages: what must stay true in production, and what happens when it does not."""

from typing import Annotated, Literal

from mlopsc.compiler.schema.declarations import Event, Function, StageKind, Subject, Verb, setting
from mlopsc.compiler.schema.types import ColumnRef, Compared, FilePath, Positive, PythonName, StageRef
from mlopsc.compiler.schema.values import Rate
from mlopsc.stdlib import compute  # noqa: F401 (where its stages can run)
from mlopsc.stdlib.metrics import Metric, Operational


class Watchable(Subject, family="measure of production"):
    """What is watched in production."""


class Detector(Function, family="drift detector"):
    """What tells that a distribution has changed."""


class Reference(Function, family="reference for drift"):
    """What the rows of a window are compared with."""


class TrainingReference(Reference, word="training"):
    """The rows that the model was trained on; only where rows are declared independent."""


class TrailingReference(Reference, word="trailing"):
    """The time just before each window."""

    length: Positive = setting("How much time, such as `28d`; no less than a window.", ...)


class SeasonReference(Reference, word="season"):
    """The same weeks of earlier years."""

    length: Positive = setting("How much time around the same date, such as `21d`.", ...)


WatchedColumn = Annotated[str, ColumnRef(without=("pii", "calendar", "id", "ignore"), unnamed_by=("time", "key"))]


class Stable(Watchable, word="stable", category="drift"):
    """That the distribution of the columns has not changed."""

    what: Literal["features", "predictions", "target"] | tuple[WatchedColumn, ...] = setting("Which columns.", ...)
    detector: Detector | None = setting("What tells a change; by default, a distance standardised by its own history.")


class Uptime(Watchable, word="uptime", measure="ratio", category="uptime", better="higher", least=0, most=1):
    """The share of the time (by an outside probe) or of requests that was answered."""


class DataAge(
    Watchable, word="age", measure="duration", category="freshness", better="lower", least=0, data_needs=("time",)
):
    """How long ago the newest row of a data stage happened."""

    data: Annotated[str, StageRef(("data",))] = setting("The data stage.", ...)


class Monitor(StageKind, word="monitor", data_through=("release", "model", "data"), splits=("feedback",)):
    """What is watched of a release, and what happens when something is wrong."""

    release: Annotated[str, StageRef(("release",))] = setting("The release that is watched.", ...)
    every: Positive | None = setting("How often it looks; by default, the length of each watch's window.")


class Watch(
    Verb,
    word="watch",
    kinds=("monitor",),
    subjects=(Watchable, Metric, Operational),
    raises=True,
    instead={"at": "alarms <= 1 / 90d"},
):
    """What must stay true in production: if not, an event in a category (`drift quality uptime latency freshness`)."""

    over: Positive | None = setting("The window that is looked at, such as `7d`.")
    lag: Positive | None = setting("How long labels take to arrive, such as `1d`.")
    every: Positive | None = setting("How often it looks; by default, the length of the window.")
    alarms: Annotated[Rate, Compared("<=")] | None = setting("How many false alarms are accepted, such as `1 / 90d`.")
    against: Reference | None = setting("What a window is compared with.")


class Action(Function, family="action"):
    """What an event does."""


class Retrain(Action, word="retrain", gated="stage"):
    """Train again and go through the gate again."""

    stage: Annotated[str, StageRef(("train",))] = setting("The train stage.", ...)
    refresh: Annotated[str, StageRef(("data",))] | None = setting("The data stage that is read again first.")
    cooldown: Positive = setting("How long to wait before the next, such as `7d`.", ...)
    limit: Rate = setting("How many at most, such as `4 / 30d`.", ...)


class Notify(Action, word="notify"):
    """Tell somebody: an address, a webhook's URL or a command."""

    to: str = setting("Whom or what, such as `oncall@example.com`.", ..., min_length=1)
    cooldown: Positive | None = setting("How long to wait before the next.")


class Rollback(Action, word="rollback"):
    """Serve the version before."""


class RunAction(Action, word="run"):
    """Run a script or a function of the project."""

    path: Annotated[str, PythonName()] | Annotated[str, FilePath()] = setting("The script or `file.py:name`.", ...)
    cooldown: Positive | None = setting("How long to wait before the next.")
    limit: Rate | None = setting("How many at most.")


class LabelsLate(Event, word="labels_late"):
    """Labels that are due have not arrived, so that the quality of the model is not known."""


class NoModel(Event, word="no_model"):
    """The service has no model to answer with."""


class NothingNew(Event, word="nothing_new"):
    """A retraining found no new rows; it does not count against the `limit`."""


class On(Verb, word="on", kinds=("monitor",), events=True, compares=False):
    """What an event does: a category, the name of a rule, or several joined by `or`."""

    do: tuple[Action, ...] = setting("The action; several are a list, `do [first, second]`, and done in order.", ...)
