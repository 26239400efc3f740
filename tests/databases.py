"""Databases on this machine; a conftest that imports the fixtures offers them to its tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

_USER = "postgres" if os.geteuid() == 0 else None
"""PostgreSQL refuses to run as root."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server that listens on a socket in a folder of its own, up to the database's name."""
    if shutil.which("initdb") is None or shutil.which("postgres") is None:
        pytest.skip("no PostgreSQL is installed")
    folder = Path(tempfile.mkdtemp())
    if _USER:
        shutil.chown(folder, _USER)
    data = folder / "data"
    made = ["initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(made, check=True, capture_output=True, user=_USER, cwd=folder)
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    server = subprocess.Popen(
        ["postgres", "-D", data, *options], user=_USER, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(folder)
        yield f"postgresql+psycopg://tester:geheim@/%s?host={folder}"
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


def _wait(folder: Path) -> None:
    import psycopg

    for _ in range(600):
        try:
            psycopg.connect(host=str(folder), user="tester", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise TimeoutError("PostgreSQL does not answer")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty database, which the environment variable `DB_URL` holds too."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'predictions.db'}"
    else:
        server = str(request.getfixturevalue("postgres"))
        url = server % f"d{uuid4().hex}"
        _create(server % "postgres", url)
    monkeypatch.setenv("DB_URL", url)
    return url


def _create(server: str, url: str) -> None:
    from sqlalchemy import create_engine, make_url, text

    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {make_url(url).database}"))
    engine.dispose()


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    """What a database answers, after it has kept what the query changed."""
    from sqlalchemy import create_engine, text

    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            result = connection.execute(text(query))
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        engine.dispose()
