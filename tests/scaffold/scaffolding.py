"""Projects as `mlopsc init` begins them: the commands, and the tables of users that they begin from."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets

OWNER = "zoë@example.com"


@dataclass(frozen=True)
class Ended:
    """The exit code of a command and what it wrote."""

    code: int
    out: str
    err: str


def mlopsc(folder: Path, line: str) -> Ended:
    """Run a command in a folder, as from a shell."""
    command = [sys.executable, "-m", "mlopsc.compiler.cli", *shlex.split(line)]
    variables = {**os.environ, "NO_COLOR": "1", "GIT_CONFIG_COUNT": "1"}
    variables |= {"GIT_CONFIG_KEY_0": "user.email", "GIT_CONFIG_VALUE_0": OWNER}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    return Ended(done.returncode, done.stdout, done.stderr)


def bundled(name: str) -> pd.DataFrame:
    """A data set that comes with scikit-learn, as a table whose target is not called so."""
    rows: pd.DataFrame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    return rows.rename(columns={"target": "label"})


def flats(rows: int = 600) -> pd.DataFrame:
    """Flats to let: other letters, gaps, addresses, dates by day, ids and prices."""
    random = np.random.default_rng(3)
    size = random.normal(80, 20, rows).round(2)
    return pd.DataFrame(
        {
            "Kunden-Nr.": np.arange(1, rows + 1),
            "Straße": random.choice(["Hauptstraße", "Gartenweg", "Müllerstraße"], rows),
            "E-Mail": [f"p{i}@example.com" for i in range(rows)],
            "Größe (m²)": np.where(random.random(rows) < 0.05, np.nan, size),
            "Datum": pd.date_range("2023-01-01", periods=rows).strftime("%d.%m.%Y"),
            "Balkon": random.choice(["ja", "nein"], rows),
            "Preis €": (size * 3000 + random.normal(0, 20000, rows)).round(2),
        }
    )


def visits() -> pd.DataFrame:
    """Visits of patients, several each, by the hour."""
    random = np.random.default_rng(4)
    at = pd.date_range("2024-01-01", periods=1500, freq="3h", tz="UTC")
    return pd.DataFrame(
        {
            "patientId": random.integers(0, 200, 1500),
            "at": at,
            "full name": [f"Zoë {i}" for i in range(1500)],
            "dose": random.normal(size=1500),
            "waiting": at.hour.to_numpy() + random.normal(size=1500),
        }
    )


def write(folder: Path, name: str) -> Path:
    """A file of the user's, somewhere outside the project."""
    path = folder / "my files" / name
    path.parent.mkdir(exist_ok=True)
    stem = path.name.split(".")[0]
    rows = {"flats": flats, "visits": visits}[stem]() if stem in ("flats", "visits") else bundled(stem)
    if name.endswith(".parquet"):
        rows.to_parquet(path)
    elif stem == "flats":
        rows.to_csv(path, index=False, sep=";", decimal=",", encoding="cp1252")
    else:
        rows.to_csv(path, index=False)
    return path


def begin(folder: Path, data: Path, options: str = "") -> Ended:
    return mlopsc(folder, f"init 'my project' --data '{data}' {options}")
