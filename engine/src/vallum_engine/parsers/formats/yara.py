"""YARA's output with meta data and strings (`yara -m -s`): a line for each match, then its strings."""

import re
from collections.abc import Iterator, Mapping

from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Record, Rejected, Sighting
from vallum_engine.parsers.words import number, place, severity, texts

_MATCH = re.compile(r"(?:\w+:)?([A-Za-z_]\w*)((?: \[[^\n]*\])?) (\S[^\n]*)")
_STRING = re.compile(r"0x[0-9a-f]+(?::\d+)?:\$\w*(?:: .*)?", re.IGNORECASE)
_PAIR = re.compile(r'(\w+)\s*=\s*("(?:\\.|[^"\\])*"|[^,\]"]*)')
_LOOKED_AT = 40
# From which share of sureness, where a rule gives one of 100.
_SURE, _UNSURE = 80, 40


def recognises(document: Document) -> bool:
    if document.data[:1] in {b"{", b"[", b"<"} or b"\x00" in document.data[:4096]:
        return False
    lines = [line for line in document.head.splitlines()[:-1][:_LOOKED_AT] or [document.head.strip()] if line.strip()]
    strings = sum(_STRING.fullmatch(line) is not None for line in lines)
    matches = [match for line in lines if (match := _MATCH.fullmatch(line)) and not _STRING.fullmatch(line)]
    # Either part alone could be any text.
    return bool(matches) and len(matches) + strings == len(lines) and any(match[2] for match in matches)


def records(document: Document) -> Iterator[Record]:
    for index, line in enumerate(document.text.splitlines(), 1):
        if not line.strip() or _STRING.fullmatch(line):
            continue
        at = f"line {index}"
        match = _MATCH.fullmatch(line.strip())
        yield _record(at, match) if match else Rejected(at=at, why="it is neither a match nor a string of one")


def _record(at: str, match: re.Match[str]) -> Record:
    rule, meta = match[1], _meta(match[2])
    text = meta.get("description", "")
    title = text or rule.replace("_", " ")
    return Sighting(
        at=at,
        kind=Kind.MALWARE,
        rule=rule,
        title=title,
        severity=severity(meta.get("severity") or meta.get("threat_level"), Severity.MEDIUM),
        confidence=_confidence(meta.get("confidence", "")),
        message=text or f"The rule {rule} matches.",
        locations=place(match[3]),
        # The bytes that matched are left out: they may be anything, a password too.
        references=texts([meta.get("reference"), meta.get("url")]),
    )


def _meta(text: str) -> Mapping[str, str]:
    return {
        name: value[1:-1].replace('\\"', '"') if value.startswith('"') else value.strip()
        for name, value in _PAIR.findall(text)
    }


def _confidence(text: str) -> Confidence:
    if not text:
        return Confidence.MEDIUM
    share = number(text)
    return Confidence.HIGH if share >= _SURE else Confidence.LOW if share < _UNSURE else Confidence.MEDIUM


FORMAT = Format(
    id="yara",
    title="YARA",
    docs="https://yara.readthedocs.io/en/stable/commandline.html",
    recognises=recognises,
    records=records,
)
