"""What is set aside of a report: by ignores, of what is scanned or of a file that is given, and by VEX documents."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from vallum.advisories import moments
from vallum.cli.options import Options, Part
from vallum.errors import Misuse
from vallum.progress import Progress
from vallum_engine import ignores
from vallum_engine.errors import BrokenData, EngineError
from vallum_engine.ignores import Ignores
from vallum_engine.model.file import File
from vallum_engine.model.report import Problem, Report
from vallum_engine.model.text import printable
from vallum_engine.pipeline import Item
from vallum_engine.plugins import load
from vallum_engine.sbom.vex import Book
from vallum_engine.values import replace

_MOST_SHOWN = 200
_CODE_HOSTS = {"github.com": "github", "gitlab.com": "gitlab", "bitbucket.org": "bitbucket"}
"""Whose repositories have package URLs of a type of their own."""


class Aside:
    """Reads what is given before the work, and meets the scanned tree's own file during it."""

    def __init__(self, asked: Options, target: Mapping[str, str]) -> None:
        """`target` says what is scanned. Raises Misuse where a file that is given cannot be used."""
        self._asked = asked
        self._today = moments.now()[:10]
        self._given = _given(asked.ignores) if asked.ignores else None
        self._own: File | None = None
        names = (*asked.products, asked.delivery.asset, *_names(target))
        self._vex = _statements(asked.vex, Book(names, today=self._today)) if asked.vex else None

    def watching(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items as they come, of which the file of ignores at the top is kept."""
        for item in items:
            if isinstance(item, File) and item.path == ignores.PATH and not item.lower:
                self._own = item
            yield item

    def applied(self, report: Report, shown: Progress) -> Report:
        """The report with what is hidden among the suppressed. An ignore speaks before a document."""
        report = self._ignored(report, shown)
        if self._vex is None:
            return report
        _tell(self._vex, shown)
        return self._vex.applied(report)

    def _ignored(self, report: Report, shown: Progress) -> Report:
        try:
            held = self._ignores()
        except BrokenData as error:
            if not self._asked.honour_ignores:
                return report  # it would have hidden nothing
            problem = Problem(path=ignores.PATH, what=str(error))
            return replace(report, errors=tuple(sorted((*report.errors, problem))))
        if held is None:
            return report
        told = ignores.applied(report, held, today=self._today)
        if told.unused and self._asked.honour_ignores and self._speaks_for_all(report):
            what = (
                "matches nothing any more: take it out"
                if len(told.unused) == 1
                else "match nothing any more: take them out"
            )
            shown.tell(f"{held.name}: {ignores.lines(told.unused)} {what}.")
        return told.report

    def _ignores(self) -> Ignores | None:
        if self._given or self._own is None:
            return self._given
        held = ignores.read(self._own.data, ignores.PATH)
        # What has ended hides nothing, and whoever looks behind all that hides is told of it all the same.
        return held if self._asked.honour_ignores else ignores.ended(held, today=self._today)

    def _speaks_for_all(self, report: Report) -> bool:
        """Whether what was not found is not there: not where a part was looked at, or not all of it."""
        return self._asked.part is Part.ALL and "packages" in self._asked.only and not report.incomplete


def _given(name: str) -> Ignores:
    try:
        return ignores.read(Path(name).read_bytes(), name)
    except OSError as error:
        raise Misuse(f"--ignores {name} cannot be read ({error.strerror}).") from error
    except BrokenData as error:
        raise Misuse(f"--ignores {name}, {error}") from error


def _names(target: Mapping[str, str]) -> Iterator[str]:
    """What a document may call what is scanned."""
    yield from (target.get(key, "") for key in ("name", "image", "digest", "url"))
    address = urlsplit(target.get("url", ""))
    if type_ := _CODE_HOSTS.get(address.hostname or ""):
        yield f"pkg:{type_}/{address.path.strip('/').removesuffix('.git')}"


def _statements(names: Iterable[str], book: Book) -> Book:
    take = load("vallum_engine.parsers.statements:take")
    for name in names:
        try:
            take(Path(name).read_bytes(), Path(name).name, book)
        except OSError as error:
            raise Misuse(f"--vex {name} cannot be read ({error.strerror}).") from error
        except EngineError as error:
            raise Misuse(f"--vex {name}: {error}") from error
    return book


def _tell(book: Book, shown: Progress) -> None:
    """What of the documents came to nothing, and why."""
    if book.unread_count:
        first, one = book.unread[0], book.unread_count == 1
        what = "statement is" if one else "statements are"
        shown.tell(printable(f"{book.unread_count:,} {what} not applied. {first.at[:_MOST_SHOWN]}: {first.why}."))
    if book.elsewhere:
        total, product = book.elsewhere.total(), book.elsewhere.most_common(1)[0][0][:_MOST_SHOWN]
        what = "statement is" if total == 1 else "statements are"
        about = f"{total:,} {what} about another product than is known to be scanned here"
        shown.tell(printable(f"{about}, such as {product}: add --product {product} if it is this one."))
