"""The advisory of the npm registry's audit service, as npm 6, pnpm and Yarn pass it on."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Confidence, Kind
from vallum_engine.parsers.format import Component, Record, Rejected, Sighting
from vallum_engine.parsers.words import cwes, dug, first_line, listed, severity, texts, vector

_PATCHED = re.compile(r">=?\s*([0-9][^\s|<>,]*)")
_GHSA = re.compile(r"GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}")
_URL = re.compile(r"https?://[^\s)\]>]+")
_MOST_PATHS = 20


def ghsa(*values: object) -> tuple[str, ...]:
    """The ids of GitHub's advisories that stand in texts."""
    return tuple(dict.fromkeys(match[0] for value in values for match in _GHSA.finditer(str(value or ""))))


def urls(text: object) -> tuple[str, ...]:
    """The addresses in a list written as Markdown."""
    return tuple(dict.fromkeys(match[0] for match in _URL.finditer(str(text or ""))))


def fixed(patched: object) -> tuple[str, ...]:
    """The first good versions of a range of good versions: `>=3.0.8 <4.0.0 || >=4.5.3`."""
    return tuple(dict.fromkeys(match[1] for match in _PATCHED.finditer(str(patched or ""))))


def advisory(at: str, item: Mapping[str, Any]) -> Iterator[Record]:
    """One record for each installed copy that it hits: two versions of a package are two packages."""
    found = [finding for finding in listed(item.get("findings")) if isinstance(finding, dict)]
    if not item.get("module_name") or not (item.get("title") or item.get("id")):
        yield Rejected(at=at, why="it names no package or no advisory")
        return
    for index, finding in enumerate(found or [{}]):
        yield sighting(f"{at}.findings[{index}]" if found else at, item, finding.get("version"), finding.get("paths"))


def sighting(at: str, item: Mapping[str, Any], version: object, paths: object) -> Record:
    name, title = str(item.get("module_name") or ""), first_line(item.get("title"))
    ids = (*texts(item.get("cves")), *texts(item.get("github_advisory_id")), *ghsa(item.get("url")))
    if not name or not (ids or item.get("id") or title):
        return Rejected(at=at, why="it names no package or no advisory")
    asked = texts(paths)
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=next(iter(ids), "") or str(item.get("id") or title),
        title=f"{name}: {title}" if title else name,
        severity=severity(item.get("severity")),
        confidence=Confidence.HIGH,
        message=str(item.get("overview") or title or name),
        component=Component(
            ecosystem="npm", name=name, version=str(version or ""), fixed=fixed(item.get("patched_versions"))
        ),
        ids=ids,
        cwes=cwes(item.get("cwe")),
        cvss=vector(dug(item, "cvss", "vectorString")),
        evidence="\n".join(asked[:_MOST_PATHS]),
        steps=texts(item.get("recommendation")),
        references=(*texts(item.get("url")), *urls(item.get("references"))),
    )
