"""One archive from the queue to its end, in parts of 100,000 rows. An attempt goes on behind the last part that is kept."""

import logging
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings

from vallum_web.accounts.abuse import holding
from vallum_web.privacy.exports import contents, services, sources, tape
from vallum_web.privacy.exports.models import Archive
from vallum_web.tenancy import blobs

log = logging.getLogger(__name__)
PART_ROWS = 100_000
PART_BYTES = 4 << 30
IN_MEMORY = 1 << 20
Row = TypeVar("Row", bound=Archive)


def run(kind: type[Row], owner: UUID, key: UUID) -> None:
    """Write an archive to its end, whatever the end is."""
    row = services.begin(kind, owner, key)
    if row is None:
        return
    log.info("archive %s: attempt %d", row.pk, row.attempts)
    try:
        if not row.plan:
            if services.held(row):
                return
            services.settle(row, sources.plan(row))
        _Writer(row).write()
        services.finish(row)
    except services.OvertakenError:
        log.info("archive %s: another attempt has it, or it was deleted", row.pk)
    except holding.StoppedError as error:
        log.info("archive %s: stopped", row.pk)
        services.fail(row, str(error))
    except blobs.TooLargeError as error:
        services.fail(row, f"A part of it would be too large. {error}")
    except OSError as error:
        log.exception("archive %s failed on this machine", row.pk)
        services.fail(row, f"This machine failed ({error}). Free some disk space or mend it, then ask again.")


class _Writer:
    """An archive as far as it is written."""

    def __init__(self, row: Archive) -> None:
        self._row = row
        at: tuple[int, int, str | None] = tuple(row.parts[-1]["next"]) if row.parts else (0, 1, None)
        self._step, self._number, self._after = at
        self._rows = sum(file["rows"] for file in contents.listed(row.parts) if file["counts"])

    def write(self) -> None:
        while self._step <= len(self._row.plan):
            self._part()

    def _part(self) -> None:
        row, begun = self._row, self._rows
        earlier = contents.listed(row.parts)
        with blobs.create(row.owner, limit=PART_BYTES, shelf=services.SHELF) as blob:
            begins = sum(part["size"] for part in row.parts)
            with tape.part(blob, begins=begins, at=row.asked_at) as part:
                while self._rows - begun < PART_ROWS and self._step < len(row.plan):
                    self._files(part, PART_ROWS - (self._rows - begun))
                if self._step == len(row.plan):
                    contents.close(row, part, earlier)
                    part.end(earlier)
                    self._step += 1
        services.keep(row, blob, {"files": part.files, "next": [self._step, self._number, self._after]})

    def _files(self, part: tape.Part, most: int) -> None:
        """The next rows of the present step, in each of the shapes that it is told in."""
        source = sources.read(self._row, self._row.plan[self._step])
        taken = source.page(self._after)
        if taken or self._number == 1:
            self._written(part, source, taken, most)
        if not source.page(self._after):
            self._step, self._number, self._after = self._step + 1, 1, None
        else:
            self._number += 1

    def _written(self, part: tape.Part, source: sources.Source, taken: Sequence[tuple[str, Any]], most: int) -> None:
        """One pass over the rows: the first shape goes where it belongs, the others wait beside it."""
        outlets, count = source.outlets, 0
        with ExitStack() as stack:
            spools = [stack.enter_context(_spool()) for _ in outlets]
            for outlet, spool in zip(outlets, spools, strict=True):
                spool.write(outlet.head())
            while taken and count < most:
                taken = taken[: most - count]
                for outlet, spool in zip(outlets, spools, strict=True):
                    spool.writelines(outlet.line(value, first=count == at == 0) for at, (_, value) in enumerate(taken))
                count, self._after = count + len(taken), taken[-1][0]
                services.follow(self._row, self._rows + count)
                taken = source.page(self._after)
            for outlet, spool in zip(outlets, spools, strict=True):
                spool.writelines(outlet.tail())
                spool.seek(0)
                with part.file(f"{outlet.folder}/{source.name}-{self._number:04}.{outlet.suffix}") as file:
                    shutil.copyfileobj(spool, file)
                part.files[-1] |= {"rows": count, "counts": outlet is outlets[0]}
        self._rows += count


def _spool() -> Any:
    """Beside the blobs: the system's shared /tmp never holds what people store."""
    return tempfile.SpooledTemporaryFile(IN_MEMORY, dir=settings.FILE_UPLOAD_TEMP_DIR)
