"""What is set aside of a report: by the ignores of what is scanned, or of a file that is given."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from vallum.advisories import moments
from vallum.cli.options import Options, Part
from vallum.errors import Misuse
from vallum.progress import Progress
from vallum_engine import ignores
from vallum_engine.errors import BrokenData
from vallum_engine.ignores import Ignores
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.layer import Layer
from vallum_engine.model.report import Problem, Report
from vallum_engine.values import replace

Item = File | Skipped | Layer


class Aside:
    """Reads what is given before the work, and meets the scanned tree's own file during it."""

    def __init__(self, asked: Options) -> None:
        """Raises Misuse where a file that is given cannot be used."""
        self._asked = asked
        self._given = _given(asked.ignores) if asked.ignores else None
        self._own: File | None = None

    def watching(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items as they come, of which the file of ignores at the top is kept."""
        for item in items:
            if isinstance(item, File) and item.path == ignores.PATH and not item.lower:
                self._own = item
            yield item

    def applied(self, report: Report, shown: Progress) -> Report:
        """The report with what is hidden among the suppressed."""
        try:
            held = self._ignores()
        except BrokenData as error:
            problem = Problem(path=ignores.PATH, what=str(error))
            return replace(report, errors=tuple(sorted((*report.errors, problem))))
        if held is None:
            return report
        told = ignores.applied(report, held, today=moments.now()[:10])
        if told.unused and self._speaks_for_all(report):
            what = f"{held.name}: {ignores.lines(told.unused)} "
            shown.tell(f"{what}match{'es' if len(told.unused) == 1 else ''} nothing any more: take it out.")
        return told.report

    def _ignores(self) -> Ignores | None:
        if self._given or not self._asked.honour_ignores or self._own is None:
            return self._given
        return ignores.read(self._own.data, ignores.PATH)

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
