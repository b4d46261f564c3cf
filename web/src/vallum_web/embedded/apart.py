"""Whether what must outlive the database lies apart from it, for the doctor."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from vallum_web.embedded.answers import Line, Verdict
from vallum_web.embedded.bucket import SCHEME, Bucket

LEDGER: Final = "VALLUM_TOMBSTONES"
_ADVICE: Final = (
    "What takes the database takes it too, and a restored backup would bring erased people back: set VALLUM_TOMBSTONES to a mount of "
    "another volume or to s3://… on another machine (docs/operations.md)."
)


def ledger(home: Path, environ: Mapping[str, str]) -> Line:
    """Where the ledger of tombstones lies (tenancy/tombstones)."""
    place = environ.get(LEDGER, "")
    if place.startswith(SCHEME):
        return _in_storage(place, environ)
    folder = Path(place or home / "tombstones")
    if _device(folder) == _device(home):
        found = "on the volume of the state folder: weak"
        return Line(verdict=Verdict.WARN, subject="ledger", found=found, advice=_ADVICE)
    return Line(verdict=Verdict.OK, subject="ledger", found=f"{folder}, on a volume of its own")


def _in_storage(place: str, environ: Mapping[str, str]) -> Line:
    bucket = Bucket.parse(place, access=environ.get(f"{LEDGER}_ACCESS", ""), secret=environ.get(f"{LEDGER}_SECRET", ""))
    if bucket is None:
        advice = (
            f"Set {LEDGER} to s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION, and its keys in {LEDGER}_ACCESS and "
            f"{LEDGER}_SECRET: until then nothing is erased, and no right is taken back."
        )
        found = "in a storage without an endpoint, or without keys to it"
        return Line(verdict=Verdict.FAIL, subject="ledger", found=found, advice=advice)
    if bucket.is_here:
        return Line(verdict=Verdict.WARN, subject="ledger", found="in a storage on this machine: weak", advice=_ADVICE)
    return Line(verdict=Verdict.OK, subject="ledger", found=f"in the storage {place.partition('?')[0]}")


def _device(path: Path) -> int:
    return next(parent for parent in (path, *path.parents) if parent.exists()).stat().st_dev
