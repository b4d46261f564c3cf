"""What is going on, for a person at a terminal or for the program that waits for us."""

import contextlib
import json
import sys
import time

_EVERY = 0.2
_CLEAR = "\r\x1b[K"


class Progress:
    """Silent: what pipes get."""

    def phase(self, name: str) -> None:
        """A new part of the work begins."""

    def counts(self, files: int, size: int, findings: int) -> None:
        """How far it got; called as often as one likes."""

    def status(self, text: str) -> None:
        """How far something without files to count got; called as often as one likes."""

    def say(self, text: str) -> None:
        """A sentence that helps who watches, and is left out where nobody does."""

    def tell(self, text: str) -> None:
        """A sentence that is part of the answer: said wherever there is someone to read it."""
        _write(f"vallum: {text}\n")

    def done(self) -> None:
        """Leave nothing half-written behind."""


class Line(Progress):
    """One line that rewrites itself on a terminal."""

    def __init__(self) -> None:
        self._name = ""
        self._started = time.monotonic()
        self._last = self._started
        self._drawn = False

    def phase(self, name: str) -> None:
        self._name = name
        self._started = time.monotonic()

    def counts(self, files: int, size: int, findings: int) -> None:
        megabytes = size / 1e6
        rate = megabytes / max(time.monotonic() - self._started, 0.001)
        found = f"{findings:,} finding" + ("" if findings == 1 else "s")
        self.status(f"{self._name}: {files:,} files, {megabytes:,.1f} MB, {rate:,.0f} MB/s, {found}")

    def status(self, text: str) -> None:
        now = time.monotonic()
        if now - self._last >= _EVERY:
            self._last = now
            self._drawn = True
            _write(_CLEAR + text)

    def say(self, text: str) -> None:
        self.tell(text)

    def tell(self, text: str) -> None:
        self.done()
        super().tell(text)

    def done(self) -> None:
        if self._drawn:
            _write(_CLEAR)
            self._drawn = False


class Records(Progress):
    """One JSON object a line, for the platform's worker."""

    def __init__(self) -> None:
        self._phase = "starting"
        self._last = 0.0
        self._seen = (0, 0, 0)

    def phase(self, name: str) -> None:
        self._phase = name
        self._write()

    def counts(self, files: int, size: int, findings: int) -> None:
        self._seen = (files, size, findings)
        if time.monotonic() - self._last >= _EVERY:
            self._write()

    def say(self, text: str) -> None:
        self.tell(text)

    def tell(self, text: str) -> None:
        _write(json.dumps({"message": text}) + "\n")

    def _write(self) -> None:
        self._last = time.monotonic()
        files, size, findings = self._seen
        record = {"files": files, "bytes": size, "findings": findings, "phase": self._phase}
        _write(json.dumps(record, separators=(",", ":")) + "\n")


def chosen(name: str) -> Progress:
    """`auto`: a line on a terminal, silence elsewhere."""
    if name == "json":
        return Records()
    if name == "none":
        return Progress()
    return Line() if sys.stderr is not None and sys.stderr.isatty() else Progress()


def _write(text: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # whoever listened has gone: the scan has not
        sys.stderr.write(text)
        sys.stderr.flush()
