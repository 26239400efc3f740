"""Stores that are full, read-only, gone or interrupted."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlopsc.stdlib.runtime.store.faults import StoreError
from mlopsc.stdlib.runtime.store.local import LocalStore
from mlopsc.stdlib.runtime.store.log import Log
from mlopsc.stdlib.runtime.store.opening import open_store

HALF_WRITER = """
import sys, time
from pathlib import Path
from mlopsc.stdlib.runtime.store.local import LocalStore

class Slow:
    chunks = [b"first half"]
    def read(self, size):
        if self.chunks:
            return self.chunks.pop()
        print("half", flush=True)
        time.sleep(60)

LocalStore(Path(sys.argv[1])).put_object(Slow())
"""


@pytest.fixture
def full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on a disk of 256 KB; where none may be mounted, a write call that says what a full disk says."""
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)]
    mounted = bool(shutil.which("mount")) and subprocess.run(mount, capture_output=True).returncode == 0
    if not mounted:
        write = os.write
        room = [256 * 1024]

        def limited(descriptor: int, data: bytes) -> int:
            room[0] -= len(data)
            if room[0] < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(descriptor, data)

        monkeypatch.setattr(os, "write", limited)
    yield small
    if mounted:
        subprocess.run(["umount", str(small)], check=True)


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A store with one object whose folders nobody may write to; root gives up its rights meanwhile."""
    folder = Path(tempfile.mkdtemp())
    LocalStore(folder).put_object(b"rows")
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    yield folder
    if is_root:
        os.seteuid(0)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)
    shutil.rmtree(folder)


def test_a_full_disk_is_told_and_leaves_nothing_half_written(full_disk: Path) -> None:
    store = LocalStore(full_disk)
    small = store.put_object(b"rows")
    with pytest.raises(StoreError) as caught:
        store.put_object(os.urandom(400_000))
    assert "No space left" in caught.value.message
    assert "free some space" in caught.value.hint
    assert store.get_object(small) == b"rows"
    assert list(store.list("objects")) == [store.object_path(small).relative_to(full_disk).as_posix()]
    assert list(store.list("tmp")) == []
    assert store.put_object(os.urandom(1_000))


def test_a_full_disk_breaks_no_log(full_disk: Path) -> None:
    log = Log(LocalStore(full_disk), "log")

    def fill() -> None:
        for _ in range(1_000):
            log.append(lambda entries: {"number": len(entries), "evidence": os.urandom(5_000).hex()})

    with pytest.raises(StoreError, match="No space left"):
        fill()
    entries = Log(LocalStore(full_disk), "log").read()
    assert 0 < len(entries) < 1_000
    assert [entry.record["number"] for entry in entries if entry.record] == list(range(len(entries)))


def test_a_read_only_store_reads_and_says_why_it_does_not_write(read_only: Path) -> None:
    store = LocalStore(read_only)
    assert store.get_object(hashlib.sha256(b"rows").hexdigest()) == b"rows"
    for write in (lambda: store.put_object(b"more"), lambda: store.put_if_absent("index/1.json", b"{}")):
        with pytest.raises(StoreError) as caught:
            write()
        assert "cannot be written: Permission denied" in caught.value.message
        assert "writable" in caught.value.hint


def test_a_store_where_a_file_stands_is_told(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    store = open_store("store", tmp_path)
    assert store.get("index/1.json") is None
    with pytest.raises(StoreError, match=r"cannot be written: Not a directory"):
        store.put_if_absent("index/1.json", b"{}")


def test_a_file_system_without_links_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Path) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(StoreError) as caught:
        LocalStore(tmp_path).put_if_absent("index/1.json", b"{}")
    assert "no hard links" in caught.value.hint


def test_kill_in_the_middle_of_writing_leaves_no_half_object(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", HALF_WRITER, str(tmp_path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"half\n"
    writer.send_signal(signal.SIGKILL)
    assert writer.wait() == -signal.SIGKILL
    writer.stdout.close()
    store = LocalStore(tmp_path)
    assert list(store.list("objects")) == []
    (leftover,) = (tmp_path / "tmp").iterdir()
    assert leftover.read_bytes() == b"first half"
    store.sweep()
    assert leftover.exists()
    os.utime(leftover, (0, 0))
    store.sweep()
    assert not leftover.exists()
    assert store.get_object(store.put_object(b"first half, second half")) == b"first half, second half"


@pytest.mark.usefixtures("s3_environment")
def test_a_store_that_nobody_answers_for_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(StoreError) as caught:
        open_store("s3://nowhere/bike", tmp_path).get("index/1.json")
    assert "s3://nowhere/bike" in caught.value.message
    assert "network" in caught.value.hint


@pytest.mark.usefixtures("s3_environment")
def test_a_bucket_that_does_not_exist_is_told(tmp_path: Path) -> None:
    store = open_store("s3://no-such-bucket/bike", tmp_path)
    for write in (lambda: store.put_object(b"rows"), lambda: store.put_if_absent("index/1.json", b"{}")):
        with pytest.raises(StoreError) as caught:
            write()
        assert "create the bucket" in caught.value.hint


def test_refused_credentials_are_told(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import s3fs  # type: ignore[import-untyped]

    async def denied(*_: object, **__: object) -> bytes:
        raise PermissionError("Access Denied")

    monkeypatch.setattr(s3fs.S3FileSystem, "_cat_file", denied)
    with pytest.raises(StoreError, match="cannot be read: Access Denied") as caught:
        open_store(bucket, tmp_path).get("index/1.json")
    assert "credentials" in caught.value.hint


def test_an_unknown_scheme_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened: Protocol not known: s4") as caught:
        open_store("s4://bucket", tmp_path).get("index/1.json")
    assert "correct the `store`" in caught.value.hint


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        open_store("gs://bucket", tmp_path).get("index/1.json")
    assert "gcsfs" in caught.value.hint


def test_a_local_store_imports_no_library() -> None:
    program = (
        "import sys; before = set(sys.modules); from pathlib import Path;"
        "from mlopsc.stdlib.runtime.store.opening import open_store; from mlopsc.stdlib.runtime.store import log;"
        "open_store(None, Path()).get('index/1.json');"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["mlopsc"]
