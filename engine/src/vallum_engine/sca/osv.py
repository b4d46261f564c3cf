"""OSV records as values: what is affected, as spans of sortable keys, and how bad it is."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from vallum_engine.model import cvss, cvss4
from vallum_engine.model.finding import Kind, Severity
from vallum_engine.sca.spans import BEGINNING, UNREADABLE, Span, raw_key
from vallum_engine.sca.versions import Key
from vallum_engine.values import immutable

MAX_SUMMARY = 200
_EMBEDDED_MALICIOUS_CODE = "CWE-506"
_LABELS = {
    "CRITICAL": Severity.CRITICAL,
    "HIGH": Severity.HIGH,
    "IMPORTANT": Severity.HIGH,
    "MODERATE": Severity.MEDIUM,
    "MEDIUM": Severity.MEDIUM,
    "LOW": Severity.LOW,
    "NEGLIGIBLE": Severity.LOW,
    "NONE": Severity.INFO,
    "UNIMPORTANT": Severity.LOW,
}
_BULLETINS = ("ALBA-", "ALEA-", "ALSA-", "RLBA-", "RLEA-", "RLSA-", "RXSA-")
_INFORMATIONAL = {"unmaintained": Severity.INFO, "notice": Severity.INFO, "unsound": Severity.LOW}


@immutable
class Rated:
    """How bad, whether the record says so itself, and by which vector."""

    severity: Severity
    known: bool
    vector: str


@immutable
class Reading:
    """The spans of one `affected` entry, and how much of it could not be read."""

    spans: tuple[Span, ...]
    git_only: bool
    unreadable: int


def read_affected(affected: Mapping[str, Any], key: Key) -> Reading:
    """Turn ranges and listed versions into spans that mean what the OSV evaluation algorithm says."""
    ranges = [r for r in _list(affected.get("ranges")) if isinstance(r, dict)]
    ordered = [r for r in ranges if r.get("type") in ("SEMVER", "ECOSYSTEM")]
    spans: list[Span] = []
    unreadable = 0
    for found in ordered:
        read = _range(_list(found.get("events")), key)
        if read is None:
            unreadable += 1
        else:
            spans += read
    points: dict[bytes, None] = {}
    for version in _list(affected.get("versions")):
        at = key(str(version)) or raw_key(str(version))
        if not any(span.holds(at) for span in spans):
            points[at] = None
    spans += [Span(at, at, True, "") for at in points]  # noqa: FBT003 - a row, written as one
    git_only = bool(ranges) and not ordered and not points
    return Reading(spans=tuple(dict.fromkeys(spans)), git_only=git_only, unreadable=unreadable)


def _range(events: Sequence[Any], key: Key) -> list[Span] | None:
    """The spans of one range; None when a bound cannot be read, because half a range would be a guess."""
    steps: list[tuple[bytes, str, str]] = []
    limits: list[bytes] = []
    for event in events:
        for name, version in event.items() if isinstance(event, dict) else ():
            at = BEGINNING if name == "introduced" and version == "0" else key(str(version))
            if name == "limit":
                if version != "*" and at is None:
                    return None
                limits.append(UNREADABLE if at is None else at)
            elif name in ("introduced", "fixed", "last_affected"):
                if at is None:
                    return None
                steps.append((at, name, str(version)))
    return [span for span in map(_limited(limits), _spans(sorted(steps, key=lambda step: step[0]))) if span]


def _spans(steps: Sequence[tuple[bytes, str, str]]) -> Iterator[Span]:
    """The sort above is stable: at one version, the order in the record decides."""
    low: bytes | None = None
    for at, name, version in steps:
        if name == "introduced":
            low = at if low is None else low
        elif low is not None:
            closed = name == "last_affected"
            if at > low or closed:
                yield Span(low, at, closed, "" if closed else version)
            low = None
    if low is not None:
        yield Span(low, None, False, "")  # noqa: FBT003 - a row, written as one


class _limited:  # noqa: N801 - reads as the function it stands for
    """Cut a span off at the highest limit; nothing is left of one that begins there."""

    def __init__(self, limits: Sequence[bytes]) -> None:
        self.limit = max(limits) if limits else None

    def __call__(self, span: Span) -> Span | None:
        if self.limit is None or self.limit == UNREADABLE or (span.high is not None and span.high < self.limit):
            return span
        return Span(span.low, self.limit, False, "") if span.low < self.limit else None  # noqa: FBT003 - a row


def rate(record: Mapping[str, Any]) -> Rated:
    """The highest score of its vectors, else the database's word, else RustSec's kinds, else medium as a guess."""
    entries = [a for a in _list(record.get("affected")) if isinstance(a, dict)]
    vectors = [*_vectors(record), *chain.from_iterable(map(_vectors, entries))]
    scored = [(score, vector) for vector in vectors if (score := _score(vector)) is not None]
    if scored:
        score, vector = max(scored)
        return Rated(severity=cvss.rating(score), known=True, vector=vector)
    vector = vectors[0] if vectors else ""
    own = [_mapping(place.get("database_specific")) for place in (record, *entries)]
    own += [{"severity": _own_word(record, entries)}]
    for place in own:
        if label := _LABELS.get(str(place.get("severity", "")).upper()):
            return Rated(severity=label, known=True, vector=vector)
    for place in own:
        if informational := _INFORMATIONAL.get(str(place.get("informational", ""))):
            return Rated(severity=informational, known=True, vector=vector)
    return Rated(severity=Severity.MEDIUM, known=False, vector=vector)


def _own_word(record: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> str:
    """A distribution's: before the summary's colon (`Important: kernel security update`), as Ubuntu's priority, as Debian's urgency."""
    if str(record.get("id", "")).startswith(_BULLETINS):
        return str(record.get("summary") or "").partition(":")[0]
    typed = [s.get("score") for s in _list(record.get("severity")) if isinstance(s, dict) and s.get("type") == "Ubuntu"]
    specific = [_mapping(entry.get("ecosystem_specific")) for entry in entries]
    told = [*typed, *(s.get(key) for s in specific for key in ("ubuntu_priority", "urgency"))]
    words = [word for word in (str(value or "").strip("* ").upper() for value in told) if word in _LABELS]
    return max(words, key=lambda word: _LABELS[word].rank, default="")


def kind(record: Mapping[str, Any]) -> Kind:
    """Records about packages made to harm are malware: OSV's `MAL-` ids, and CWE-506 where a database says it."""
    cwes = _list(_mapping(record.get("database_specific")).get("cwe_ids"))
    is_malware = str(record.get("id", "")).startswith("MAL-") or _EMBEDDED_MALICIOUS_CODE in cwes
    return Kind.MALWARE if is_malware else Kind.VULNERABILITY


def summary(record: Mapping[str, Any]) -> str:
    """One line: the summary, else the first line of the details, cut at a word."""
    text = str(record.get("summary") or record.get("details") or "").strip().partition("\n")[0].strip(" #")
    if len(text) <= MAX_SUMMARY:
        return text
    return text[:MAX_SUMMARY].rpartition(" ")[0].rstrip(" ,;:") + " …"


def url(record: Mapping[str, Any]) -> str:
    """Where a person reads on."""
    identifier = str(record["id"])
    if identifier.startswith("GHSA-"):
        return f"https://github.com/advisories/{identifier}"
    if identifier.startswith("RUSTSEC-"):
        return f"https://rustsec.org/advisories/{identifier}.html"
    if identifier.startswith("CVE-"):
        return f"https://nvd.nist.gov/vuln/detail/{identifier}"
    if identifier.startswith(("GO-", "PYSEC-", "MAL-")):
        return f"https://osv.dev/vulnerability/{identifier}"
    references = [r for r in _list(record.get("references")) if isinstance(r, dict)]
    told = [str(r.get("url", "")) for r in references if r.get("type") == "ADVISORY"]
    return next(filter(None, [*told, *(str(r.get("url", "")) for r in references)]), "")


def _score(vector: str) -> float | None:
    found = cvss.base_score(vector)
    return cvss4.base_score(vector) if found is None else found


def _vectors(place: Mapping[str, Any]) -> list[str]:
    found = [s for s in _list(place.get("severity")) if isinstance(s, dict)]
    return [str(s.get("score", "")) for s in found if str(s.get("type", "")) in ("CVSS_V3", "CVSS_V4")]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
