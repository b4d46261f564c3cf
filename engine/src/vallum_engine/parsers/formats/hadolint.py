"""hadolint's JSON: what it and ShellCheck say of Dockerfiles."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Sighting
from vallum_engine.parsers.records import each, leading
from vallum_engine.parsers.words import first_line, place, severity

_KEYS = frozenset({"line", "code", "message", "column", "file", "level"})
# DL: its own rules. SC: ShellCheck's, of the shell in RUN; ShellCheck itself writes the number only.
_CODE = re.compile(r"(DL|SC)\d{1,5}")
_PAGES = {"DL": "https://github.com/hadolint/hadolint/wiki/", "SC": "https://www.shellcheck.net/wiki/"}


def recognises(document: Document) -> bool:
    item = leading(document.json) if isinstance(document.json, list) else {}
    return item.keys() >= _KEYS and bool(_CODE.fullmatch(str(item["code"])))


def records(document: Document) -> Iterator[Record]:
    yield from each(document.json, "", _failure)


def _failure(at: str, failure: Mapping[str, Any]) -> Record:
    code, message = str(failure.get("code") or ""), str(failure.get("message") or "")
    known = _CODE.fullmatch(code)
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=code,
        title=first_line(message),
        severity=severity(failure.get("level")),
        message=message,
        locations=place(failure.get("file"), failure.get("line")),
        references=(_PAGES[known[1]] + code,) if known else (),
        anchor=(message,),
    )


FORMAT = Format(
    id="hadolint",
    title="hadolint",
    docs="https://github.com/hadolint/hadolint#cli",
    recognises=recognises,
    records=records,
)
