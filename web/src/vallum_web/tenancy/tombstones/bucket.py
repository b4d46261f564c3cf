"""Entries in S3-compatible storage, each an object that is put once: `If-None-Match: *` has the storage itself refuse a second."""

import os
from functools import cache
from typing import Final, Self

from vallum_guard.http import Limits
from vallum_web.embedded.bucket import SCHEME, Bucket
from vallum_web.tenancy.objects.errors import StorageError
from vallum_web.tenancy.objects.leaving import Tally
from vallum_web.tenancy.objects.s3 import Storage, Use
from vallum_web.tenancy.tombstones.entry import SUFFIX, file_name
from vallum_web.tenancy.tombstones.errors import LedgerError

_USE: Final = Use(
    # A transaction waits for it: rather fail soon, and have nothing happen, than hold its locks for minutes.
    purpose="tombstones",
    limits=Limits(seconds=10, body_bytes=1 << 20),
    attempts=3,
)


def is_meant(place: str) -> bool:
    return place.startswith(SCHEME)


class Remote:
    """A `shelf.Shelf` in a bucket. What left for it is written down when the block ends that uses it.

    Inside a transaction that is rolled back, that row goes too; the entry itself stays, for it was put before.
    """

    def __init__(self, place: str) -> None:
        self.name = place.partition("?")[0]
        self._storage, self._tally = _opened(place)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tally.flush()

    def is_weak(self) -> bool:
        """Only where the storage is this machine itself: else what takes its disk leaves the ledger."""
        return self._storage.is_here

    def put(self, seq: int, data: bytes) -> bool:
        with _clear(self.name):
            if not self._storage.put_new(file_name(seq), data):
                # An answer that was lost had the same put sent twice: then what lies there is ours.
                return self._storage.found(file_name(seq)) == data
            if self.name not in _refusing:
                self._refuse_what_overwrites(seq, data)
            return True

    def get(self, seq: int) -> bytes | None:
        with _clear(self.name):
            return self._storage.found(file_name(seq))

    def numbers(self) -> list[int]:
        with _clear(self.name):
            names = [name.rpartition("/")[2].removesuffix(SUFFIX) for name in self._storage.names("")]
        return sorted(int(name) for name in names if name.isdecimal())

    def remove(self, seq: int) -> None:
        """Whatever versions the bucket keeps are the operator's rules to expire: we remove the present one."""
        with _clear(self.name):
            self._storage.delete(file_name(seq))

    def _refuse_what_overwrites(self, seq: int, data: bytes) -> None:
        """Once a process: a storage that does not know the condition would let one entry take another's place, unseen."""
        if self._storage.put_new(file_name(seq), data):
            raise LedgerError(
                f"The storage {self.name} overwrites what it holds (it does not know `If-None-Match: *`), so it cannot keep the "
                "ledger of tombstones: choose another, or a folder on a volume of its own."
            )
        _refusing.add(self.name)


_refusing: set[str] = set()


class _clear:  # noqa: N801 - used as a word
    """What the storage says becomes what an operator can do."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, StorageError):
            raise LedgerError(
                f"The ledger of tombstones {self._name} cannot be used ({error}): see to the storage and its keys. "
                "Until then nothing is erased, and no right is taken back."
            ) from error


@cache
def _opened(place: str) -> tuple[Storage, Tally]:
    """Once a process: what speaks S3 takes half a second to begin."""
    bucket = Bucket.parse(
        place,
        access=os.environ.get("VALLUM_TOMBSTONES_ACCESS", ""),
        secret=os.environ.get("VALLUM_TOMBSTONES_SECRET", ""),
    )
    if bucket is None:
        raise LedgerError(
            "A ledger of tombstones in S3 storage needs s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION, and its keys in "
            "VALLUM_TOMBSTONES_ACCESS and VALLUM_TOMBSTONES_SECRET."
        )
    tally = Tally()
    return Storage(bucket, tally.route(), _USE), tally
