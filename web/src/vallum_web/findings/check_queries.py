"""Whether the issuer of a found secret can be asked again, and whether it is about to be."""

from dataclasses import dataclass
from uuid import UUID

from vallum_web.findings.models import Finding
from vallum_web.repositories import queries as repositories
from vallum_web.scans import asking
from vallum_web.scans import queries as scans
from vallum_web.scans.issuers import askable
from vallum_web.scans.models import Scan


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """`why_not` is empty where it can be asked. `scan` is one that waits or runs, and is going to ask."""

    why_not: str = ""
    scan: Scan | None = None


def checking(org: UUID, finding: Finding) -> Checking:
    """The platform keeps no secret: to ask about it, a scan has to read the code again."""
    why_not = _why_not(org, finding)
    return Checking(why_not=why_not, scan=None if why_not else scans.waiting(org, finding.asset_id))


def _why_not(org: UUID, finding: Finding) -> str:
    if finding.kind != "secret" or finding.rule not in askable():
        return "No rule knows an issuer that could be asked about this finding."
    if finding.status == Finding.Status.RESOLVED:
        return "It is resolved: the code does not hold the secret any more, and nothing else here does."
    if not asking.wanted(org):
        return "Live checks are off: an owner of the organization switches them on under Settings, Live checks."
    if repositories.of_asset(org, finding.asset_id) is None:
        return "The code is not here: scan it where it is with `vallum scan --verify --upload`."
    return ""
