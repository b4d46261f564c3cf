"""parse(): a foreign report as one of ours, with every record accounted for."""

from collections.abc import Iterable, Iterator
from itertools import accumulate

from vallum_engine import VERSION
from vallum_engine.errors import EngineError
from vallum_engine.identity import PUBLIC_KEY, aliases, fingerprint, of_package, of_value, secret_hash
from vallum_engine.model import naming
from vallum_engine.model.evidence import redacted
from vallum_engine.model.finding import AdvisoryRef, Finding, Kind, Location, PackageRef, Remediation
from vallum_engine.model.package import Package
from vallum_engine.model.report import Coverage, Problem, Report, RuleSet, Stats, ordered
from vallum_engine.model.text import printable
from vallum_engine.parsers.catalogue import named, recognised
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.errors import BrokenReport
from vallum_engine.parsers.format import Component, Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.values import made, mutable, replace

WHOLE = "."
"""The path of what is about the whole target."""
MOST_RECORDS = 1_000_000
MOST_TEXT = 20_000
MOST_LISTED = 200
"""Texts in one list of a finding: references, steps, fixed versions."""
MOST_LISTED_TEXT = 60_000
"""Letters of one list: a finding stays a line of the wire, whatever its report holds."""
MOST_LINES = (1 << 31) - 1
_PLACED = "import/1"
_RULE = 120
_TITLE = 300
_PATH = 4_000
_VERSION = 70


@mutable
class _Taken:
    """What the records became. Findings by fingerprint: records of one identity are one finding in several places."""

    found: dict[str, Finding] = made(factory=dict)
    hidden: dict[str, Finding] = made(factory=dict)
    places: dict[str, dict[Location, None]] = made(factory=dict)
    problems: list[Problem] = made(factory=list)
    packages: list[Package] = made(factory=list)
    records: int = 0
    merged: int = 0
    passed: int = 0
    rejected: int = 0

    @property
    def anything(self) -> bool:
        return bool(self.found or self.hidden or self.packages or self.rejected)

    def reject(self, at: str, why: str) -> None:
        self.rejected += 1
        self.problems.append(
            Problem(path=_text(at, _TITLE), what=_text(why, _TITLE), todo="It is not imported; the rest is.")
        )


def parse(data: bytes, *, name: str = "", format_id: str = "", key: bytes = PUBLIC_KEY, whole: bool = True) -> Report:
    """Read a report of another tool.

    The format is recognised by content unless `format_id` names it. `key` (1 to 64 bytes) hashes what stands for a
    secret's value. With `whole` the report is taken for all that the tool has to say about its target, so that what it no
    longer lists has ended; without, its silence says nothing. Records = findings + merged + suppressed + passed +
    rejected, in `stats`; each rejected one is in `errors` with its place and reason. Raises UnknownFormat and BrokenReport.
    """
    document = Document(data, name)
    format_ = named(format_id) if format_id else recognised(document)
    taken = _Taken()
    for record in _records(format_, document):
        _take(taken, format_, record, key)
    if format_id and not taken.anything and not _says_nothing(document, format_):
        raise BrokenReport(f"There is no record of {format_.title} in it: see {format_.docs}, or name another format.")
    return _report(format_, document, taken, whole=whole)


def _says_nothing(document: Document, format_: Format) -> bool:
    """Whether it may be that tool's report of nothing found. Any other file would pass for one: all that was known had ended."""
    value = document.json
    if isinstance(value, dict) and not any(value.values()):
        return True
    return value == [] or document.data.strip() in {b"", b"null"} or format_.recognises(document)


def _records(format_: Format, document: Document) -> Iterator[Record]:
    try:
        for count, record in enumerate(format_.records(document)):
            if count >= MOST_RECORDS:
                raise BrokenReport(f"The report holds more than {MOST_RECORDS:,} records. Split it.")
            yield record
    except EngineError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, OverflowError) as error:
        raise BrokenReport(
            f"This is not as {format_.title} writes its reports ({type(error).__name__}: {_text(str(error), 120)}). "
            f"See {format_.docs}, or save it as SARIF or CycloneDX."
        ) from error


def _take(taken: _Taken, format_: Format, record: Record, key: bytes) -> None:
    if isinstance(record, Package):
        taken.packages.append(record)
        return
    taken.records += 1
    match record:
        case Passed():
            taken.passed += 1
        case Rejected(at=at, why=why):
            taken.reject(at, why)
        case Sighting():
            if not record.rule.strip():
                taken.reject(record.at, "it names no rule and has no title")
                return
            finding = _finding(format_, record, key)
            known = taken.hidden if record.mark is Mark.SUPPRESSED else taken.found
            if finding.fingerprint in known:
                taken.merged += 1
                first = known[finding.fingerprint]
                if finding.severity.rank > first.severity.rank:
                    known[finding.fingerprint] = finding
            else:
                known[finding.fingerprint] = finding
            taken.places.setdefault(finding.fingerprint, {}).update(dict.fromkeys(finding.locations))


def _finding(format_: Format, sighting: Sighting, key: bytes) -> Finding:
    component, ids = sighting.component, tuple(sorted(set(sighting.ids), key=naming.preference))
    # What is known of a vulnerability elsewhere goes by its best id, whoever reports it.
    of_package = sighting.kind in {Kind.VULNERABILITY, Kind.MALWARE} and component is not None
    rule = _text(printable(_text(ids[0] if of_package and ids else sighting.rule, _RULE)), _RULE)
    locations = tuple(_place(place) for place in sighting.locations) or (Location(path=WHOLE),)
    settled = replace(sighting, rule=rule, locations=locations, ids=ids)
    identity, others = _identity(format_, settled, key), _others(settled)
    return Finding(
        kind=sighting.kind,
        ruleset=format_.id,
        rule=rule,
        title=_text(sighting.title, _TITLE) or rule,
        severity=sighting.severity,
        confidence=sighting.confidence,
        message=_text(sighting.message or sighting.title, MOST_TEXT) or rule,
        locations=locations,
        identity=identity,
        fingerprint=fingerprint(identity),
        aliases=aliases(identity, *others),
        content=fingerprint(("content/1", format_.id, rule, *sighting.anchor))
        if identity[0] == _PLACED and any(sighting.anchor)
        else "",
        evidence=redacted(sighting.secret) if sighting.secret else _text(sighting.evidence, 2_000),
        package=sighting.origin.on(_package(component)) if component else None,
        advisories=_advisories(sighting, ids),
        remediation=_remediation(sighting),
        references=_texts(
            (*sighting.references, *(f"https://cwe.mitre.org/data/definitions/{n}.html" for n in sighting.cwes))
        ),
    )


def _identity(format_: Format, sighting: Sighting, key: bytes) -> tuple[str, ...]:
    """A vulnerability of a package: as our own detector names it. A secret: its value. All else: rule, path, anchor."""
    component, path = sighting.component, sighting.locations[0].path
    if sighting.secret:
        return of_value(secret_hash(sighting.secret, key))
    if component and component.name and sighting.kind in {Kind.VULNERABILITY, Kind.MALWARE}:
        name = naming.normalised(component.ecosystem, component.name)
        return of_package(component.ecosystem, name, component.version, sighting.rule)
    about = (component.name, component.version) if component else ()
    return (_PLACED, format_.id, sighting.rule, path, *about, *sighting.anchor)


def _others(sighting: Sighting) -> Iterator[tuple[str, ...]]:
    """Identities under which another tool may report the same vulnerability of the same package."""
    component = sighting.component
    if component and component.name and sighting.kind in {Kind.VULNERABILITY, Kind.MALWARE}:
        name = naming.normalised(component.ecosystem, component.name)
        for other in naming.one_of_a_kind(sighting.ids):
            yield of_package(component.ecosystem, name, component.version, other)


def _package(component: Component) -> PackageRef:
    name, version = _text(component.name, _TITLE), _text(component.version, _TITLE)
    purl = component.purl or naming.purl(component.ecosystem, name, version)
    return PackageRef(purl=_text(purl, 1_000), ecosystem=_text(component.ecosystem, 60), name=name, version=version)


def _advisories(sighting: Sighting, ids: tuple[str, ...]) -> tuple[AdvisoryRef, ...]:
    if not ids and not sighting.cvss:
        return ()
    best, *aliases = ids or (sighting.rule,)
    fixed = sighting.component.fixed if sighting.component else ()
    return (
        AdvisoryRef(
            id=_text(best, _RULE),
            aliases=_texts(aliases),
            url=next(iter(_texts(sighting.references)), ""),
            summary=_text(sighting.title, _TITLE),
            cvss=_text(sighting.cvss, 200),
            fixed=_texts(fixed),
        ),
    )


def _remediation(sighting: Sighting) -> Remediation | None:
    fixed = sighting.component.fixed if sighting.component else ()
    steps = _texts(sighting.steps)
    if not steps and fixed and sighting.component:
        steps = (_text(f"Upgrade {sighting.component.name} to {' or '.join(fixed[:5])}.", 1_000),)
    return Remediation(steps=steps, upgrade_to=_text(fixed[0], 100) if len(fixed) == 1 else "") if steps else None


def _place(place: Location) -> Location:
    path = printable(place.path.replace("\x00", ""))
    # A line that no file has is none that the report knows: the finding stands all the same.
    line, end = (number if 0 < number <= MOST_LINES else 1 for number in (place.line, place.end_line))
    return replace(place, path=path[:_PATH] or WHOLE, line=line, end_line=max(line, end))


def _text(value: str, most: int) -> str:
    """No NUL, no half characters, no more than so many letters; what is cut ends in an ellipsis."""
    plain = value.replace("\x00", "").encode("utf-8", "replace").decode().strip()
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    whole = tuple(dict.fromkeys(text for value in values if (text := _text(value, 2_000))))
    fitting = sum(total <= MOST_LISTED_TEXT for total in accumulate(map(len, whole)))
    if len(whole) <= MOST_LISTED and fitting == len(whole):
        return whole
    shown = min(MOST_LISTED - 1, fitting)
    return (*whole[:shown], f"… and {len(whole) - shown:,} more")


def _report(format_: Format, document: Document, taken: _Taken, *, whole: bool) -> Report:
    version = _text(printable(_text(format_.tool(document), _VERSION)), _VERSION) or "unknown"
    return Report(
        findings=_sorted(taken, taken.found),
        suppressed=_sorted(taken, taken.hidden),
        coverage=Coverage(
            rulesets=(RuleSet(name=format_.id, version=version, rules=None),),
            # A record that could not be read may be a finding of before: its silence proves nothing.
            complete=whole and not taken.rejected,
        ),
        errors=tuple(taken.problems),
        packages=tuple(sorted(taken.packages, key=lambda p: (p.ecosystem, p.name, p.version, p.location))),
        stats=Stats(
            packages=len(taken.packages),
            suppressed=len(taken.hidden),
            records=taken.records,
            merged=taken.merged,
            passed=taken.passed,
            rejected=taken.rejected,
        ),
        engine=VERSION,
        target={"report": format_.id, **({"name": _text(document.name, _TITLE)} if document.name else {})},
    )


def _sorted(taken: _Taken, findings: dict[str, Finding]) -> tuple[Finding, ...]:
    return ordered(replace(f, locations=tuple(sorted(taken.places[f.fingerprint]))) for f in findings.values())
