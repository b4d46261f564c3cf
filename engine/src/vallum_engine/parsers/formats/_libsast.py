"""What njsscan and mobsfscan share: reports of the scanner library libsast, by rule, then by file."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Kind, Severity
from vallum_engine.parsers.format import Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each, missed, one
from vallum_engine.parsers.words import cwes, dug, first_line, leaked, place, severity, squeezed, texts


def by_rule(rules: Any, at: str) -> Iterator[Record]:
    """One record for each match; a rule that misses something in the whole project has no files, and is one itself."""
    if not isinstance(rules, Mapping):
        return
    for rule, found in rules.items():
        where = f"{at}.{rule}"
        if not isinstance(found, Mapping):
            yield Rejected(at=where, why=NO_OBJECT)
        elif found.get("files"):
            yield from each(found["files"], f"{where}.files", partial(_match, rule, dug(found, "metadata") or {}))
        else:
            yield one(where, {}, partial(_match, rule, dug(found, "metadata") or {}))


def could_not(errors: Any) -> Iterator[Record]:
    yield from missed(
        errors, "errors", lambda error: f"a file could not be read: {first_line(dug(error, 'message') or error)}"
    )


def _match(rule: str, metadata: Mapping[str, Any], at: str, item: Mapping[str, Any]) -> Record:
    text, weaknesses = str(metadata.get("description") or ""), cwes(metadata.get("cwe"))
    code = str(item.get("match_string") or "")
    secret = bool(code) and leaked(weaknesses)
    return Sighting(
        at=at,
        kind=Kind.SECRET if secret else Kind.WEAKNESS,
        rule=rule,
        title=first_line(text) or rule,
        severity=severity(metadata.get("severity"), info=Severity.LOW),
        message=text,
        locations=place(item.get("file_path"), dug(item, "match_lines", 0), dug(item, "match_lines", 1)),
        cwes=weaknesses,
        evidence="" if secret else first_line(code, 400),
        references=texts(metadata.get("reference")),
        anchor=() if secret else (squeezed(code),),
        secret=squeezed(code).encode() if secret else b"",
    )
