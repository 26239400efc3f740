"""The libraries that running stages needs, and the compiler does not."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from mlopsc.stdlib.runtime.store.faults import OperationError

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "run": (
        "numpy",
        "pandas",
        "pyarrow",
        "pandera",
        "scipy",
        "sklearn",
        "skops",
        "fsspec",
        "rich",
        "threadpoolctl",
        "mlflow",
        "sqlalchemy",
        "alembic",
    ),
    "serve": ("fastapi", "uvicorn", "prometheus_client"),
    "sql": ("sqlalchemy",),
    "aws": ("s3fs", "boto3", "botocore"),
    "alibi": ("alibi_detect",),
}
"""The modules that each extra of the package brings."""


def missing_of(extra: str) -> tuple[str, ...]:
    """The modules of an extra that are not installed; none of them is imported."""
    return tuple(module for module in EXTRAS[extra] if find_spec(module) is None)


def need_extra(extra: str) -> None:
    """Raise OperationError, with what to install, unless all of an extra is there."""
    missing = missing_of(extra)
    if missing:
        named = ", ".join(f"`{module}`" for module in missing)
        raise OperationError(
            f"this needs {named}, which {_are(missing)} not installed", f'pip install "mlopsc[{extra}]"'
        )


def _are(names: tuple[str, ...]) -> str:
    return "is" if len(names) == 1 else "are"
