"""ESLint's JSON (`eslint -f json`), with whatever plugins it runs."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Mark, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each
from vallum_engine.parsers.words import dug, first_line, place, squeezed, texts

_ERROR = 2


def recognises(document: Document) -> bool:
    first = dug(document.json, 0)
    return isinstance(first, dict) and {"filePath", "messages", "errorCount", "warningCount"} <= first.keys()


def records(document: Document) -> Iterator[Record]:
    for index, file in enumerate(document.json):
        at = f"[{index}]"
        if not isinstance(file, Mapping):
            yield Rejected(at=at, why=NO_OBJECT)
            continue
        source = str(file.get("source") or "").splitlines()
        path = str(file.get("filePath") or "")
        if not file.get("messages") and not file.get("suppressedMessages"):
            yield Passed(at=at)
        yield from each(file.get("messages"), f"{at}.messages", partial(_message, path, source, Mark.NONE))
        # Those that a comment in the code turns off, since version 8.8.
        hidden = partial(_message, path, source, Mark.SUPPRESSED)
        yield from each(file.get("suppressedMessages"), f"{at}.suppressedMessages", hidden)


def _message(path: str, source: list[str], mark: Mark, at: str, item: Mapping[str, Any]) -> Record:
    text, rule = str(item.get("message") or ""), str(item.get("ruleId") or "")
    if item.get("fatal") is True:
        return Rejected(at=at, why=f"ESLint could not read {path or 'the file'}: {first_line(text)}")
    if not rule:
        # Of ESLint itself: a file it was told to ignore, a comment that turns nothing off.
        return Passed(at=at)
    line = item.get("line")
    code = source[line - 1] if isinstance(line, int) and 0 < line <= len(source) else ""
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS,
        rule=rule,
        title=first_line(text) or rule,
        severity=Severity.HIGH if item.get("severity") == _ERROR else Severity.MEDIUM,
        message=text,
        locations=place(path, line, item.get("endLine")),
        evidence=code.strip(),
        steps=texts([dug(item, "suggestions", 0, "desc")]),
        anchor=(squeezed(code), text),
        mark=mark,
    )


FORMAT = Format(
    id="eslint",
    title="ESLint",
    docs="https://eslint.org/docs/latest/use/formatters/#json",
    recognises=recognises,
    records=records,
)
