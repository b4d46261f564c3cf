"""Rusty Hog's JSON: each of its hogs looks through another kind of place (Git, S3, Drive, files, Confluence, Jira, Slack)."""

from collections.abc import Iterator, Mapping
from typing import Any

from vallum_engine.model.finding import Kind, Severity
from vallum_engine.parsers import leaks
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, leading
from vallum_engine.parsers.words import listed, place, texts

# What only a hog's records have beside the strings and the reason.
_OWN = frozenset({"linenum", "new_line_num", "page_id", "issue_id", "g_drive_id", "bucket", "channel_name"})
_PLACES = ("path", "url", "web_link", "key", "permalink", "page_id", "issue_id", "channel_name")


def recognises(document: Document) -> bool:
    if not isinstance(document.json, list):
        return False
    first = leading(document.json)
    return {"stringsFound", "reason"} <= first.keys() and not _OWN.isdisjoint(first)


def records(document: Document) -> Iterator[Record]:
    if not isinstance(document.json, list):
        raise TypeError("a list is expected")
    for index, item in enumerate(document.json):
        at = f"[{index}]"
        if isinstance(item, Mapping):
            yield from _strings(at, item)
        else:
            yield Rejected(at=at, why=NO_OBJECT)


def _strings(at: str, item: Mapping[str, Any]) -> Iterator[Record]:
    rule, found = str(item.get("reason") or ""), texts(list(listed(item.get("stringsFound"))))
    if not found:
        yield Rejected(at=at, why="it names no string that was found")
    where = next((str(item[key]) for key in _PLACES if item.get(key)), "")
    line = item.get("linenum") or item.get("new_line_num")
    # An issue of Jira has several places in one address: its description, its comments.
    more = " ".join(texts([item.get("location"), item.get("commitHash")]))
    for text in found:
        yield Sighting(
            at=at,
            kind=Kind.SECRET,
            rule=rule,
            title=rule,
            severity=Severity.HIGH,
            message=leaks.told(rule, f"Found in: {more}." if more else ""),
            locations=place(where, line),
            secret=leaks.value(text),
        )


FORMAT = Format(
    id="rusty-hog",
    title="Rusty Hog",
    docs="https://github.com/newrelic/rusty-hog",
    recognises=recognises,
    records=records,
)
