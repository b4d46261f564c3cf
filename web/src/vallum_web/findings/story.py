"""What is known of a finding, in words and safe addresses: pure, for the page beside the list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from vallum_engine.model.distributions import spoken
from vallum_engine.model.finding import Confidence, Severity
from vallum_engine.model.verification import Liveness
from vallum_web.advisories.models import Threat
from vallum_web.assets.worth import Exposure, Importance
from vallum_web.findings import risk
from vallum_web.findings.models import Decision, Finding
from vallum_web.findings.vectors import base_score
from vallum_web.tenancy.models import Event

NOBODY = "a former member"
_WORDS = {
    "finding.opened": ("First seen", "dot"),
    "finding.reopened": ("Seen again: reopened", "refresh"),
    "finding.resolved": ("Resolved", "check"),
    "finding.suppressed": ("Suppressed", "ring-slash"),
    "finding.assigned": ("Assigned", "person"),
    "finding.commented": ("Commented", "note"),
    "finding.comment_edited": ("Comment edited", "note"),
    "finding.comment_deleted": ("Comment deleted", "note"),
    "finding.split": ("What was taken for this finding was taken apart", "copy"),
    "finding.verified": ("Its issuer was asked", "key"),
    "finding.unsuppressed": ("Suppression taken back", "arrow-left"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the timeline; `scan` leads to the run that saw it."""

    at: datetime
    text: str
    icon: str
    scan: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    id: str
    url: str
    summary: str
    aliases: Sequence[str]
    fixed: Sequence[str]
    cvss: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a distribution says of a flaw in one of its packages, and in which of its documents."""

    who: str
    says: str
    id: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the issuer of a secret said, in words that follow its name, and when it was asked."""

    result: str
    host: str
    reason: str
    at: datetime | None


def why(finding: Finding, threat: Threat | None) -> str:
    """The sentence behind the risk number."""
    vectors = [base_score(advisory.cvss) for advisory in advisories(finding.data)]
    severity, confidence = Severity(finding.get_severity_display()), Confidence(finding.get_confidence_display())
    return risk.sentence(
        risk.Inputs(
            severity=severity,
            confidence=confidence,
            cvss=max((score for score in vectors if score is not None), default=None),
            epss=threat.epss if threat else None,
            kev_since=threat.kev_added if threat else None,
            exposure=Exposure(finding.asset.exposure),
            reachability=risk.Reachability(finding.reachability),
            importance=Importance(finding.asset.importance),
            liveness=Liveness(finding.liveness or "unknown"),
        )
    )


def web_address(text: object) -> str:
    """The text if it is an http(s) address with a host; else nothing: other schemes run code or open programs."""
    if not isinstance(text, str):
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in ("http", "https") and parts.hostname else ""


def advisories(data: Mapping[str, Any]) -> list[Advisory]:
    return [
        Advisory(
            id=str(item.get("id", "")),
            url=web_address(item.get("url")),
            summary=str(item.get("summary", "")),
            aliases=[str(alias) for alias in item.get("aliases", ())],
            fixed=[str(version) for version in item.get("fixed", ())],
            cvss=str(item.get("cvss", "")),
        )
        for item in data.get("advisories", ())
    ]


def verdicts(data: Mapping[str, Any]) -> list[Verdict]:
    """What distributions say of a flaw that they have not mended, each once, and where they say it."""
    package = data.get("package") or {}
    who = spoken(str(package.get("ecosystem", ""))) or "The distribution"
    told: dict[str, Verdict] = {}
    for item in data.get("advisories", ()):
        if says := str(item.get("standing", "")):
            url = web_address(item.get("url"))
            told.setdefault(says, Verdict(who=who, says=says, id=str(item.get("id", "")), url=url))
    return list(told.values())


def told(data: Mapping[str, Any]) -> Told | None:
    """What the issuer said; None where it was not asked."""
    said = data.get("verification")
    if not said:
        return None
    try:
        at = datetime.fromisoformat(said["at"])
    except ValueError:
        at = None
    if at and at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return Told(result=said["result"], host=said["host"], reason=said["reason"], at=at)


def revoking(data: Mapping[str, Any]) -> str:
    """The issuer's page on which a secret is revoked, https alone; empty where the report names none."""
    url = web_address((data.get("remediation") or {}).get("revoke"))
    return url if url.startswith("https://") else ""


def references(data: Mapping[str, Any]) -> list[str]:
    return [url for url in map(web_address, data.get("references", ())) if url]


def decisions(
    rows: Sequence[Decision], names: Mapping[UUID, str], rules: Mapping[UUID, str]
) -> list[tuple[Decision, str, str, str]]:
    """Each decision with who made it, who took it back, and what its suppression rule says, where one made it."""
    return [
        (
            row,
            names.get(row.by, NOBODY),
            names.get(row.lifted_by, NOBODY) if row.lifted_by else "",
            rules.get(row.by_rule, "") if row.by_rule else "",
        )
        for row in rows
    ]


def timeline(events: Sequence[Event], names: Mapping[UUID, str]) -> list[Entry]:
    """The event log as a story, the newest first."""
    return [
        Entry(
            at=event.at,
            text=_sentence(event, names),
            icon=_WORDS.get(event.kind, ("", "dot"))[1],
            scan=str(event.data.get("scan", "")),
        )
        for event in events
    ]


def _assigned(event: Event, names: Mapping[UUID, str]) -> str:
    person, team = event.data.get("assignee"), event.data.get("team")
    if person:
        return f"Assigned to {names.get(UUID(person), NOBODY)}"
    return "Given to a team" if team else "Assigned to nobody"


def _unsuppressed(event: Event) -> str:
    if event.data.get("expired"):
        return "Suppression ended: its date has passed"
    if event.data.get("unlike"):
        return "Suppression ended: its rule no longer fits"
    return "Suppression rule lifted" if event.data.get("rule") else ""


def _verified(event: Event) -> str:
    """`api.example said that it is live`."""
    results = {"live": "that it is live", "revoked": "that it is revoked"}
    said = results.get(event.data.get("result", ""), "neither that it is live nor that it is revoked")
    return f"{event.data.get('host') or 'Its issuer'} said {said}"


def _sentence(event: Event, names: Mapping[UUID, str]) -> str:
    text = _WORDS.get(event.kind, (event.kind, ""))[0]
    if event.kind == "finding.assigned":
        text = _assigned(event, names)
    if event.kind == "finding.resolved":
        return "Resolved: the file is gone" if event.data.get("ending") == "gone" else "Resolved: fixed"
    if event.kind == "finding.verified":
        return _verified(event)
    if event.kind == "finding.unsuppressed":
        text = _unsuppressed(event) or text
    if event.kind == "finding.suppressed" and event.data.get("reason") in Decision.Reason.values:
        by_rule = " by a rule" if event.data.get("rule") else ""
        text = f"{text}{by_rule}: {Decision.Reason(event.data['reason']).label.lower()}"
    return f"{text} by {names.get(event.actor, NOBODY)}" if event.actor else text
