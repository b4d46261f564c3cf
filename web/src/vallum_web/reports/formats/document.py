"""Our own JSON: one document that says what it is of, or a finding a line (NDJSON)."""

from collections.abc import Iterator

from vallum_engine import VERSION
from vallum_web.findings.files.row import About, Record, Row, iso, json, opened, told

LAYOUT = 1
"""Rises when a field goes or changes its meaning; new fields do not raise it."""


class Json:
    content_type = "application/json"
    suffix = "json"
    between = b",\n"

    def head(self, about: About) -> bytes:
        document = {
            "version": LAYOUT,
            "tool": {"name": "vallum", "version": VERSION},
            "organization": about.org,
            "exported_at": iso(about.at),
            "query": about.query,
            "filters": about.words,
            "url": about.url,
        }
        return opened(document) + b'"items":[\n'

    def line(self, row: Row) -> bytes:
        return json(told(row))

    def tail(self, about: About, record: Record) -> Iterator[bytes]:  # noqa: ARG002 - it holds nothing but its items
        yield b'\n],"count":%d,"note":%s}\n' % (about.rows, json(about.note))


class Ndjson:
    content_type = "application/x-ndjson"
    suffix = "ndjson"
    between = b""

    def head(self, about: About) -> bytes:  # noqa: ARG002 - each line stands for itself
        return b""

    def line(self, row: Row) -> bytes:
        return json(told(row)) + b"\n"

    def tail(self, about: About, record: Record) -> Iterator[bytes]:  # noqa: ARG002 - as above
        return iter(())
