"""Types and roles of columns, and what may be said of a column in a `schema`."""

from typing import Annotated, Literal

from mlopsc.compiler.schema.declarations import ColumnType, SchemaField, setting
from mlopsc.compiler.schema.types import Compared, Share

RoleName = Literal["id", "pii", "leak", "weight", "group", "calendar", "ignore", "label_time"]


class Int(ColumnType, word="int", task="regression", ordered=True, is_whole=True, lists=("number",)):
    """Whole numbers."""


class Float(ColumnType, word="float", task="regression", ordered=True, lists=("number",)):
    """Numbers; infinite ones are refused."""


class Bool(ColumnType, word="bool", task="binary"):
    """True or false; 0 and 1 are read as such."""


class Text(ColumnType, word="text", direct=False, lists=("text",)):
    """Text that is not a category; it reaches an estimator only through `features`."""


class Category(ColumnType, word="category", task="multiclass", lists=("text", "number", "bool")):
    """One of several values; `in ["a", "b"]` lists them, else those of the training rows count as known."""


class Timestamp(ColumnType, word="timestamp", ordered=True, direct=False):
    """A date with a time; it reaches an estimator only through `features`."""


class Date(ColumnType, word="date", ordered=True, direct=False):
    """A date; it reaches an estimator only through `features`."""


class Vector(ColumnType, word="vector"):
    """A list of `size` numbers, such as an embedding."""

    size: int = setting("How many numbers each row has.", ..., ge=1)


class ColumnClauses(
    SchemaField,
    word="column",
    not_features=("id", "leak", "group", "ignore", "weight", "label_time"),
    only_in_steps=("pii",),
    role_types={"weight": ("int", "float"), "label_time": ("timestamp", "date")},
):
    """What may follow the type of a column. Roles say what it is for, beyond being a feature.

    - `id` names the row: kept beside predictions, never a feature.
    - `pii` is personal data: never logged, profiled, watched or tracked, and masked wherever rows are shown.
    - `leak` is known only once the target is: kept for checks, never a feature.
    - `weight` is how much the row counts in training and in metrics.
    - `group` keeps rows together: a split by group never divides one. Never a feature: a new group has a new name.
    - `calendar` follows from the clock: a feature, but never watched for drift.
    - `ignore` is checked and then dropped.
    - `label_time` is when the target became known.
    """

    role: RoleName | None = setting("What the column is for, beyond being a feature.")
    missing: Annotated[Share, Compared("<=")] = setting(
        "The largest share of missing values that is allowed, such as `1%`; none, unless it is said.", 0.0, ge=0, le=1
    )
