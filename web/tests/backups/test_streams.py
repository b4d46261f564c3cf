"""Chunks: what was written comes back, and what is not what was written is refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from vallum_guard.http import Route
from vallum_web.backups import manifest, sealing, stores, streams
from vallum_web.backups.errors import DamagedError, KitError, MissingError, PlaceError
from vallum_web.backups.manifest import MAIN, Manifest
from vallum_web.backups.sealing import BackupKey
from vallum_web.backups.stores import Directory
from vallum_web.backups.streams import Shelf, Stream, Writer

KEY = BackupKey(key=bytes(range(32)))
NAME = "20261126T120000Z-0011223344556677"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Chunks of a hundred bytes: their number counts here, not their size."""
    monkeypatch.setattr(streams, "CHUNK", 100)


@pytest.fixture
def shelf(tmp_path):
    return Shelf(store=Directory(tmp_path / "storage"), key=KEY, kind=MAIN, backup=NAME)


def written(shelf: Shelf, data: bytes, name: str = "database") -> Stream:
    writer = Writer(shelf, name)
    writer.write(data)
    return writer.end()


def whole(shelf: Shelf, stream: Stream) -> bytes:
    return b"".join(streams.read(shelf, stream))


def chunk(shelf: Shelf, index: int, name: str = "database") -> Path:
    return shelf.store.root / shelf.object(name, index)


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 200, 1000])
def test_what_was_written_comes_back(shelf, size):
    data = bytes(number % 251 for number in range(size))
    stream = written(shelf, data)
    assert (whole(shelf, stream), stream.size) == (data, size)
    assert stream.chunks == max(1, -(-size // 100))


def test_no_chunk_shows_what_it_holds(shelf):
    written(shelf, b"alice@example.com" * 50)
    assert [path for path in shelf.store.root.rglob("0*") if b"alice" in path.read_bytes()] == []


def changed(shelf):
    place = chunk(shelf, 1)
    data = bytearray(place.read_bytes())
    data[len(data) // 2] ^= 1
    place.write_bytes(data)


def swapped(shelf):
    one, two = chunk(shelf, 0).read_bytes(), chunk(shelf, 1).read_bytes()
    chunk(shelf, 0).write_bytes(two)
    chunk(shelf, 1).write_bytes(one)


def of_another_stream(shelf):
    written(shelf, b"x" * 250, "blobs")
    chunk(shelf, 1).write_bytes(chunk(shelf, 1, "blobs").read_bytes())


def of_another_backup(shelf):
    other = Shelf(store=shelf.store, key=KEY, kind=MAIN, backup=NAME.replace("12", "13"))
    written(other, b"x" * 250)
    chunk(shelf, 1).write_bytes(chunk(other, 1).read_bytes())


def cut_off(shelf):
    chunk(shelf, 2).write_bytes(chunk(shelf, 2).read_bytes()[:-1])


def emptied(shelf):
    chunk(shelf, 0).write_bytes(b"")


def missing(shelf):
    chunk(shelf, 1).unlink()


@pytest.mark.policy("PP-4d")
@pytest.mark.parametrize(
    "damage",
    [changed, swapped, of_another_stream, of_another_backup, cut_off, emptied, missing],
    ids=lambda f: f.__name__,
)
def test_a_stream_that_is_not_as_it_was_written_is_refused(shelf, damage):
    stream = written(shelf, b"x" * 250)
    damage(shelf)
    with pytest.raises(DamagedError, match=r"chunk [012] of database in backup"):
        whole(shelf, stream)


def test_a_stream_that_lost_its_end_is_noticed_by_the_last_chunk_that_is_none(shelf):
    stream = written(shelf, b"x" * 250)
    shorter = Stream(name=stream.name, chunks=2, size=200, stored=0, sha256=stream.sha256)
    with pytest.raises(DamagedError, match="chunk 1 of database"):
        whole(shelf, shorter)


def test_another_key_opens_nothing(shelf):
    stream = written(shelf, b"x" * 250)
    other = Shelf(store=shelf.store, key=BackupKey.made(), kind=MAIN, backup=NAME)
    with pytest.raises(DamagedError, match="or the right recovery kit"):
        whole(other, stream)


def a_manifest(stream: Stream) -> Manifest:
    return Manifest(
        backup=NAME,
        kind=MAIN,
        taken_at=datetime(2026, 11, 26, 12, tzinfo=UTC),
        streams={stream.name: stream},
        tables={"accounts_user": manifest.Table(rows=3, sample="ab")},
        heads="cd",
        facts={"server": "18.0"},
    )


def test_a_backup_is_there_when_its_manifest_is(shelf):
    stream = written(shelf, b"x" * 250)
    assert list(manifest.whole(shelf.store, MAIN)) == []
    with pytest.raises(MissingError, match="no whole backup"):
        manifest.read(shelf)
    manifest.write(shelf, a_manifest(stream))
    assert list(manifest.whole(shelf.store, MAIN)) == [NAME]
    assert manifest.read(shelf) == a_manifest(stream)


@pytest.mark.parametrize("size", [0, 5, 40])
def test_a_manifest_that_was_cut_off_is_none(shelf, size):
    manifest.write(shelf, a_manifest(written(shelf, b"x")))
    place = chunk(shelf, 0, manifest.NAME)
    place.write_bytes(place.read_bytes()[:size])
    with pytest.raises(DamagedError):
        manifest.read(shelf)


def test_a_full_disk_leaves_nothing_and_says_so(shelf, monkeypatch):
    def full(_file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stores.os, "fsync", full)
    with pytest.raises(PlaceError, match=r"No space left on device\. Make room"):
        written(shelf, b"x" * 250)
    assert [path for path in shelf.store.root.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("place", ["relative/folder", "ftp://host/x", "s3://bucket", "s3://bucket?endpoint=host"])
def test_a_place_that_is_none_is_refused(place):
    with pytest.raises(PlaceError):
        stores.opened(place, Route())


@pytest.mark.parametrize("text", ["", "short", "A" * 42, "é"])
def test_a_key_that_is_none_is_refused(text):
    with pytest.raises(KitError):
        BackupKey.parse(text)


def test_no_key_is_in_what_is_printed_of_it():
    assert repr(KEY) == f"BackupKey({KEY.id})"
    assert KEY.text not in str(Shelf(store=Directory(Path("/x")), key=KEY, kind=MAIN, backup=NAME))
    assert sealing.BackupKey.parse(KEY.text) == KEY
