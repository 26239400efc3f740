"""What every store promises, whatever it lies on."""

from __future__ import annotations

import hashlib
import io
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from mlopsc.stdlib.runtime.store.faults import CorruptObjectError, StoreError
from mlopsc.stdlib.runtime.store.local import LocalStore
from mlopsc.stdlib.runtime.store.log import Entry, Log, entry_key
from mlopsc.stdlib.runtime.store.protocol import Store
from mlopsc.stdlib.runtime.store.remote import RemoteStore

APPENDER = Path(__file__).with_name("appender.py")
ABSENT = "0" * 64


def damage(store: Store, sha256: str, content: bytes) -> None:
    """Change an object's bytes behind the store's back."""
    if isinstance(store, LocalStore):
        path = store.object_path(sha256)
        path.unlink()
        path.write_bytes(content)
    elif isinstance(store, RemoteStore):
        import fsspec

        system, path_in_store = fsspec.core.url_to_fs(store.url)
        system.pipe_file(f"{path_in_store}/{store.object_key(sha256)}", content)
        store.cache.set_aside(sha256)


def test_objects_are_found_by_the_hash_of_their_bytes(store: Store, tmp_path: Path) -> None:
    content = bytes(range(256)) * 9_000
    file = tmp_path / "rows.parquet"
    file.write_bytes(content)
    names = {store.put_object(content), store.put_object(file), store.put_object(io.BytesIO(content))}
    assert names == {hashlib.sha256(content).hexdigest()}
    (name,) = names
    assert store.get_object(name) == content
    assert store.local_path(name).read_bytes() == content
    assert store.size(name) == len(content)


def test_an_absent_object_is_named(store: Store) -> None:
    assert store.size(ABSENT) is None
    with pytest.raises(StoreError, match=ABSENT):
        store.local_path(ABSENT)
    store.set_aside(ABSENT)


def test_an_empty_object_is_an_object(store: Store) -> None:
    assert store.size(store.put_object(b"")) == 0


def test_a_damaged_object_is_refused_and_can_be_made_again(store: Store) -> None:
    name = store.put_object(b"rows")
    damage(store, name, b"rowz")
    with pytest.raises(CorruptObjectError) as caught:
        pickle.loads(pickle.dumps(store)).get_object(name)
    assert caught.value.sha256 == name
    assert pickle.loads(pickle.dumps(caught.value)).sha256 == name
    store.set_aside(name)
    assert store.size(name) is None
    assert store.put_object(b"rows") == name
    assert store.get_object(name) == b"rows"


def test_an_object_of_the_wrong_size_is_written_again(store: Store) -> None:
    name = store.put_object(b"rows")
    damage(store, name, b"")
    assert store.put_object(b"rows") == name
    assert store.get_object(name) == b"rows"


def test_a_key_is_created_once(store: Store) -> None:
    assert store.get("index/ab/1.json") is None
    assert store.put_if_absent("index/ab/1.json", b"first")
    assert not store.put_if_absent("index/ab/1.json", b"second")
    assert store.get("index/ab/1.json") == b"first"


def test_keys_are_listed_below_a_folder(store: Store) -> None:
    for key in ("versions/demand/2.json", "versions/demand/1.json", "versions/demand_2/1.json"):
        store.put_if_absent(key, b"{}")
    assert list(store.list("versions/demand")) == ["versions/demand/1.json", "versions/demand/2.json"]
    assert list(store.list("release")) == []
    assert store.get_many(["versions/demand/1.json", "versions/none.json"]) == [b"{}", None]


def test_a_key_that_was_deleted_is_gone_and_can_be_created_again(store: Store) -> None:
    for key in ("heartbeat/api/prod/a/1.json", "heartbeat/api/prod/a/2.json"):
        store.put_if_absent(key, b"alive")
    store.delete("heartbeat/api/prod/a/1.json")
    store.delete("heartbeat/api/prod/a/1.json")
    store.delete("heartbeat/api/prod/b/1.json")
    assert list(store.list("heartbeat/api/prod")) == ["heartbeat/api/prod/a/2.json"]
    assert store.get("heartbeat/api/prod/a/1.json") is None
    assert store.put_if_absent("heartbeat/api/prod/a/1.json", b"again")
    assert store.get("heartbeat/api/prod/a/1.json") == b"again"


@pytest.mark.parametrize("key", ["../outside", "index//x", "index/./x"])
def test_a_key_cannot_leave_the_store(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        LocalStore(tmp_path).put_if_absent(key, b"")


def test_a_log_keeps_its_entries_in_order(store: Store) -> None:
    for seen in range(5):
        Log(store, "log").append(lambda entries: {"seen": len(entries), "day": "Frühling"})
        assert Log(store, "log").read()[-1].number == seen + 1
    assert [entry.record for entry in Log(store, "log").read()] == [{"seen": n, "day": "Frühling"} for n in range(5)]
    assert [entry.number for entry in Log(store, "log").read()] == [1, 2, 3, 4, 5]


def test_a_writer_who_was_overtaken_decides_again(store: Store) -> None:
    seen: list[int] = []

    def decide(entries: Sequence[Entry]) -> Mapping[str, Any] | None:
        seen.append(len(entries))
        if len(entries) == 0:
            Log(store, "log").append(lambda _: {"by": "the faster one"})
        return {"by": "the slower one"} if len(entries) < 2 else None

    assert Log(store, "log").append(decide) == Entry(2, {"by": "the slower one"})
    assert seen == [0, 1]
    assert Log(store, "log").append(decide) is None
    assert [entry.record for entry in Log(store, "log").read()] == [{"by": "the faster one"}, {"by": "the slower one"}]


def test_a_damaged_entry_is_seen_as_such(store: Store) -> None:
    Log(store, "log").append(lambda _: {"weights": [0.9, 0.1]})
    sealed = store.get(entry_key("log", 1)) or b""
    store.put_if_absent(entry_key("log", 2), sealed.replace(b"0.9", b"0.8"))
    store.put_if_absent(entry_key("log", 3), sealed[:-9])
    assert [entry.record is None for entry in Log(store, "log").read()] == [False, True, True]
    assert Log(store, "log").append(lambda _: {"weights": []}) == Entry(4, {"weights": []})


@pytest.mark.parametrize("location", ["local", "s3"], indirect=True)
def test_four_processes_lose_no_entry_and_double_none(location: str, store: Store, tmp_path: Path) -> None:
    names = ["a", "b", "c", "d"]
    command = [sys.executable, str(APPENDER), location, str(tmp_path)]
    processes = [subprocess.Popen([*command, name, "20"]) for name in names]
    assert [process.wait(timeout=120) for process in processes] == [0, 0, 0, 0]
    records = [entry.record for entry in Log(store, "release/api/prod/log").read()]
    assert Counter((r["by"], r["turn"]) for r in records if r) == Counter((n, t) for n in names for t in range(20))
    assert [r["seen"] for r in records if r] == list(range(80))
