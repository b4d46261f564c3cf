"""WPScan's JSON report: what WordPress, its themes and plugins are known for, and what the site gives away."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Component, Format, Record, Rejected, Sighting
from vallum_engine.parsers.network import at_address
from vallum_engine.parsers.records import each
from vallum_engine.parsers.words import dug, first_line, listed, number, of_score, texts, vector

_SURE = 80
# Databases beside the CVE list, by the address of an entry.
_SOURCES = {
    "wpvulndb": "https://wpscan.com/vulnerability/{}",
    "exploitdb": "https://www.exploit-db.com/exploits/{}",
    "url": "{}",
}


def recognises(document: Document) -> bool:
    value = document.json
    if not isinstance(value, dict):
        return False
    return (
        "WPScan" in str(dug(value, "banner", "description")) or {"interesting_findings", "main_theme"} <= value.keys()
    )


def records(document: Document) -> Iterator[Record]:
    report = document.json
    yield from each(report.get("interesting_findings"), "interesting_findings", _interesting)
    for at, name, version, known, place in _components(report):
        make = partial(_vulnerability, name=name, version=version, place=place)
        yield from each(known.get("vulnerabilities"), f"{at}.vulnerabilities", make)
    for kind in ("config_backups", "db_exports"):
        exposed = report.get(kind)
        for url in exposed if isinstance(exposed, dict) else ():
            yield _exposed(f"{kind}.{url}", kind, url)
    if report.get("scan_aborted"):
        yield Rejected(at="scan_aborted", why=f"the scan broke off: {report['scan_aborted']}")


def _components(report: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Mapping[str, Any], Any]]:
    """Where it stands, name, version, what is said of it, and its address."""
    site = report.get("effective_url") or report.get("target_url")
    wordpress = report.get("version")
    if isinstance(wordpress, dict):
        yield "version", "wordpress", str(wordpress.get("number") or ""), wordpress, site
    theme = report.get("main_theme")
    themes = {str(theme.get("slug") or ""): theme} if isinstance(theme, dict) else {}
    for kind, known in (("main_theme", themes), ("themes", report.get("themes")), ("plugins", report.get("plugins"))):
        for slug, said in known.items() if isinstance(known, dict) else ():
            if isinstance(said, dict) and not (kind == "themes" and slug in themes):
                # A theme and a plugin may have one name.
                name = f"{'plugins' if kind == 'plugins' else 'themes'}/{slug}"
                version = str(dug(said, "version", "number") or "")
                yield f"{kind}.{slug}", name, version, said, said.get("location") or site


def _vulnerability(at: str, item: Mapping[str, Any], *, name: str, version: str, place: Any) -> Record:
    title = str(item.get("title") or "")
    links = item.get("references")
    references = links if isinstance(links, dict) else {}
    cves = [f"CVE-{str(cve).upper().removeprefix('CVE-')}" for cve in listed(references.get("cve"))]
    others = [f"WPVDB-{entry}" for entry in listed(references.get("wpvulndb"))]
    if not title and not cves:
        return Rejected(at=at, why="it has no title and no CVE")
    score = dug(item, "cvss", "score")
    return Sighting(
        at=at,
        kind=Kind.VULNERABILITY,
        rule=next(iter((*cves, *others)), title),
        title=title or cves[0],
        # Without a licence for scores nothing is rated: unknown is not harmless.
        severity=of_score(score, Severity.MEDIUM) if score else Severity.MEDIUM,
        # Of a component whose version it could not tell WPScan lists all that was ever known.
        confidence=Confidence.HIGH if version else Confidence.LOW,
        message=str(item.get("description") or title),
        locations=at_address(place),
        component=Component(ecosystem="WordPress", name=name, version=version, fixed=texts(item.get("fixed_in"))),
        ids=(*cves, *others),
        cvss=vector(dug(item, "cvss", "vector")),
        references=tuple(
            pattern.format(entry) for key, pattern in _SOURCES.items() for entry in texts(references.get(key))
        ),
    )


def _interesting(at: str, item: Mapping[str, Any]) -> Record:
    rule = str(item.get("type") or "")
    if not rule:
        return Rejected(at=at, why="it has no type")
    links = item.get("references")
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=rule,
        title=f"Interesting finding: {first_line(item.get('to_s') or rule)}",
        severity=Severity.INFO,
        confidence=Confidence.HIGH if number(item.get("confidence")) >= _SURE else Confidence.MEDIUM,
        message=f"{item.get('to_s') or rule} (found by {item.get('found_by') or 'WPScan'})",
        locations=at_address(item.get("url")),
        evidence=first_line("; ".join(texts(item.get("interesting_entries")))),
        references=texts(links.get("url")) if isinstance(links, dict) else (),
    )


def _exposed(at: str, kind: str, url: str) -> Sighting:
    """A copy of the configuration or of the database that anybody can fetch."""
    what = "configuration" if kind == "config_backups" else "database"
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=kind,
        title=f"A copy of the {what} can be fetched",
        severity=Severity.HIGH,
        message=f"A copy of the {what} lies where anybody can fetch it.",
        locations=at_address(url),
    )


def tool(document: Document) -> str:
    return str(dug(document.json, "banner", "version") or "")


FORMAT = Format(
    id="wpscan",
    title="WPScan",
    docs="https://github.com/wpscanteam/wpscan/wiki/WPScan-User-Documentation",
    recognises=recognises,
    records=records,
    tool=tool,
)
