"""A file of ignores: which advisories a project does not act on, why, and until when.

    [[ignore]]
    id = "CVE-2021-23337"       # or any other id of it
    package = "lodash"          # optional: a name, or a package URL with or without a version
    path = "tools/"             # optional: as in .gitignore
    reason = "only our build runs it, on files of our own"
    until = 2027-01-31          # the last day on which it holds
    by = "alice@example.org"    # optional
    justification = "vulnerable_code_not_in_execute_path"   # optional: a reason of VEX

Who accepts a risk says until when. Only what has a `justification`, which says that there is no risk, may be without an end.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.finding import IGNORED, Finding, Location, PackageRef
from vallum_engine.model.naming import normalised
from vallum_engine.model.purls import Asked, asked
from vallum_engine.model.report import Parts, Report
from vallum_engine.model.statement import AFFECTED, JUSTIFICATIONS, NOT_AFFECTED, Statement
from vallum_engine.model.text import printable
from vallum_engine.sca.lockfiles.entry import broken
from vallum_engine.sca.lockfiles.located_toml import document, tables
from vallum_engine.sources.ignores import ADVISORIES, below, parse
from vallum_engine.values import immutable, replace

PATH = ADVISORIES
"""Where it lies in what is scanned."""
MOST_BYTES = 1 << 20
MOST_ENTRIES = 2_000
MOST_OF_ONE = 100
"""Entries for one id: each is held against every place of its findings, of which a hostile tree has a hundred thousand."""
_MOST_TEXT = 500
_TODO = "Until it is mended, nothing of this file is hidden."
_TEXTS = ("id", "package", "path", "reason", "by", "justification")
_KEYS = (*_TEXTS, "until")
_SETS = "packages"


@immutable
class Ignore:
    """One entry of the file."""

    line: int
    id: str
    """Of the advisory, in small letters."""
    reason: str
    package: str = ""
    purl: Asked | None = None
    """The package, where it is given as a package URL."""
    path: Callable[[bytes], str] | None = None
    until: str = ""
    """The last day on which it holds (`YYYY-MM-DD`); empty: it has no end."""
    by: str = ""
    justification: str = ""

    @property
    def statement(self) -> Statement:
        """In the words of VEX: who accepts a risk does not say that there is none."""
        if self.justification:
            return Statement(status=NOT_AFFECTED, justification=self.justification, words=self.reason)
        return Statement(status=AFFECTED, words=f"{self.reason} (accepted until {self.until})")

    def covers(self, finding: Finding, place: Location) -> bool:
        if self.path and not self.path(place.path.encode("utf-8", "surrogateescape")):
            return False
        return not self.package or (finding.package is not None and self.is_about(finding.package))

    def is_about(self, package: PackageRef) -> bool:
        if not self.purl:
            return normalised(package.ecosystem, package.name) == normalised(package.ecosystem, self.package)
        this = asked(package.purl)
        return this is not None and self.purl.covers(this)


@immutable
class Ignores:
    """A file of them, as it was read."""

    name: str
    entries: tuple[Ignore, ...]


@immutable
class Outcome:
    """A report after a file of ignores was held against it."""

    report: Report
    unused: tuple[Ignore, ...]
    """Entries that nothing matched."""


def read(data: bytes, name: str) -> Ignores:
    """The entries of a file. Raises BrokenData, with the line, when it is damaged, says too little, or what it says is unknown."""
    if len(data) > MOST_BYTES:
        raise broken(1, f"{len(data):,} bytes are more than the limit of {MOST_BYTES:,}", _TODO)
    held, text = document(File(name, data), _TODO)
    _only_entries(held)
    found = list(tables(held, text, "ignore"))
    if len(found) > MOST_ENTRIES:
        raise broken(found[MOST_ENTRIES][1], f"more than {MOST_ENTRIES:,} entries", _TODO)
    entries = tuple(_entry(entry, line) for entry, line in found)
    for identifier, count in Counter(entry.id for entry in entries).items():
        if count > MOST_OF_ONE:
            last = next(entry.line for entry in reversed(entries) if entry.id == identifier)
            raise broken(last, f"more than {MOST_OF_ONE} entries for “{identifier}”: give a folder above", _TODO)
    return Ignores(name=name, entries=entries)


def _only_entries(held: Mapping[str, Any]) -> None:
    other = next((key for key in held if key != "ignore"), None)
    if other is not None:
        raise broken(1, f"`{printable(other)[:60]}` is not known: it holds `[[ignore]]` and nothing else", _TODO)
    entries = held.get("ignore", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise broken(1, "`ignore` is no list of tables: begin each entry with `[[ignore]]`", _TODO)


def _entry(entry: Mapping[str, Any], line: int) -> Ignore:
    unknown = next((key for key in entry if key not in _KEYS), None)
    if unknown is not None:
        raise broken(line, f"`{printable(unknown)[:60]}` is not known here: an entry has {', '.join(_KEYS)}", _TODO)
    said = {key: _text(entry, key, line) for key in _TEXTS}
    for key in ("id", "reason"):
        if not said[key]:
            raise broken(line, f"an entry without `{key}`", _TODO)
    justification, until = said["justification"], _until(entry, line)
    if justification and justification not in JUSTIFICATIONS:
        raise broken(
            line, f"“{justification}” is no justification of VEX: there are {', '.join(JUSTIFICATIONS)}", _TODO
        )
    if not justification and not until:
        what = "an entry needs `until`, the last day on which it holds; only one with a `justification` of VEX may be without"
        raise broken(line, what, _TODO)
    return Ignore(
        line=line,
        id=said["id"].casefold(),
        reason=said["reason"],
        package=said["package"],
        purl=_purl(said["package"], line),
        path=_path(said["path"], line),
        until=until,
        by=said["by"],
        justification=justification,
    )


def _text(entry: Mapping[str, Any], key: str, line: int) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        raise broken(line, f"`{key}` is no text of at most {_MOST_TEXT} letters", _TODO)
    return printable(" ".join(value.split()))


def _until(entry: Mapping[str, Any], line: int) -> str:
    value = entry.get("until")
    if value is None:
        return ""
    if isinstance(value, datetime) or not isinstance(value, date):
        raise broken(line, "`until` is no date: write it as 2027-01-31, without quotes", _TODO)
    return value.isoformat()


def _purl(package: str, line: int) -> Asked | None:
    if not package.startswith("pkg:"):
        return None
    found = asked(package)
    if found is None:
        raise broken(line, f"“{package[:100]}” is no package URL", _TODO)
    return found


def _path(pattern: str, line: int) -> Callable[[bytes], str] | None:
    if not pattern:
        return None
    lines = parse(pattern.encode("utf-8", "surrogateescape"))
    if not lines or lines[0].negated:
        raise broken(line, f"“{pattern[:100]}” is no pattern of a path as .gitignore has them", _TODO)
    return below(pattern.encode("utf-8", "surrogateescape"), PATH)


def applied(report: Report, ignores: Ignores, *, today: str) -> Outcome:
    """The report with what the file hides among the suppressed. `today` (`YYYY-MM-DD`) says which entries have ended.

    A place at a time: what is ignored in one folder still shows in another.
    """
    by_id: dict[str, list[Ignore]] = {}
    for entry in ignores.entries:
        by_id.setdefault(entry.id, []).append(entry)
    used: set[Ignore] = set()

    def part(finding: Finding) -> Parts:
        asking = _asking(finding, by_id)
        if not asking:
            return finding, None
        places = [(place, [entry for entry in asking if entry.covers(finding, place)]) for place in finding.locations]
        used.update(entry for _, covering in places for entry in covering)
        return _parted(finding, places, ignores.name, today)

    told = report.parted(part)
    return Outcome(report=told, unused=tuple(entry for entry in ignores.entries if entry not in used))


def ended(ignores: Ignores, *, today: str) -> Ignores:
    """Only the entries that hide nothing any more. `today` is `YYYY-MM-DD`."""
    return replace(ignores, entries=tuple(each for each in ignores.entries if each.until and each.until < today))


def _asking(finding: Finding, by_id: Mapping[str, Sequence[Ignore]]) -> list[Ignore]:
    if not finding.ruleset.startswith(_SETS):
        return []
    found = (entry for name in {name.casefold() for name in finding.names} for entry in by_id.get(name, ()))
    return sorted(found, key=lambda entry: entry.line)


def _parted(finding: Finding, places: Sequence[tuple[Location, Sequence[Ignore]]], name: str, today: str) -> Parts:
    """What is shown and what is hidden. Of several entries the first that still holds speaks."""
    hiding: dict[Location, Ignore] = {}
    ended: list[Ignore] = []
    for place, covering in places:
        holding = next((entry for entry in covering if not entry.until or entry.until >= today), None)
        if holding:
            hiding[place] = holding
        else:
            ended += covering
    shown = finding
    if ended:
        last = max(ended, key=lambda entry: (entry.until, -entry.line))
        shown = replace(shown, lapsed=f"The ignore of {name}:{last.line} ended on {last.until}: {last.reason}")
    if not hiding:
        return shown, None
    speaks = next(iter(hiding.values()))
    hidden = replace(finding, locations=tuple(hiding), reason=_reason(speaks, name), statement=speaks.statement)
    rest = tuple(place for place in finding.locations if place not in hiding)
    return (replace(shown, locations=rest) if rest else None), hidden


def _reason(entry: Ignore, name: str) -> str:
    until = f" until {entry.until}" if entry.until else ""
    who = f" ({entry.by})" if entry.by else ""
    return f"{IGNORED} {name}:{entry.line}{until}{who}: {entry.reason}"


def lines(unused: Sequence[Ignore], *, most: int = 5) -> str:
    """The lines of entries in words: `lines 4, 9 and 12 more`."""
    named = ", ".join(str(entry.line) for entry in unused[:most])
    more = f" and {len(unused) - most:,} more" if len(unused) > most else ""
    return f"line{'' if len(unused) == 1 else 's'} {named}{more}"
