"""Whether what must outlive the database lies apart from it, for the doctor."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from vallum_web.embedded.answers import Line, Verdict

LEDGER: Final = "VALLUM_TOMBSTONES"
_ADVICE: Final = (
    "What takes the database takes it too, and a restored backup would bring erased people back: set VALLUM_TOMBSTONES to a mount of "
    "another volume or to s3://… (docs/operations.md)."
)


def ledger(home: Path, environ: Mapping[str, str]) -> Line:
    """Where the ledger of tombstones lies (tenancy/tombstones)."""
    place = environ.get(LEDGER, "")
    if place.startswith("s3://"):
        if not (environ.get(f"{LEDGER}_ACCESS") and environ.get(f"{LEDGER}_SECRET")):
            advice = (
                f"Set {LEDGER}_ACCESS and {LEDGER}_SECRET: until then nothing is erased, and no right is taken back."
            )
            return Line(verdict=Verdict.FAIL, subject="ledger", found="in a storage without keys to it", advice=advice)
        return Line(verdict=Verdict.OK, subject="ledger", found=f"in the storage {place.partition('?')[0]}")
    folder = Path(place or home / "tombstones")
    if _device(folder) == _device(home):
        found = "on the volume of the state folder: weak"
        return Line(verdict=Verdict.WARN, subject="ledger", found=found, advice=_ADVICE)
    return Line(verdict=Verdict.OK, subject="ledger", found=f"{folder}, on a volume of its own")


def _device(path: Path) -> int:
    return next(parent for parent in (path, *path.parents) if parent.exists()).stat().st_dev
