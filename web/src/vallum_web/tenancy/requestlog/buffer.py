"""Rows on their way into the table: no request waits for them.

A thread writes them once a second. What a killed process had not written is lost; what the table does not take for longer
than the buffer lasts is lost too, and counted.
"""

import atexit
import logging
import threading
from collections import deque

from django.db import Error, InterfaceError, OperationalError, connection, transaction

from vallum_web.tenancy.models import RequestLog

log = logging.getLogger(__name__)

EVERY = 1.0
MOST = 10_000
BATCH = 500


class Buffer:
    """A queue between the threads that answer and the one that writes."""

    def __init__(self, most: int = MOST) -> None:
        self._rows: deque[RequestLog] = deque()
        self._most = most
        self._lock = threading.Lock()
        self.lost = 0

    def add(self, row: RequestLog) -> None:
        with self._lock:
            if len(self._rows) < self._most:
                self._rows.append(row)
            else:
                self.lost += 1

    def flush(self) -> int:
        """Write what is there. Where the table takes nothing, it stays for the next time."""
        written = 0
        while rows := self._taken():
            try:
                _write(rows)
            except (OperationalError, InterfaceError) as error:
                self._bring_back(rows)
                log.warning(
                    "The request log cannot be written (%s): %d rows wait.", type(error).__name__, len(self._rows)
                )
                break
            except Error:
                # They would be refused the next time as well, and hold up all others.
                log.exception("Rows of the request log were refused")
                self._count_lost(len(rows))
            else:
                written += len(rows)
        self._tell()
        return written

    def _taken(self) -> list[RequestLog]:
        with self._lock:
            return [self._rows.popleft() for _ in range(min(BATCH, len(self._rows)))]

    def _bring_back(self, rows: list[RequestLog]) -> None:
        with self._lock:
            self._rows.extendleft(reversed(rows))

    def _count_lost(self, rows: int) -> None:
        with self._lock:
            self.lost += rows

    def _tell(self) -> None:
        with self._lock:
            lost, self.lost = self.lost, 0
        if lost:
            log.error("%d requests are missing from the request log: they could not be written.", lost)


BUFFER = Buffer()


def start() -> None:
    """Begin to write, in a process that answers requests."""
    threading.Thread(target=_write_on, name="request log", daemon=True).start()
    atexit.register(BUFFER.flush)


def _write(rows: list[RequestLog]) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            # The last second may be lost in a crash anyway: no disk is waited for.
            cursor.execute("set local synchronous_commit = off")
        RequestLog.objects.bulk_create(rows)


def _write_on() -> None:
    pause = threading.Event()
    while not pause.wait(EVERY):
        BUFFER.flush()
        connection.close()
