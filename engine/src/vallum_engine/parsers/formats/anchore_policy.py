"""Anchore's policy evaluation of an image: a table of triggers, deep inside `digest / tag / detail / result`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.ecosystems import ecosystem
from vallum_engine.parsers.format import Component, Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import one
from vallum_engine.parsers.words import cves, dug, first_line, listed, place, severity, texts

# `HIGH Vulnerability found in os package type (dpkg) - libc6-2.31 (fixed in: 2.32) (CVE-2021-0001 - https://…)`
_PACKAGE = re.compile(r"(\w+) Vulnerability found in [\w-]+ package type \(([^)]*)\) - (\S+)")
_FIXED = re.compile(r"fixed in: ?([^)\s]+)")
_URL = re.compile(r"https?://[^\s)]+")
_ACTIONS = {"stop": Severity.HIGH, "warn": Severity.MEDIUM}


def _images(value: Any) -> Iterator[Any]:
    """`[{digest: {tag: [evaluation]}}]`, and the result of each: one table an image."""
    for by_digest in listed(value):
        for by_tag in by_digest.values() if isinstance(by_digest, dict) else ():
            for evaluations in by_tag.values() if isinstance(by_tag, dict) else ():
                for evaluation in listed(evaluations):
                    found = dug(evaluation, "detail", "result", "result")
                    # Beside the images it holds the policy's own data.
                    tables = (dug(image, "result") for image in (found.values() if isinstance(found, dict) else ()))
                    yield from (table for table in tables if isinstance(table, dict))


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return False
    return any("header" in table for table in _images(value[:1]))


def records(document: Document) -> Iterator[Record]:
    for image, table in enumerate(_images(document.json)):
        header = [str(name) for name in table["header"]]
        for index, row in enumerate(table["rows"]):
            at = f"image {image + 1}, rows[{index}]"
            if isinstance(row, list) and len(row) == len(header):
                yield one(at, dict(zip(header, row, strict=True)), _row)
            else:
                yield Rejected(at=at, why="its cells are not those of the header")


def _row(at: str, row: Mapping[str, Any]) -> Record:
    gate, trigger, action = (str(row.get(name) or "") for name in ("Gate", "Trigger", "Gate_Action"))
    if action.lower() == "go":
        return Passed(at=at)
    said = str(row.get("Check_Output") or "")
    if not gate or not trigger or not said:
        return Rejected(at=at, why="it names no gate, no trigger or no output")
    known, found = cves(row.get("Trigger_Id"), said), _PACKAGE.match(said)
    is_package = gate == "vulnerabilities" and found is not None
    by_action = _ACTIONS.get(action.lower(), Severity.MEDIUM)
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY if is_package else Kind.MISCONFIGURATION,
        rule=str(row.get("Trigger_Id")).partition("+")[0] if is_package else f"{gate}/{trigger}",
        title=first_line(said),
        severity=severity(found[1], by_action, unknown=by_action) if found else by_action,
        confidence=Confidence.HIGH,
        message=f"{said}\nThe policy's action is to {action or 'warn'}.",
        locations=place(row.get("Repo_Tag")) if not found or "/" not in found[3] else place(found[3]),
        component=_component(found, said) if found and is_package else None,
        ids=known,
        references=texts(_URL.findall(said)),
        anchor=() if is_package else (said,),
        mark=Mark.SUPPRESSED if row.get("Whitelisted") else Mark.NONE,
    )


def _component(found: re.Match[str], said: str) -> Component:
    """The report gives a file or `name-version` in one word: it stays one, for nothing says where the version begins."""
    return Component(
        ecosystem="" if "/" in found[3] else ecosystem(found[2]),
        name=found[3].rpartition("/")[2],
        fixed=tuple(dict.fromkeys(_FIXED.findall(said))),
    )


FORMAT = Format(
    id="anchore-policy",
    title="Anchore policy evaluation",
    docs="https://docs.anchore.com/current/docs/compliance_management/",
    recognises=recognises,
    records=records,
)
