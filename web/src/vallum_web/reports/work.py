"""One export from the queue to its file, in parts of 100,000 findings. An attempt goes on behind the last part that is kept."""

import logging
from dataclasses import replace
from uuid import UUID

from vallum_web.accounts.abuse import holding
from vallum_web.findings import queries as findings
from vallum_web.findings.files.row import About, Format, Row
from vallum_web.findings.files.selection import Selection
from vallum_web.reports import queries, services
from vallum_web.reports.formats import STREAMED
from vallum_web.reports.formats.whole import WHOLE
from vallum_web.reports.models import Export
from vallum_web.tenancy import blobs
from vallum_web.tenancy.scope import scope

log = logging.getLogger(__name__)
PART_ROWS = 100_000
PART_BYTES = 2 << 30


def run(org: UUID, key: UUID) -> None:
    """Write an export to its end, whatever the end is."""
    row = services.begin(org, key)
    if row is None:
        return
    log.info("export %s as %s: attempt %d", row.pk, row.format, row.attempts)
    try:
        _write(row)
    except services.OvertakenError:
        log.info("export %s: another attempt has it, or it was deleted", row.pk)
    except blobs.TooLargeError as error:
        services.fail(row, f"A part of it would be too large. {error} Narrow the list, then export again.")
    except OSError as error:
        log.exception("export %s failed on this machine", row.pk)
        services.fail(row, f"This machine failed ({error}). Free some disk space or mend it, then export again.")
    except holding.StoppedError as error:
        log.info("export %s: stopped", row.pk)
        services.fail(row, str(error))
    else:
        log.info("export %s: over", row.pk)


def _write(row: Export) -> None:
    with scope(row.org_id):
        org = queries.org(row.org_id)
        chosen = queries.selection(org, row)
    if row.total is None:
        _measure(row, chosen)
        with scope(row.org_id):
            chosen = queries.selection(org, row)
    if services.held(row):
        return
    if row.format == Export.Format.OPENVEX and not row.total:
        services.fail(
            row, "There is no vulnerability in this list, and an OpenVEX document holds at least one statement."
        )
        return
    with scope(row.org_id):
        about = queries.about(org, row)
    if row.format in queries.WHOLE:
        _report(row, about, chosen)
    else:
        _Stream(row, about, chosen).write()
    services.finish(row)


def _measure(row: Export, chosen: Selection) -> None:
    total, last, others = chosen.measure()
    notes = []
    if others:
        notes.append(f"{others:,} findings of the list are not in it: VEX speaks of vulnerabilities alone.")
    most = queries.WHOLE.get(Export.Format(row.format), total)
    if total > most:
        rest = total - most
        notes.append(
            f"{rest:,} findings are counted and not listed: a report lists the first {most:,}. Other formats hold all."
        )
    with scope(row.org_id):
        if findings.search_cut(chosen.filters):
            notes.append("The search stops at 5,000 matches, so further ones are not in it: narrow it.")
    services.measured(row, total=total, last=last, note=" ".join(notes))


def _report(row: Export, about: About, chosen: Selection) -> None:
    """The page for people: one part, for its table has an end."""
    with scope(row.org_id):
        if queries.parts(row.org_id, row.pk):
            return
    rows = chosen.worst(queries.WHOLE[Export.Format(row.format)])
    with blobs.create(row.org_id, limit=PART_BYTES, shelf=services.SHELF) as blob:
        blob.write(WHOLE[row.format].written(about, chosen.summary(), rows))
    services.keep(row, blob, services.Stretch(number=0, rows=len(rows), last=None, final=True))


class _Stream:
    """A format of lines, as far as it is written."""

    def __init__(self, row: Export, about: About, chosen: Selection) -> None:
        self._row, self._about, self._chosen = row, about, chosen
        self._format: Format = STREAMED[row.format]
        with scope(row.org_id):
            kept = queries.parts(row.org_id, row.pk)
        self._number = len(kept)
        self._rows = sum(part.rows for part in kept)
        self._last = kept[-1].last if kept else None
        self._over = bool(kept) and kept[-1].final
        self._waiting: list[Row] = []

    def write(self) -> None:
        while not self._over:
            self._part()

    def _part(self) -> None:
        """Each part is full but the last, which ends with the format's tail."""
        begun = self._rows
        with blobs.create(self._row.org_id, limit=PART_BYTES, shelf=services.SHELF) as blob:
            if self._number == 0:
                blob.write(self._format.head(self._about))
            while self._rows - begun < PART_ROWS and self._take():
                self._lines(blob, PART_ROWS - (self._rows - begun))
                services.follow(self._row, self._rows)
            final = not self._take()
            if final:
                for piece in self._format.tail(replace(self._about, rows=self._rows), self._chosen):
                    blob.write(piece)
        held = services.Stretch(number=self._number, rows=self._rows - begun, last=self._last, final=final)
        services.keep(self._row, blob, held)
        self._number, self._over = self._number + 1, final

    def _take(self) -> bool:
        """Whether findings wait to be written; the next ones are read when none does."""
        self._waiting = self._waiting or self._chosen.page(self._last)
        return bool(self._waiting)

    def _lines(self, blob: blobs.Writer, most: int) -> None:
        now, self._waiting = self._waiting[:most], self._waiting[most:]
        lines = [self._format.line(row) for row in now]
        between = self._format.between
        blob.write((between if self._rows else b"") + between.join(lines))
        self._rows += len(now)
        self._last = now[-1].finding.pk
