"""A foreign report's bytes, read within limits as whatever they are. Every reader is lazy and runs once.

Limits are those against hostile files: depth, number of values, expansion. Whoever holds a hostile file holds a worker's
memory otherwise.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

import yaml
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from vallum_engine.model.text import size
from vallum_engine.parsers.errors import BrokenReport

MOST_BYTES = 256 << 20
MOST_VALUES = 12_000_000
MOST_ELEMENTS = 3_000_000
MOST_DEPTH = 200
MOST_ALIASES = 1_000
MOST_MEMBERS = 1_000
MOST_RATIO = 100
# Below this much, a high ratio is what ordinary text gives.
RATIO_FLOOR = 1 << 20
SNIFFED = 4096
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class Document:
    """One file as it was given. `name` is its file name: some formats tell by it what they are about."""

    def __init__(self, data: bytes, name: str = "") -> None:
        if len(data) > MOST_BYTES:
            raise BrokenReport(f"The report is {size(len(data))} large: {size(MOST_BYTES)} are read. Split it.")
        self.data = data
        self.name = name

    @cached_property
    def text(self) -> str:
        """The bytes as text: by their mark, else UTF-8, else Latin-1, which every byte is."""
        for bom, encoding in _BOMS:
            if self.data.startswith(bom):
                return self.data.decode(encoding, "replace")
        try:
            return self.data.decode()
        except UnicodeDecodeError:
            return self.data.decode("latin-1")

    @cached_property
    def head(self) -> str:
        """The first letters, without blanks before them."""
        return self.text[:SNIFFED].lstrip()

    @cached_property
    def json(self) -> Any:
        """The one JSON value that the document is; None when it is none (`null` is no report either)."""
        if self.head[:1] not in {"{", "["}:
            return None
        values = _json_values(self.text, most=1)
        return values[0] if len(values) == 1 else None

    @cached_property
    def jsons(self) -> Sequence[Any]:
        """The JSON values it is made of, one after another: one a line or not. Empty when anything else stands between."""
        return _json_values(self.text) if self.head[:1] in {"{", "["} else ()

    @cached_property
    def xml(self) -> Element | None:
        """The root element. Names carry no namespace: `{urn:x}host` reads `host`."""
        if self.head[:1] != "<" or self.is_html:
            return None
        return _xml(self.data)

    @cached_property
    def is_html(self) -> bool:
        return self.head[:200].lower().startswith(("<!doctype html", "<html"))

    @cached_property
    def rows(self) -> Sequence[dict[str, str]]:
        """The lines of a table with a header (comma, semicolon, tab or bar between cells), by column. Empty for none."""
        return tuple(_rows(self.text)) if self.columns else ()

    @cached_property
    def columns(self) -> Sequence[str]:
        """The header of a table; empty when the first line is none."""
        line = self.head.partition("\n")[0].strip()
        if not line or line[0] in "{[<":
            return ()
        try:
            cells = next(csv.reader([line], delimiter=_delimiter(line)), [])
        except csv.Error:
            return ()
        names = [name.strip().lstrip("\ufeff") for name in cells]
        return names if len(names) > 1 else ()

    @cached_property
    def yamls(self) -> Sequence[Any]:
        """The documents of a YAML file; empty when it is none."""
        if self.head[:1] in {"<", ""} or "\x00" in self.head:
            return ()
        return _yamls(self.text)

    @cached_property
    def members(self) -> dict[str, bytes]:
        """The files of a zip archive by name; empty when it is none."""
        return dict(_members(self.data)) if self.data.startswith(b"PK\x03\x04") else {}


def _json_values(text: str, most: int = MOST_VALUES) -> list[Any]:
    if text.count(",") > MOST_VALUES:
        raise BrokenReport(f"The report holds more than {MOST_VALUES:,} values. Split it.")
    decoder = json.JSONDecoder(parse_constant=_refused)
    values: list[Any] = []
    at, end = _blank(text, 1 if text.startswith("\ufeff") else 0), len(text)
    try:
        while at < end and len(values) < most + 1:
            value, at = decoder.raw_decode(text, at)
            values.append(value)
            at = _blank(text, at)
    except RecursionError as error:
        raise BrokenReport("The report's JSON is nested too deeply.") from error
    except ValueError:
        return []
    return values


def _refused(constant: str) -> None:
    raise ValueError(constant)


def _blank(text: str, at: int) -> int:
    end = len(text)
    while at < end and text[at] in " \t\r\n":
        at += 1
    return at


class _Bounded(TreeBuilder):
    """A tree of so many elements and so deep, names without namespaces."""

    def __init__(self) -> None:
        super().__init__()
        self.count = self.depth = 0

    def start(self, tag: Any, attrs: dict[Any, Any]) -> Element:
        self.count += 1
        self.depth += 1
        if self.count > MOST_ELEMENTS or self.depth > MOST_DEPTH:
            raise BrokenReport(
                f"The report's XML holds more than {MOST_ELEMENTS:,} elements, or is nested deeper than {MOST_DEPTH}."
            )
        return super().start(_local(tag), {_local(name): value for name, value in attrs.items()})

    def end(self, tag: Any) -> Element:
        self.depth -= 1
        return super().end(_local(tag))


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _xml(data: bytes) -> Element | None:
    """A DOCTYPE alone is harmless, and Nmap and Nikto write one: entities and external references are refused."""
    parser = XMLParser(target=_Bounded(), forbid_dtd=False, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(data.lstrip())
        root: Element = parser.close()
    except DefusedXmlException as error:
        raise BrokenReport(
            "The report's XML declares entities or refers to other files, which no tool's does."
        ) from error
    except (ParseError, ValueError, LookupError):
        return None
    return root


def _delimiter(line: str) -> str:
    return max(",;\t|", key=line.count)


def _rows(text: str) -> Iterator[dict[str, str]]:
    body = io.StringIO(text.lstrip("\ufeff").lstrip(), newline="")
    first = body.readline()
    body.seek(0)
    reader = csv.reader(body, delimiter=_delimiter(first))
    count = 0
    try:
        names = [name.strip() for name in next(reader, [])]
        for cells in reader:
            count += len(cells)
            if count > MOST_VALUES:
                raise BrokenReport(f"The report holds more than {MOST_VALUES:,} values. Split it.")
            if any(cells):
                yield dict(zip(names, [*cells, *[""] * (len(names) - len(cells))], strict=False))
    except csv.Error as error:
        raise BrokenReport(f"The report's table breaks off at line {reader.line_num}: {error}.") from error


def _yamls(text: str) -> list[Any]:
    aliases = depth = count = 0
    try:
        # The parser's events first: ten aliases of ten aliases load in no time, and any walk over them never ends.
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            count += 1
            aliases += isinstance(event, yaml.AliasEvent)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if aliases > MOST_ALIASES or depth > MOST_DEPTH or count > MOST_VALUES:
                raise BrokenReport("The report's YAML holds too many aliases or values, or is nested too deeply.")
        return list(yaml.load_all(text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, ValueError):
        return []


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if len(infos) > MOST_MEMBERS:
                raise BrokenReport(f"The archive holds more than {MOST_MEMBERS:,} files.")
            for info in infos:
                if info.is_dir():
                    continue
                with archive.open(info) as file:
                    # Not what the directory promises: what comes out.
                    content = file.read(MOST_BYTES - total + 1)
                total += len(content)
                if total > MOST_BYTES or total > max(RATIO_FLOOR, MOST_RATIO * len(data)):
                    raise BrokenReport(
                        f"The archive unpacks to more than {size(MOST_BYTES)}, or {MOST_RATIO} times itself."
                    )
                yield info.filename, content
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise BrokenReport(f"The archive cannot be opened: {error}.") from error
