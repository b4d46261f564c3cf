from hashlib import sha256
from uuid import uuid4

import pytest

from vallum_web.tenancy import blobs


@pytest.fixture
def org():
    return uuid4()


def kept(org):
    folder = blobs.path(org, uuid4()).parent
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_blob_is_what_was_written(org):
    with blobs.create(org, limit=100) as blob:
        blob.write(b"one ")
        blob.write(b"two")
    path = blobs.path(org, blob.id)
    assert path.read_bytes() == b"one two"
    assert (blob.size, blob.digest) == (7, sha256(b"one two").hexdigest())
    assert path.stat().st_mode & 0o777 == 0o600
    blobs.delete(org, blob.id)
    blobs.delete(org, blob.id)
    assert kept(org) == []


def test_over_its_limit_nothing_stays(org):
    with pytest.raises(blobs.TooLargeError, match="100 bytes"), blobs.create(org, limit=100) as blob:
        blob.write(b"x" * 101)
    assert kept(org) == []


def test_a_write_that_breaks_leaves_nothing(org):
    with pytest.raises(ZeroDivisionError), blobs.create(org, limit=100):
        raise ZeroDivisionError
    assert kept(org) == []
