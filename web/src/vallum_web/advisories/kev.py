"""CISA's catalogue of vulnerabilities that are known to be exploited: one JSON object."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import IO, Any

import orjson

from vallum_web.advisories.errors import UnusableError
from vallum_web.advisories.release import Release, legible, looks_like, whole

MOST = 32 << 20
"""Bytes, unpacked. 1,400 entries are 1.3 MB."""
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}")


def read(file: IO[bytes]) -> Release:
    """Raises UnusableError."""
    body = whole(file, MOST)
    try:
        catalogue = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        began = body.lstrip().startswith(b"{")
        why = "is cut off or damaged" if began else f"is {looks_like(body[:200])} and no catalogue of CISA's"
        raise UnusableError(f"It {why}: {error}.") from error
    entries = catalogue.get("vulnerabilities") if isinstance(catalogue, dict) else None
    if not isinstance(entries, list):
        raise UnusableError("It is JSON, but no catalogue of CISA's: there is no list of vulnerabilities.")
    if catalogue.get("count") != len(entries):
        raise UnusableError(f"It says that it has {catalogue.get('count')} entries, and has {len(entries)}.")
    day = _day(catalogue.get("dateReleased"))
    if day is None:
        raise UnusableError("It does not say of which day it is.")
    return Release(version=legible(str(catalogue.get("catalogVersion", ""))[:40]), day=day, rows=_rows(entries))


def _rows(entries: list[Any]) -> Iterator[tuple[str, date, date | None, bool]]:
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, Mapping):
            raise UnusableError(f"Entry {number} is no entry.")
        cve, added = entry.get("cveID"), _day(entry.get("dateAdded"))
        if not (isinstance(cve, str) and _CVE.fullmatch(cve)):
            raise UnusableError(f"Entry {number} names no CVE.")
        if added is None:
            raise UnusableError(f"Entry {number}, {cve}, does not say when it was added.")
        yield cve, added, _day(entry.get("dueDate")), entry.get("knownRansomwareCampaignUse") == "Known"


def _day(text: object) -> date | None:
    """Of `2025-08-25` and of `2025-08-25T17:04:19.9796Z`."""
    try:
        return date.fromisoformat(text[:10]) if isinstance(text, str) else None
    except ValueError:
        return None
