"""`data` stages: where rows come from, what must hold of them, and how they are split."""

from datetime import datetime
from typing import Annotated, Any, Literal

from mlopsc.compiler.schema.declarations import Function, StageKind, Subject, Verb, setting
from mlopsc.compiler.schema.types import (
    Column,
    ColumnRef,
    Columns,
    FilePath,
    FunctionOf,
    Plain,
    Positive,
    PythonName,
    Rest,
    SecretName,
    Share,
    StageRef,
)
from mlopsc.stdlib import compute  # noqa: F401 (where its stages can run)

Number = Annotated[str, ColumnRef(("int", "float", "bool"))]


class Source(Function, family="source of rows"):
    """Where rows are read from."""


class Secret(Function, word="secret", family="secret"):
    """The value of a secret, by name. It reaches code through an environment variable and is never written anywhere."""

    name: Annotated[str, SecretName()] = setting("The name of the secret and of the environment variable.", ...)


class Csv(Source, word="csv"):
    """Rows of a CSV file, a folder or glob of them, or a URL."""

    path: Annotated[str, FilePath()] = setting("A file, folder, glob or URL, relative to the spec.", ..., min_length=1)
    separator: str = setting("What stands between two fields.", ",", min_length=1, max_length=1)
    encoding: str = setting("How the text is encoded.", "utf-8")
    decimal: str = setting("What stands before the decimals of a number: `.` or `,`.", ".", pattern="^[.,]$")


class Parquet(Source, word="parquet"):
    """Rows of a Parquet file, a folder or glob of them, or a URL."""

    path: Annotated[str, FilePath()] = setting("A file, folder, glob or URL, relative to the spec.", ..., min_length=1)


class Sql(Source, word="sql"):
    """Rows of a query; extra `[sql]`, and the driver of the database beside it."""

    query: str = setting("The query.", ..., min_length=1)
    connection: Annotated[Any, FunctionOf(Secret)] = setting("The connection's URL, as a secret.", ...)


class PythonSource(Source, word="python"):
    """Rows that a function of the project returns, as a DataFrame; it is called without arguments."""

    name: Annotated[str, PythonName(takes=0)] = setting('The function, as `"file.py:name"`.', ...)


class Transform(Function, family="transformation of rows"):
    """What is done to rows before the schema is checked."""


class PythonTransform(Transform, word="python"):
    """A function of the project from DataFrame to DataFrame; with several stages in `from`, it takes one of each."""

    name: Annotated[str, PythonName(takes=1, one_per="from")] = setting('The function, as `"file.py:name"`.', ...)


class Unit(Function, family="independent unit"):
    """What counts as one independent observation."""


class BlockUnit(Unit, word="block", data_needs=("time",)):
    """All rows of one stretch of time, counted from Monday 1970-01-05 in the zone of the data."""

    length: Positive = setting("How long a stretch is, such as `7d`.", ...)


class RowUnit(Unit, word="row"):
    """Each row by itself."""


class SplitRule(Function, family="way to split rows", makes_splits=True):
    """How rows are divided for training, validation and testing; its parameters of type share are the splits."""

    train: Share = setting("The share of the rows to train on, such as `70%`.", ..., gt=0, lt=1)
    validation: Share = setting("The share to choose between candidates on, such as `10%`.", 0.0, ge=0, lt=1)
    test: Share = setting("The share that only the gate sees, such as `20%`.", ..., gt=0, lt=1)


class RandomSplit(SplitRule, word="random"):
    """Rows at random, by a hash of their key (or content), so that a row never changes sides when others come."""

    seed: int = setting("Another seed is another split.", 0, ge=0)


class StratifiedSplit(SplitRule, word="stratified"):
    """Rows at random within each value of a column (the target, unless another is named)."""

    by: Annotated[str, ColumnRef(("bool", "category", "int", "text"))] | None = setting(
        "The column whose values keep their shares in every split."
    )
    seed: int = setting("Another seed is another split.", 0, ge=0)


class GroupSplit(SplitRule, word="by_group"):
    """Groups at random: all rows with one value of a column stay together."""

    column: Annotated[str, ColumnRef(of_role="group")] | None = setting(
        "The column that names the group; by default the one of role `group`."
    )
    seed: int = setting("Another seed is another split.", 0, ge=0)


class TimeSplit(SplitRule, word="by_time", data_needs=("time",)):
    """The earliest rows train, the latest test; cuts fall between distinct times."""

    gap: Positive | None = setting(
        "How much time before each cut is left unused, such as `1d`, so that no row leaks across it."
    )


class RollingSplit(SplitRule, word="rolling", runs=False, data_needs=("time",)):
    """Like `by_time`, with several windows that move forward through time."""

    windows: int = setting("How many windows.", ..., ge=2)
    gap: Positive | None = setting("How much time before each cut is left unused.")


class RefreshRule(Function, family="rule for reading a source again"):
    """When a source is read again."""


class RefreshEvery(RefreshRule, word="every", runs=False):
    """Read again when the last reading is older than this."""

    interval: Positive = setting("How old a reading may be.", ...)


class RefreshEachRun(RefreshRule, word="each_run"):
    """Look at the source in each run; unchanged content changes nothing."""


class RefreshPinned(RefreshRule, word="pinned"):
    """Keep the rows that `mlops.lock` pins; other content is an error until the lock is updated."""


class Window(Function, family="stretch of time"):
    """Which of the rows are kept, by their time."""


class LastWindow(Window, word="last", data_needs=("time",)):
    """The rows of the last stretch of time, counted back from the newest row."""

    length: Positive = setting("How far back, such as `90d`.", ...)


class Data(
    StageKind,
    word="data",
    runtime="mlopsc.stdlib.runtime.data:run",
    has_schema=True,
    columns_from="from",
    one_of=("source", "from"),
    must_hold=("check",),
    identity=("target", "key", "split"),
):
    """Rows with a schema: read, checked, split and pinned.

    Columns are declared in a block `schema { name: type in range, role …, missing <= … }`; those that are not
    declared are dropped and listed.
    """

    source: Source | None = setting("Where the rows are read from.")
    from_: tuple[Annotated[str, StageRef(("data",))], ...] = setting(
        "The data stages that these rows are derived from.", ()
    )
    transform: Transform | None = setting("What is done to the rows before the schema is checked.")
    time: Annotated[str, ColumnRef(("timestamp", "date"))] | None = setting(
        "The column that says when each row happened."
    )
    zone: str = setting(
        "The time zone of timestamps that have none, and of days and weeks, such as `Europe/Berlin`.", "UTC"
    )
    key: Columns = setting("The columns that together name a row; no two rows share them.", ())
    unit: Unit | Column | None = setting(
        "What counts as one independent observation: `row`, a column, or `block(7d)`; by default `block(7d)` where "
        "`time` is set, else `row`."
    )
    target: Column | None = setting("The column to predict.")
    outcome: Literal["independent", "influenced"] = setting(
        "Whether a prediction can change what happens; if not, versions are compared in shadow.", "influenced"
    )
    split: SplitRule | None = setting("How rows are divided for training, validation and testing.")
    sample: Share | None = setting("Use only this share of the rows, chosen by a hash of the row.", gt=0, le=1)
    window: Window | None = setting("Keep only the rows of a stretch of time.")
    refresh: RefreshRule = setting("When the source is read again.", RefreshEachRun())
    as_of: Annotated[datetime, Plain("timestamp")] | None = setting("Keep only the rows up to this time.")


class Check(Subject, family="measure of rows"):
    """What a `check` measures on the rows."""


class Rows(Check, word="rows", measure="count", least=0):
    """The number of rows."""


class MissingShare(Check, word="missing", measure="ratio", least=0, most=1):
    """The share of values that are missing from a column."""

    column: Column = setting("The column.", ...)


class Unique(Check, word="unique", measure="truth"):
    """That no two rows have the same values in these columns."""

    columns: Annotated[tuple[Column, ...], Rest("positional")] = setting(
        "The columns, taken together.", ..., min_length=1
    )


class MeanOf(Check, word="mean", measure="number"):
    """The mean of a column of numbers, without its missing values."""

    column: Number = setting("The column.", ...)


class StandardDeviation(Check, word="stddev", measure="number", least=0):
    """The sample standard deviation of a column of numbers."""

    column: Number = setting("The column.", ...)


class Quantile(Check, word="quantile", measure="number"):
    """A quantile of a column of numbers, with linear interpolation."""

    column: Number = setting("The column.", ...)
    share: Share = setting("Which quantile: `50%` is the median.", ..., ge=0, le=1)


class Distinct(Check, word="distinct", measure="count", least=0):
    """The number of different values in a column."""

    column: Column = setting("The column.", ...)


class Matches(Check, word="matches", measure="truth"):
    """That every value of a text column matches a regular expression as a whole."""

    column: Annotated[str, ColumnRef(("text", "category"))] = setting("The column.", ...)
    pattern: str = setting("A regular expression as in Python's `re`.", ..., min_length=1)


class Age(Check, word="age", measure="duration", least=0, data_needs=("time",)):
    """How long ago the newest row happened; needs `time`."""


class PythonCheck(Check, word="python", measure="truth"):
    """A function of the project that takes the DataFrame and returns true or false, or a truth value for each row."""

    name: Annotated[str, PythonName(takes=1)] = setting('The function, as `"file.py:name"`.', ...)


class CheckRule(Verb, word="check", kinds=("data",), subjects=(Check,)):
    """What is true of the rows: if not, the run stops, bad rows are shown, and nothing downstream runs."""
