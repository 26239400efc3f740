"""The secret of a log, and what cannot be made or guessed without it."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopsc.stdlib.runtime.service.keys import (
    FILE,
    VARIABLE,
    find_secret,
    fingerprint,
    is_known,
    log_secret,
    new_id,
    row_of,
    unit_of,
)
from mlopsc.stdlib.runtime.store.faults import OperationError

SECRET = b"a secret of some length"


def test_the_secret_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    assert find_secret(tmp_path) is None
    secret = log_secret(tmp_path)
    assert len(secret) == 64
    assert log_secret(tmp_path) == secret == find_secret(tmp_path)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / FILE).parent.iterdir()] == ["log"]
    assert log_secret(tmp_path / "other") != secret


def test_two_who_make_it_at_once_get_the_same(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from mlopsc.stdlib.runtime.service.keys import log_secret;"
        "sys.stdin.readline(); print(log_secret(Path(sys.argv[1])).decode())"
    )
    made = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for process in made:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = {process.communicate(timeout=60)[0].strip() for process in made}
    assert told == {log_secret(tmp_path).decode()}


def test_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, SECRET.decode())
    assert log_secret(tmp_path) == SECRET
    assert not (tmp_path / FILE).exists()


def test_a_secret_that_can_be_guessed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "short")
    with pytest.raises(OperationError, match=r"`MLOPSC_LOG_SECRET` has 5 characters") as caught:
        log_secret(tmp_path)
    assert "16 or more" in caught.value.hint


def test_a_secret_that_can_neither_be_read_nor_made_is_told(tmp_path: Path) -> None:
    (tmp_path / ".mlops").write_text("a file")
    with pytest.raises(OperationError, match=r"log` cannot be (read|written)"):
        log_secret(tmp_path)


def test_one_key_is_one_unit_however_it_is_written() -> None:
    units = {unit_of(SECRET, key) for key in (42, 42.0, "42")}
    assert len(units) == 1
    (unit,) = units
    assert len(unit) == 16
    assert unit != unit_of(SECRET, 43)
    assert unit != unit_of(b"another secret of a length", 42)
    assert {unit_of(SECRET, key) for key in (None, "", float("nan"), pd.NA)} == {""}


def test_equal_rows_have_one_identity_that_tells_nothing() -> None:
    one = row_of(SECRET, {"temp": 0.5, "plan": "basic", "at": pd.Timestamp("2025-03-03")})
    assert one == row_of(SECRET, {"plan": "basic", "at": pd.Timestamp("2025-03-03"), "temp": 0.5})
    assert one != row_of(SECRET, {"plan": "basic", "at": pd.Timestamp("2025-03-03"), "temp": 0.6})
    assert one != row_of(b"another secret of a length", {"temp": 0.5, "plan": "basic"})


def test_ids_are_known_and_never_the_same() -> None:
    made = [new_id(SECRET, "host-1-ab") for _ in range(2_000)]
    assert len(set(made)) == len(made)
    assert all(is_known(SECRET, one) for one in made)
    assert not any(is_known(b"another secret of a length", one) for one in made)


@given(st.text(), st.integers(0, 39), st.characters())
def test_nobody_else_can_make_an_id(text: str, place: int, letter: str) -> None:
    assert not is_known(SECRET, text)
    made = new_id(SECRET, "a")
    changed = made[:place] + letter + made[place + 1 :]
    assert is_known(SECRET, changed) == (changed == made)


def test_text_that_is_no_unicode_is_a_key_like_any_other() -> None:
    assert unit_of(SECRET, "\ud800") != unit_of(SECRET, "\ud801")
    assert not is_known(SECRET, "\ud800" * 40)


def test_the_fingerprint_tells_secrets_apart_and_not_what_they_are() -> None:
    assert fingerprint(SECRET) == fingerprint(SECRET) != fingerprint(b"another secret of a length")
    assert SECRET.decode() not in fingerprint(SECRET)
