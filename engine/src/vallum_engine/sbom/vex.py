"""Statements of VEX documents, kept by what they are about, and held against a report.

Of several statements about one package the latest speaks; of equally late ones the one that hides nothing. What a statement
means, and how products and their parts are named: OpenVEX 0.2.0, https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from vallum_engine.errors import BrokenData
from vallum_engine.model.finding import BY_VEX, Finding, Kind
from vallum_engine.model.purls import Asked, Key, asked
from vallum_engine.model.report import Parts, Report
from vallum_engine.model.statement import HIDING, JUSTIFICATIONS, NOT_AFFECTED, STATUSES, Statement
from vallum_engine.model.text import printable
from vallum_engine.values import immutable, replace

MOST_STATEMENTS = 500_000
"""Of all documents together, each as often as it names vulnerabilities and products: some 300 MB of memory."""
MOST_IDS = 100
"""Ids of one vulnerability: a flaw in a whole distribution has twenty."""
MOST_WORDS = 2_000
MOST_NAMED = 3
_MOST_REASON = 200


@immutable
class Source:
    """A document, as a reason names it."""

    name: str
    """Of its file."""
    author: str = ""


@immutable
class About:
    """What a statement speaks of. All empty: the one product that its document is about."""

    package: Asked | None = None
    itself: tuple[str, ...] = ()
    """What it is called: under one of these names it may be all that is scanned."""
    part_of: tuple[str, ...] = ()
    """What the product is called that the package is a part of; empty where any will do."""


@immutable
class Said:
    """A statement as a document makes it, about one thing."""

    at: str
    """Where it stands in the document, for a person."""
    ids: tuple[str, ...]
    """The vulnerability's name, and its others."""
    statement: Statement
    about: About


@immutable
class Unread:
    """What stands in the place of a statement and is none that can be applied."""

    at: str
    why: str


@immutable
class _Held:
    statement: Statement
    source: Source
    names_flaw: bool
    """Whether it names a CVE: then it is not about others of a bulletin that it names too."""

    @property
    def rank(self) -> tuple[str, bool]:
        return self.statement.at, self.statement.status not in HIDING


class Scanned:
    """What is scanned, by the names that a document may give it."""

    def __init__(self, names: Iterable[str]) -> None:
        every = [name for name in names if name]
        self._names = {name.casefold() for name in every}
        self._purls = [found for name in every if (found := asked(name))]

    def is_called(self, names: Iterable[str]) -> bool:
        return any(name.casefold() in self._names or self._is_purl(name) for name in names)

    def _is_purl(self, name: str) -> bool:
        """Where one of the two names no version, it may be any."""
        this = asked(name) if self._purls else None
        return this is not None and any(own.covers(this) or this.covers(own) for own in self._purls)


class Book:
    """All statements that are about what is scanned, in memory that grows with what they are about."""

    def __init__(self, scanned: Iterable[str] = (), *, today: str) -> None:
        """`scanned`: what it is called, package URLs included. `today` (`YYYY-MM-DD`): nothing said later is believed."""
        self._scanned = Scanned(scanned)
        self._today = today
        self._held: dict[tuple[str, Key | None], _Held] = {}
        self._count = 0
        self.unread: list[Unread] = []
        """The first few things that could not be applied."""
        self.unread_count = 0
        self.elsewhere: Counter[str] = Counter()
        """Products that are not scanned, with how many statements about each would have hidden something."""

    def take(self, told: Iterable[Said | Unread], *, name: str, author: str) -> None:
        """Keep what the document of this name says. Raises BrokenData when all of them together say too much."""
        source = Source(name=name, author=author)
        for said in told:
            self._count += len(said.ids) if isinstance(said, Said) else 1
            if self._count > MOST_STATEMENTS:
                raise BrokenData(f"{source.name}: more than {MOST_STATEMENTS:,} statements. Split it.")
            if isinstance(said, Unread):
                self._reject(source, said.at, said.why)
            elif len(said.ids) > MOST_IDS:
                self._reject(source, said.at, f"it names more than {MOST_IDS} vulnerabilities")
            elif said.statement.at[:10] > self._today:
                self._reject(source, said.at, f"it is dated {said.statement.at[:10]}, which is yet to come")
            else:
                self._keep(source, said)

    def _reject(self, source: Source, at: str, why: str) -> None:
        self.unread_count += 1
        if len(self.unread) < MOST_NAMED:
            self.unread.append(Unread(at=f"{source.name}: {at}", why=why))

    def _keep(self, source: Source, said: Said) -> None:
        about, held = said.about, _made(source, said)
        whole = self._scanned.is_called(about.itself) if about.itself else about.package is None
        if not (whole or about.package) or (about.part_of and not self._scanned.is_called(about.part_of)):
            if said.statement.status in HIDING:
                self.elsewhere[(about.part_of or about.itself)[0]] += 1
            return
        for name in said.ids:
            key = about.package.key if about.package and not whole else None
            known = self._held.get((name.casefold(), key))
            if known is None or held.rank > known.rank:
                self._held[name.casefold(), key] = held

    def about(self, finding: Finding) -> tuple[Statement, str] | None:
        """The statement that speaks of a finding, and what it says in words; None where none does."""
        if finding.kind not in {Kind.VULNERABILITY, Kind.MALWARE} or finding.package is None:
            return None
        this = asked(finding.package.purl)
        keys = (*(this.keys if this else ()), None)
        own = {name.casefold() for name in finding.own_names}
        asking = [(name, key) for name in {name.casefold() for name in finding.names} for key in keys]
        held = ((name, self._held.get((name, key))) for name, key in asking)
        found = [each for name, each in held if each and (name in own or not each.names_flaw)]
        if not found:
            return None
        speaks = max(found, key=lambda held: (held.rank, held.source.name, held.statement.words))
        return speaks.statement, _reason(speaks)

    def applied(self, report: Report) -> Report:
        """The report with what is not affected or fixed among the suppressed; what else is said stands with its finding."""
        return report.parted(self._part)

    def _part(self, finding: Finding) -> Parts:
        found = self.about(finding)
        if found is None:
            return finding, None
        statement, reason = found
        told = replace(finding, statement=statement)
        return (None, replace(told, reason=reason)) if statement.status in HIDING else (told, None)


def _made(source: Source, said: Said) -> _Held:
    names_flaw = any(name[:4].casefold() == "cve-" for name in said.ids)
    return _Held(statement=said.statement, source=source, names_flaw=names_flaw)


def _reason(held: _Held) -> str:
    statement, source = held.statement, held.source
    why = JUSTIFICATIONS.get(statement.justification, "")
    told = ", ".join(text for text in (statement.status.replace("_", " "), why) if text)
    words = f": {_short(statement.words)}" if statement.words else ""
    who = ", ".join(text for text in (_short(source.author), source.name, statement.at[:10]) if text)
    return f"{BY_VEX} {told}{words} ({who})"


def _short(text: str) -> str:
    line = printable(" ".join(text.split()))
    return line if len(line) <= _MOST_REASON else line[: _MOST_REASON - 1] + "…"


def stated(status: str, *, justification: str = "", words: Sequence[str] = (), at: str = "") -> Statement | str:
    """A statement of what a document gives; or why it is none, in words."""
    if status not in STATUSES:
        return f"“{printable(status[:60])}” is no status of VEX"
    if justification and justification not in JUSTIFICATIONS:
        return f"“{printable(justification[:60])}” is no justification of VEX"
    said = printable(" ".join(" ".join(dict.fromkeys(words)).split())[:MOST_WORDS])
    if status == NOT_AFFECTED and not justification and not said:
        return "it says that a product is not affected, and not why"
    try:
        moment = moment_of(at)
    except ValueError:
        return f"“{printable(at[:60])}” is no time (RFC 3339)"
    return Statement(
        status=status, justification=justification if status == NOT_AFFECTED else "", words=said, at=moment
    )


@lru_cache(1024)
def moment_of(text: str) -> str:
    """A time in UTC, the same text for the same moment; empty for none. Raises ValueError for what is no time."""
    if not text:
        return ""
    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error
    return found.isoformat().removesuffix("+00:00") + "Z"
