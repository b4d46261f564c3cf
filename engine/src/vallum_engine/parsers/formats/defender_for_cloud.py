"""Microsoft Defender for Cloud (Azure Security Center before): its table of recommendations."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import first_line, place, severity, texts

_COLUMNS = frozenset({"recommendationName", "recommendationDisplayName", "resourceId", "state"})


def recognises(document: Document) -> bool:
    return set(document.columns) >= _COLUMNS


def records(document: Document) -> Iterator[Record]:
    yield from each(list(document.rows), "row", _row)


def _row(at: str, row: Mapping[str, Any]) -> Record:
    state = row["state"].lower()
    if state != "unhealthy":
        known = state in {"healthy", "notapplicable", "not applicable"}
        return Passed(at=at) if known else Rejected(at=at, why=f"its state is none that is known: {row['state']}")
    title = row["recommendationDisplayName"]
    account = row.get("nativeCloudAccountId", "")
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=row["recommendationName"] or title,
        title=first_line(title),
        severity=severity(row.get("severity"), Severity.MEDIUM),
        confidence=Confidence.HIGH,
        message=row.get("description") or title,
        locations=place(row["resourceId"]),
        evidence=" ".join(texts([row.get("resourceType"), row.get("resourceName"), account])),
        steps=texts(row.get("remediationSteps")),
        references=texts(row.get("azurePortalRecommendationLink")),
        anchor=(account,),
    )


FORMAT = Format(
    id="defender-for-cloud",
    title="Microsoft Defender for Cloud",
    docs="https://learn.microsoft.com/en-us/azure/defender-for-cloud/",
    recognises=recognises,
    records=records,
)
