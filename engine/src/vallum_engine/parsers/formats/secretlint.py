"""Secretlint's JSON (`secretlint --format json`)."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Kind
from vallum_engine.parsers import leaks
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each, leading
from vallum_engine.parsers.words import dug, place, severity, texts


def recognises(document: Document) -> bool:
    return (
        isinstance(document.json, list)
        and {"filePath", "messages", "sourceContentType"} <= leading(document.json).keys()
    )


def records(document: Document) -> Iterator[Record]:
    if not isinstance(document.json, list):
        raise TypeError("a list is expected")
    for index, file in enumerate(document.json):
        at = f"[{index}]"
        if not isinstance(file, Mapping):
            yield Rejected(at=at, why=NO_OBJECT)
        elif not file.get("messages"):
            yield Passed(at=at)
        else:
            yield from each(file["messages"], f"{at}.messages", partial(_message, file))


def _message(file: Mapping[str, Any], at: str, item: Mapping[str, Any]) -> Record:
    rule = str(item.get("messageId") or item["ruleId"])
    found = _value(file.get("sourceContent"), dug(item, "range", 0), dug(item, "range", 1))
    secret = leaks.value(found)
    return Sighting(
        at=at,
        kind=Kind.SECRET,
        rule=rule,
        title=rule,
        severity=severity(item.get("severity")),
        message=leaks.told(rule),
        locations=place(file.get("filePath"), dug(item, "loc", "start", "line"), dug(item, "loc", "end", "line")),
        references=texts(item.get("docsUrl")),
        secret=secret,
    )


def _value(content: object, start: object, end: object) -> str:
    """The report holds the whole file, so the value too, whatever is starred out in its messages."""
    if isinstance(content, str) and isinstance(start, int) and isinstance(end, int) and 0 <= start < end:
        return content[start:end]
    return ""


FORMAT = Format(
    id="secretlint",
    title="Secretlint",
    docs="https://github.com/secretlint/secretlint/tree/master/packages/%40secretlint/formatter",
    recognises=recognises,
    records=records,
)
