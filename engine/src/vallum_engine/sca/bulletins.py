"""What distributions' records say beyond what all OSV records do: which flaws a bulletin mends, in which module, and what never will be.

Fields as the publishers fill them: Debian's `urgency` (https://security-team.debian.org/security_tracker.html), Ubuntu's and
Red Hat's states, and the summaries of AlmaLinux and Rocky Linux, which begin with Red Hat's severity and name a module's stream.
"""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from vallum_engine.model.distributions import FAMILIES, family
from vallum_engine.sca.lookup import ANY_STREAM

MOST_FLAWS = 500
"""A kernel's bulletin names two hundred."""

_STREAM = re.compile(r"(?:^|\s)([a-z0-9][\w.+-]*:[\w.-]+)(?=[\s,]|$)", re.ASCII)
_CVE = re.compile(r"CVE-\d{4}-\d{4,}", re.ASCII)
_KEYS = ("urgency", "status", "state", "fix_status", "fix_state", "nodsa_reason")


class Standing(StrEnum):
    """What a distribution says about a flaw that it has not mended."""

    UNSAID = ""
    WILL_NOT_FIX = "will not be fixed"
    MINOR = "minor: mended with the next point release, if at all"
    DEFERRED = "the fix is deferred"
    NO_PROBLEM = "no security problem there"
    ENDED = "support has ended"
    INVESTIGATED = "under investigation"


_WORDS: Mapping[str, Standing] = {
    "will not fix": Standing.WILL_NOT_FIX,
    "wont fix": Standing.WILL_NOT_FIX,
    "won't fix": Standing.WILL_NOT_FIX,
    "ignored": Standing.WILL_NOT_FIX,
    "no dsa": Standing.MINOR,
    "nodsa": Standing.MINOR,
    "deferred": Standing.DEFERRED,
    "fix deferred": Standing.DEFERRED,
    "postponed": Standing.DEFERRED,
    "unimportant": Standing.NO_PROBLEM,
    "negligible": Standing.NO_PROBLEM,
    "end of life": Standing.ENDED,
    "out of support scope": Standing.ENDED,
    "under investigation": Standing.INVESTIGATED,
    "needs triage": Standing.INVESTIGATED,
}


def flaws(ecosystem: str, record: Mapping[str, Any]) -> tuple[str, ...]:
    """The vulnerabilities that a distribution's record speaks of, when it is a bulletin about them and not one itself.

    `upstream` says so; records from before that field name them as `related`. Empty: the record is its own flaw.
    """
    if family(ecosystem) not in FAMILIES:
        return ()
    for key in ("upstream", "related"):
        told = record.get(key)
        found = [str(item) for item in told if _CVE.fullmatch(str(item))] if isinstance(told, list) else []
        if found:
            return tuple(sorted(dict.fromkeys(found))[:MOST_FLAWS])
    return ()


def stream(record: Mapping[str, Any], affected: Mapping[str, Any]) -> str:
    """The module and stream (`nodejs:18`) that the fixed versions are of; empty for packages of no module.

    A version of one stream says nothing about another stream's, and they are all called alike.
    """
    if not any(".module" in version for version in _fixed(affected)):
        return ""
    found = _STREAM.search(str(record.get("summary") or ""))
    return found[1] if found else ANY_STREAM


def standing(record: Mapping[str, Any], affected: Mapping[str, Any]) -> Standing:
    """What is said of this package in this release, or of the flaw as a whole."""
    for place in (affected, record):
        for name in ("ecosystem_specific", "database_specific"):
            told = place.get(name)
            if not isinstance(told, dict):
                continue
            if told.get("nodsa"):
                return _word(told.get("nodsa_reason")) or Standing.MINOR
            found = next(filter(None, (_word(told.get(key)) for key in _KEYS)), Standing.UNSAID)
            if found:
                return found
    return Standing.UNSAID


def _word(value: object) -> Standing:
    plain = re.sub(r"[-_\s]+", " ", str(value or "").lower()).strip(" *")
    return _WORDS.get(plain, Standing.UNSAID)


def _fixed(affected: Mapping[str, Any]) -> Iterator[str]:
    ranges = affected.get("ranges")
    for found in ranges if isinstance(ranges, list) else ():
        events = found.get("events") if isinstance(found, dict) else ()
        for event in events if isinstance(events, list) else ():
            if isinstance(event, dict) and isinstance(event.get("fixed"), str):
                yield event["fixed"]
