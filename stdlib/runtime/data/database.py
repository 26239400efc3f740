"""Databases by SQLAlchemy: reached by a URL that only an environment variable holds, and read by a query."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.stdlib.data import Secret
from mlopsc.stdlib.runtime.credentials import without_credentials
from mlopsc.stdlib.runtime.engine.outcome import StageFailure
from mlopsc.stdlib.runtime.extras import need_extra

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Connection, Engine

_MADE_BY = re.compile(r"\(Background on this error at: .*\)")


def read_query(connection: Mapping[str, Any], query: str, project: Path) -> pd.DataFrame:
    """The rows of a query; raises StageFailure when the database cannot be reached or does not take it."""
    import pandas as pd
    from sqlalchemy import text

    engine = open_database(connection, project)
    with told(engine, "source"), engine.connect() as reading:
        result = reading.execute(text(query))
        if not result.returns_rows:
            raise StageFailure("the query gives no rows", "write a `select`", setting="source")
        names = [*result.keys()]
        if doubled := next((name for name in names if names.count(name) > 1), None):
            fact = f"the query gives two columns named `{doubled}`"
            raise StageFailure(fact, "give each its own name: `… as …`", setting="source")
        # As objects: what the database holds is typed by the schema alone.
        return pd.DataFrame([tuple(row) for row in result], columns=names, dtype=object)


def open_database(connection: Mapping[str, Any], project: Path, setting: str = "source") -> Engine:
    """The database of the URL in the environment variable that a secret names; nothing is reached before it is used.

    The file of a SQLite database is relative to the project, and that of a source must be there. A transaction there
    that is to write (the execution option `writes`) waits for others before it reads. Raises StageFailure where the
    variable is not set or holds no such URL.
    """
    need_extra("sql")
    from sqlalchemy import create_engine, event, make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    from sqlalchemy.pool import NullPool

    name = Secret.model_validate(connection).name
    url = os.environ.get(name)
    if not url:
        hint = f"set it to the URL of the database, such as `{name}=postgresql+psycopg://user:password@host/name`"
        raise StageFailure(f"the environment variable `{name}` is not set", hint, setting=setting, outside=True)
    try:
        place = make_url(url)
        if place.get_backend_name() == "sqlite" and place.database and not place.database.startswith("file:"):
            place = place.set(database=str(project / place.database))
        engine = create_engine(place, poolclass=NullPool, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        hint = "it begins as `postgresql+psycopg://` or `sqlite:///`"
        fact = f"the environment variable `{name}` holds no URL of a database"
        raise StageFailure(fact, hint, setting=setting, outside=True) from error
    except ImportError as error:
        hint = f"pip install {error.name}" if error.name else "install it"
        raise StageFailure(f"the driver of `{name}` is not installed: {error}", hint, outside=True) from error
    if engine.dialect.name == "sqlite":
        _require_file(engine, name, setting)
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def told(engine: Engine, setting: str) -> Iterator[None]:
    """What a database says goes on as StageFailure, without credentials; an unreachable one is to blame itself."""
    from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

    try:
        yield
    except OperationalError as error:
        hint = "check the URL, the network, and that it is not locked by another program"
        raise StageFailure(f"the database says: {_said(error, engine)}", hint, setting=setting, outside=True) from error
    except (DBAPIError, SQLAlchemyError) as error:
        raise StageFailure(f"the database says: {_said(error, engine)}", setting=setting) from error


def _said(error: Exception, engine: Engine) -> str:
    """The first line of what a database says, without a password or the URL that holds it."""
    text = str(getattr(error, "orig", None) or error).strip()
    line = _MADE_BY.sub("", text.split("\n")[0]).strip()
    for secret in (engine.url.render_as_string(hide_password=False), engine.url.password):
        line = line.replace(str(secret), "***") if secret else line
    return without_credentials(line)


def _leave_transactions_to_us(connection: Any, _: object) -> None:
    # The driver of SQLite would begin a transaction only at the first change, and commit before some statements.
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    # One that reads first and then writes could find that another has written in between, and fail.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def _require_file(engine: Engine, name: str, setting: str) -> None:
    path = engine.url.database or ""
    if setting == "source" and not path.startswith("file:") and not Path(path).is_file():
        fact = f"the SQLite database of `{name}` is not there: `{path}`"
        raise StageFailure(fact, "correct the URL", setting=setting, outside=True)
