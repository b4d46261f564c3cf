"""What a scan's fields mean, in words for a person: pure."""

from dataclasses import dataclass

from vallum_engine.parsers.catalogue import all_formats
from vallum_web.scans.models import Scan

PHASES = {
    "": "Waiting for a free worker",
    "starting": "Starting",
    "fetching": "Fetching the code",
    "scanning": "Scanning",
    "reading": "Reading the report",
    "keeping": "Keeping the report",
    "digesting": "Comparing with the record",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """How well the scanner was locked in. `install` is a command that makes it better; empty where nothing would."""

    label: str
    meaning: str
    install: str = ""


BUBBLEWRAP = "apt-get install bubblewrap"
ISOLATIONS = {
    "full": Isolation(
        label="Full",
        meaning="It ran in namespaces of its own: no network, a read-only root, nothing of this machine in sight.",
    ),
    "reduced": Isolation(
        label="Reduced",
        meaning=(
            "The kernel kept it from the network and from writing (Landlock, seccomp, limits). Without bubblewrap it may "
            "still have seen system files of this machine that anybody can read."
        ),
        install=BUBBLEWRAP,
    ),
    "none": Isolation(
        label="None",
        meaning="This machine offers no isolation. Only trusted sources (the operator's own folders) are scanned so.",
        install=BUBBLEWRAP,
    ),
    "elsewhere": Isolation(
        label="Scanned elsewhere",
        meaning="The scan ran on a machine of yours, and its report was uploaded: how it was isolated is not known here.",
    ),
}


ASKING = {
    "on": "No secret was found whose issuer can be asked.",
    "unable": "Wanted, but nobody was asked: this machine cannot give a scan a way out that leads to the issuers alone. "
    "Bubblewrap can: see Isolation.",
}


def phase(scan: Scan) -> str:
    if scan.status == Scan.Status.QUEUED:
        return PHASES[""]
    return PHASES.get(scan.phase, scan.phase.capitalize())


def progress(scan: Scan) -> str:
    """`1,234 files, 12.3 MB, 5 findings so far`; empty until the scanner has said something."""
    said = scan.progress
    if "files" not in said:
        return ""
    size = f"{said.get('bytes', 0) / 1_000_000:,.1f} MB"
    found = said.get("findings", 0)
    return f"{said['files']:,} files, {size}, {found:,} finding{'' if found == 1 else 's'} so far"


def isolation(scan: Scan) -> Isolation | None:
    return ISOLATIONS.get(scan.isolation)


def asking(scan: Scan) -> str:
    """What came of asking issuers; empty where nobody wanted it, or the scan has not ended."""
    if scan.status not in (Scan.Status.DONE, Scan.Status.INCOMPLETE):
        return ""
    if asked := scan.outcome.get("asked", 0):
        live, revoked = scan.outcome["live"], scan.outcome["revoked"]
        about = f"Issuers were asked about {asked:,} secret{'' if asked == 1 else 's'}"
        return f"{about}: {live:,} live, {revoked:,} revoked, {asked - live - revoked:,} unknown."
    return ASKING.get(scan.asking, "")


def tools(scan: Scan) -> str:
    """Whose report it was, by the formats' titles; empty for a scan of our own scanner, or while it is not recognised."""
    if not scan.tool:
        return ""
    known = all_formats()
    return ", ".join(known[name].title if name in known else name for name in scan.tool.split(", ") if name)


def todo(scan: Scan) -> str:
    """What to do after a failure that does not say it itself."""
    if "again" in scan.failure.lower():
        return ""
    if scan.origin == Scan.Origin.REQUESTED:
        return "Nothing was changed by this scan. Remove the cause, then scan again."
    return "Nothing was changed. Say which format it is and have it read again, or save it as SARIF or CycloneDX and import that."
