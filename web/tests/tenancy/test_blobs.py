"""Stored files: whole or not at all, encrypted, read from anywhere, and dead with their owner's key."""

import io
import os
from hashlib import sha256
from uuid import uuid4

import making
import pytest

from vallum_web.repositories import figures
from vallum_web.tenancy import blobs, keyring, sealed_files, served
from vallum_web.tenancy.keyring import keys
from vallum_web.tenancy.keyring.errors import ForgottenError
from vallum_web.tenancy.keyring.keys import Owner
from vallum_web.tenancy.sealed_files import CHUNK, HEAD, DamagedFileError

TAG = 16
LENGTHS = (0, 1, 7, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 5)


@pytest.fixture
def org():
    return uuid4()


def kept(org):
    folder = blobs.path(org, uuid4()).parent
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def written(org, *pieces):
    with blobs.create(org, limit=1 << 20) as blob:
        for piece in pieces:
            blob.write(piece)
    return blob


def plain(org, data=b"as it once was", *, age=0):
    """A blob from before they were encrypted."""
    key = uuid4()
    path = blobs.path(org, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    at = path.stat().st_mtime - age
    os.utime(path, (at, at))
    return key


def test_a_blob_is_what_was_written(org):
    blob = written(org, b"one ", b"two")
    path = blobs.path(org, blob.id)
    assert making.stored(org, blob.id) == b"one two"
    assert (blob.size, blob.digest) == (7, sha256(b"one two").hexdigest())
    assert path.stat().st_mode & 0o777 == 0o600
    blobs.delete(org, blob.id)
    blobs.delete(org, blob.id)
    assert kept(org) == []


@pytest.mark.parametrize("length", LENGTHS)
def test_of_any_length_and_from_anywhere(org, length):
    data = os.urandom(length)
    blob = written(org, *(data[at : at + 9999] for at in range(0, length, 9999)))
    assert making.stored(org, blob.id) == data
    with blobs.opened(org, blob.id) as file:
        assert file.seek(0, io.SEEK_END) == length
        for start in {0, 1, length // 2, CHUNK - 1, CHUNK, CHUNK + 3, length} & set(range(length + 1)):
            file.seek(start)
            assert file.read(3000) == data[start : start + 3000]
    pieces = [served.Piece(blob=blob.id, size=length, digest=blob.digest)]
    file = served.File(owner=org, shelf="", pieces=pieces, name="x", content_type="text/plain")
    span = served.Span(start=length // 3, end=length)
    assert b"".join(served._read(file, span)) == data[length // 3 :]


@pytest.mark.policy("PP-Q3")
def test_nothing_of_it_lies_on_the_disk(org, tmp_path):
    canary = b"canary-" + uuid4().hex.encode()
    file = tmp_path / "sent"
    file.write_bytes(canary * 9000)
    for key in (written(org, canary, b"x" * CHUNK, canary).id, blobs.take(org, file)):
        raw = blobs.path(org, key).read_bytes()
        assert canary not in raw
        assert canary in making.stored(org, key)
        assert raw.startswith(sealed_files.MAGIC)
    assert not file.exists()
    # Of two with the same bytes nobody sees that they are the same.
    first, second = (blobs.path(org, written(org, canary).id).read_bytes()[HEAD:] for _ in range(2))
    assert first != second


def flipped(data):
    return data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]


def exchanged(data):
    first, second = data[HEAD : HEAD + CHUNK + TAG], data[HEAD + CHUNK + TAG : HEAD + 2 * (CHUNK + TAG)]
    return data[:HEAD] + second + first + data[HEAD + 2 * (CHUNK + TAG) :]


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(flipped, id="a bit"),
        pytest.param(exchanged, id="two chunks exchanged"),
        pytest.param(lambda data: data[: HEAD + 2 * (CHUNK + TAG)], id="cut off between two chunks"),
        pytest.param(lambda data: data[:-1], id="cut off in one"),
        pytest.param(lambda data: data[:HEAD], id="only the head"),
        pytest.param(lambda data: data + data[-30:], id="something after it"),
        pytest.param(lambda data: data[:12] + bytes(32) + data[44:], id="another salt"),
    ],
)
def test_what_was_changed_does_not_open(org, harm):
    blob = written(org, os.urandom(2 * CHUNK + 100))
    path = blobs.path(org, blob.id)
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(DamagedFileError, match="does not open"):
        making.stored(org, blob.id)


def test_one_of_another_owner_does_not_open(org):
    other = uuid4()
    mine, theirs = written(org, b"mine"), written(other, b"theirs")
    blobs.path(org, mine.id).write_bytes(blobs.path(other, theirs.id).read_bytes())
    with pytest.raises(DamagedFileError):
        making.stored(org, mine.id)


@pytest.mark.policy("PP-4c", "PP-6c")
@pytest.mark.parametrize("forget", [keyring.forget_org, keyring.forget_subject])
def test_with_its_owner_s_keys_a_copy_is_dead_too(org, forget, tmp_path):
    blob = written(org, b"a report")
    forget(org)
    with pytest.raises(ForgottenError):
        making.stored(org, blob.id)
    with pytest.raises(ForgottenError), blobs.create(org, limit=9):
        pass
    assert keys.listed(Owner.files(org)) == []


def test_another_name_for_it_is_no_copy(org):
    blob = written(org, b"a report")
    again = blobs.again(org, blob.id)
    blobs.delete(org, blob.id)
    assert making.stored(org, again) == b"a report"


@pytest.mark.django_db
@pytest.mark.policy("PP-Q3")
def test_one_from_before_is_read_and_then_encrypted(org):
    old, empty = plain(org, age=3 * 24 * 3600), plain(org, b"")
    assert making.stored(org, old) == b"as it once was"
    with blobs.opened(org, old) as file:
        file.seek(6)
        assert file.read(4) == b"once"
    assert figures.plain_files() >= 2
    assert blobs.seal_plain() >= 2
    assert [making.stored(org, key) for key in (old, empty)] == [b"as it once was", b""]
    assert b"once" not in blobs.path(org, old).read_bytes()
    assert blobs.left(org) == [old]
    assert (figures.plain_files(), blobs.seal_plain()) == (0, 0)


def test_over_its_limit_nothing_stays(org):
    with pytest.raises(blobs.TooLargeError, match="100 bytes"), blobs.create(org, limit=100) as blob:
        blob.write(b"x" * 101)
    assert kept(org) == []


def test_a_write_that_breaks_leaves_nothing(org):
    with pytest.raises(ZeroDivisionError), blobs.create(org, limit=100):
        raise ZeroDivisionError
    assert kept(org) == []
