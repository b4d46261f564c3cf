"""Prowler: its OCSF (version 4 on), its own JSON (3), its tables (2 on) and the JSON lines of version 2.

They are one format in five spellings, so that an upgrade of Prowler to another spelling leaves findings what they were.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import dug, first_line, place, severity, texts

Spelling = Mapping[str, tuple[tuple[str | int, ...], ...]]

_OCSF: Spelling = {
    "status": (("status_code",),),
    "muted": (("status",),),
    "check": (("metadata", "event_code"),),
    "title": (("finding_info", "title"), ("finding", "title")),
    "said": (("status_detail",), ("message",)),
    "severity": (("severity",),),
    "description": (("finding_info", "desc"), ("finding", "desc")),
    "risk": (("risk_details",),),
    "account": (("cloud", "account", "uid"),),
    "region": (("resources", 0, "region"), ("cloud", "region")),
    "resource": (("resources", 0, "uid"), ("resources", 0, "name")),
    "name": (("resources", 0, "name"),),
    "steps": (("remediation", "desc"),),
    "links": (("remediation", "references"), ("unmapped", "related_url")),
}
_JSON: Spelling = {
    "status": (("Status",),),
    "check": (("CheckID",),),
    "title": (("CheckTitle",),),
    "said": (("StatusExtended",),),
    "severity": (("Severity",),),
    "description": (("Description",),),
    "risk": (("Risk",),),
    "account": (("AccountId",), ("SubscriptionId",), ("ProjectId",)),
    "region": (("Region",), ("Location",)),
    "resource": (("ResourceArn",), ("ResourceId",), ("ResourceName",)),
    "name": (("ResourceId",), ("ResourceName",)),
    "steps": (("Remediation", "Recommendation", "Text"),),
    "links": (("Remediation", "Recommendation", "Url"), ("RelatedUrl",)),
}
_TABLE: Spelling = {
    "status": (("STATUS",),),
    "muted": (("MUTED",),),
    "check": (("CHECK_ID",),),
    "title": (("CHECK_TITLE",),),
    "said": (("STATUS_EXTENDED",),),
    "severity": (("SEVERITY",),),
    "description": (("DESCRIPTION",),),
    "risk": (("RISK",),),
    "account": (("ACCOUNT_UID",), ("ACCOUNT_ID",)),
    "region": (("REGION",),),
    "resource": (("RESOURCE_UID",), ("RESOURCE_ARN",), ("RESOURCE_ID",), ("RESOURCE_NAME",)),
    "name": (("RESOURCE_NAME",), ("RESOURCE_ID",)),
    "steps": (("REMEDIATION_RECOMMENDATION_TEXT",),),
    "links": (("REMEDIATION_RECOMMENDATION_URL",), ("RELATED_URL",)),
}
_JSON_2: Spelling = {
    "status": (("Status",),),
    "check": (("Control",),),
    "title": (("Control",),),
    "said": (("Message",),),
    "severity": (("Severity",),),
    "risk": (("Risk",),),
    "account": (("Account Number",),),
    "region": (("Region",),),
    "resource": (("Resource ID",),),
    "steps": (("Remediation",),),
    "links": (("Doc link",),),
}
_TABLE_2: Spelling = {
    "status": (("CHECK_RESULT",),),
    "check": (("TITLE_TEXT",),),
    "title": (("TITLE_TEXT",),),
    "said": (("CHECK_RESULT_EXTENDED",),),
    "severity": (("CHECK_SEVERITY",),),
    "risk": (("CHECK_RISK",),),
    "account": (("ACCOUNT_NUM",),),
    "region": (("REGION",),),
    "steps": (("CHECK_REMEDIATION",),),
    "links": (("CHECK_DOC",),),
}
# Version 2 writes `[check11] Avoid the use of the root account`.
_NUMBERED = re.compile(r"\[([\w-]{1,60})\]\s*")
_MUTED = frozenset({"true", "suppressed"})
# What version 2 and 3 call a failure that a list of the user's allows.
_ALLOWED = frozenset({"WARNING", "MUTED"})
_TABLE_KEYS = frozenset({"PROVIDER", "CHECK_ID", "STATUS_EXTENDED"})
_TABLE_2_KEYS = frozenset({"TITLE_ID", "CHECK_RESULT", "TITLE_TEXT"})


def recognises(document: Document) -> bool:
    return _spelled(document) is not None


def _spelled(document: Document) -> tuple[Spelling, Sequence[Any]] | None:
    columns = set(document.columns)
    if columns >= _TABLE_KEYS:
        return _TABLE, document.rows
    if columns >= _TABLE_2_KEYS:
        return _TABLE_2, document.rows
    if '"Account Number"' in document.head and '"Control ID"' in document.head:
        return _JSON_2, document.jsons
    if not isinstance(document.json, list):
        return None
    item = leading(document.json)
    if dug(item, "metadata", "product", "name") == "Prowler":
        return _OCSF, document.json
    return (_JSON, document.json) if {"CheckID", "StatusExtended", "Provider"} <= item.keys() else None


def records(document: Document) -> Iterator[Record]:
    spelling, items = _spelled(document) or (_OCSF, document.json)
    values = items[0] if len(items) == 1 and isinstance(items[0], list) else items
    yield from each(list(values), "row" if document.columns else "", partial(_check, spelling))


def _read(spelling: Spelling, key: str, item: Mapping[str, Any]) -> str:
    return next((str(value) for path in spelling.get(key, ()) if (value := dug(item, *path))), "")


def _check(spelling: Spelling, at: str, item: Mapping[str, Any]) -> Record:
    read = partial(_read, spelling)
    status = read("status", item).upper()
    if status in {"PASS", "INFO"}:
        return Passed(at=at)
    if status not in {"FAIL", "MANUAL"} | _ALLOWED:
        return Rejected(at=at, why="its status is none of PASS, FAIL, MANUAL, INFO and WARNING")
    manual = status == "MANUAL"
    numbered = _NUMBERED.match(read("check", item))
    said, resource = read("said", item), read("resource", item)
    facts = ("Only a person can tell." if manual else "", said, read("description", item), read("risk", item))
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=numbered[1] if numbered else read("check", item),
        title=first_line(_NUMBERED.sub("", read("title", item), count=1)),
        severity=Severity.INFO if manual else severity(read("severity", item), Severity.MEDIUM),
        confidence=Confidence.LOW if manual else Confidence.HIGH,
        message="\n\n".join(texts(list(facts))),
        locations=place(resource or read("account", item)),
        evidence=first_line(said, 400),
        steps=texts(read("steps", item)),
        references=_links(spelling, item),
        # Without a resource only its words tell it from others of the account.
        anchor=(read("account", item), read("region", item), read("name", item) if resource else said),
        mark=Mark.SUPPRESSED if status in _ALLOWED or read("muted", item).lower() in _MUTED else Mark.NONE,
    )


def _links(spelling: Spelling, item: Mapping[str, Any]) -> tuple[str, ...]:
    found = [text for path in spelling["links"] for text in texts(dug(item, *path))]
    return tuple(link for link in dict.fromkeys(found) if link.startswith(("https://", "http://")))


def tool(document: Document) -> str:
    spelled = _spelled(document)
    item = leading(list(spelled[1][:1])) if spelled else {}
    return str(dug(item, "metadata", "product", "version") or dug(item, "PROWLER_VERSION") or "")


FORMAT = Format(
    id="prowler",
    title="Prowler",
    docs="https://docs.prowler.com/",
    recognises=recognises,
    records=records,
    tool=tool,
)
