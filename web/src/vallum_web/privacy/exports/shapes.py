"""How rows look in a file: JSON, CSV and a page to read. Each is a head, lines and a tail, so that none is ever held whole."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from html import escape
from typing import Any, Protocol
from uuid import UUID

import orjson

from vallum_web.privacy.exports.tables import Table
from vallum_web.ui import spreadsheet

Row = Mapping[str, Any]
STYLE = (
    "body{font:14px/1.5 system-ui;margin:2em;max-width:110ch}table{border-collapse:collapse}"
    "td,th{border:1px solid #bbb;padding:4px 8px;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
)


class Shape(Protocol):
    @property
    def suffix(self) -> str: ...

    def head(self, table: Table, /) -> bytes: ...

    def line(self, table: Table, row: Row, /, *, first: bool) -> bytes: ...

    def tail(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Json:
    """A list with one row on each line."""

    suffix: str = "json"

    def head(self, _table: Table) -> bytes:
        return b"[\n"

    def line(self, _table: Table, row: Row, *, first: bool) -> bytes:
        return (b"" if first else b",\n") + orjson.dumps({name: plain(value) for name, value in row.items()})

    def tail(self) -> bytes:
        return b"\n]\n"


@dataclass(frozen=True, slots=True)
class Csv:
    """RFC 4180, with the names of the fields on the first line; no cell is a formula."""

    suffix: str = "csv"

    def head(self, table: Table) -> bytes:
        return spreadsheet.line([field.name for field in table.fields]).encode()

    def line(self, _table: Table, row: Row, *, first: bool) -> bytes:  # noqa: ARG002 - every line is like the first
        return spreadsheet.line([_cell(value) for value in row.values()]).encode()

    def tail(self) -> bytes:
        return b""


@dataclass(frozen=True, slots=True)
class Page:
    """For reading: it loads nothing, and runs nothing."""

    suffix: str = "html"

    def head(self, table: Table) -> bytes:
        cells = "".join(f"<th>{escape(field.name)}</th>" for field in table.fields)
        purposes = sorted({field.purpose for field in table.fields})
        said = "".join(f"<li>{escape(purpose)}</li>" for purpose in purposes)
        return document(table.title) + f"<p>What it is for:</p><ul>{said}</ul><table><tr>{cells}</tr>\n".encode()

    def line(self, _table: Table, row: Row, *, first: bool) -> bytes:  # noqa: ARG002 - every line is like the first
        return (
            "<tr>" + "".join(f"<td>{escape(str(_cell(value)))}</td>" for value in row.values()) + "</tr>\n"
        ).encode()

    def tail(self) -> bytes:
        return b"</table></body></html>\n"


def document(title: str) -> bytes:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
    ).encode()


def plain(value: object) -> Any:
    """The value as JSON knows it; bytes, which there are few of, in base64."""
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value


def _cell(value: object) -> str | int:
    told = plain(value)
    if told is None:
        return ""
    if isinstance(told, bool):
        return "true" if told else "false"
    if isinstance(told, int | str):
        return told
    return orjson.dumps(told, default=str).decode()


PERSONS: Sequence[Shape] = (Json(), Csv(), Page())
ORGANIZATIONS: Sequence[Shape] = (Json(), Csv())
