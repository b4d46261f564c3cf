"""MobSF's JSON of a static analysis: applications for Android and iOS."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from vallum_engine.model.finding import Confidence, Kind, Location, Severity
from vallum_engine.parsers import leaks
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.format import Format, Passed, Record, Rejected, Sighting
from vallum_engine.parsers.records import NO_OBJECT, each, one
from vallum_engine.parsers.words import cwes, dug, first_line, listed, place, plain, severity, texts

# By its word all is well there; of binaries, "info" says that a guard is in place.
_WELL = frozenset({"good", "secure"})
_GUARDED = _WELL | {"info"}
# What a title says of this application, beside the rule: a component's name, a setting.
_NAMED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_PAIR = re.compile(r'^"(.*?)"\s*:\s*"(.*)"$', re.DOTALL)
# A binary's checks by name, and fields of it that are none.
_DETAILS = frozenset({"name", "summary"})


def recognises(document: Document) -> bool:
    value = document.json
    return (
        isinstance(value, dict)
        and {"md5", "sha256", "app_name", "file_name"} <= value.keys()
        and ("code_analysis" in value or "binary_analysis" in value)
    )


def records(document: Document) -> Iterator[Record]:
    value = document.json
    yield from _permissions(value.get("permissions"))
    yield from each(_part(value, "manifest_analysis", "manifest_findings"), "manifest_analysis", _manifest)
    yield from each(_part(value, "network_security", "network_findings"), "network_security", _network)
    yield from each(_part(value, "ats_analysis", "ats_findings"), "ats_analysis", _ats)
    yield from _certificate(listed(dug(value, "certificate_analysis", "certificate_findings")))
    yield from _code(value.get("code_analysis"))
    yield from _binaries(value.get("binary_analysis"))
    yield from each(value.get("firebase_urls"), "firebase_urls", _firebase)
    for index, text in enumerate(listed(value.get("secrets"))):
        yield _secret(f"secrets[{index}]", str(text))


def _part(value: Mapping[str, Any], name: str, inner: str) -> Any:
    """Since version 3.5 the findings of a part stand within it, beside a summary."""
    part = value.get(name)
    return part.get(inner) if isinstance(part, Mapping) else part


def _level(word: object) -> Severity:
    return severity(word, dangerous=Severity.HIGH, hotspot=Severity.LOW)


def _named(items: Any, at: str) -> Iterator[tuple[str, str, Mapping[str, Any] | None]]:
    for name, item in items.items() if isinstance(items, Mapping) else ():
        yield f"{at}.{name}", str(name), item if isinstance(item, Mapping) else None


def _permissions(items: Any) -> Iterator[Record]:
    for at, name, item in _named(items, "permissions"):
        if item is None:
            yield Rejected(at=at, why=NO_OBJECT)
            continue
        yield Sighting(
            at=at,
            kind=Kind.MISCONFIGURATION,
            rule=name,
            title=name,
            severity=_level(item.get("status")),
            confidence=Confidence.HIGH,
            message=str(item.get("description") or item.get("reason") or item.get("info") or name),
            evidence=str(item.get("status") or ""),
        )


def _manifest(at: str, item: Mapping[str, Any]) -> Record:
    title = " ".join(plain(item.get("title") or item["name"]).split())
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=str(item.get("rule") or " ".join(_NAMED.sub("", title).split())),
        title=title,
        severity=_level(item.get("severity") or item.get("stat")),
        message=plain(item.get("description") or item.get("desc")),
        locations=place("AndroidManifest.xml"),
        anchor=(title, *texts(item.get("component"))),
    )


def _network(at: str, item: Mapping[str, Any]) -> Record:
    if str(item.get("severity")).lower() in _WELL:
        return Passed(at=at)
    text, scope = str(item["description"]), texts(item.get("scope"))
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=first_line(text),
        title=first_line(text),
        severity=_level(item.get("severity")),
        message=text,
        evidence=" ".join(scope),
        anchor=scope,
    )


def _ats(at: str, item: Mapping[str, Any]) -> Record:
    level = str(item.get("severity") or item.get("status")).lower()
    if level in _WELL:
        return Passed(at=at)
    issue = plain(item["issue"])
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=first_line(issue),
        title=first_line(issue),
        severity=_level(level.replace("insecure", "high")),
        message=plain(item.get("description")) or issue,
        locations=place("Info.plist"),
    )


def _certificate(items: Any) -> Iterator[Record]:
    """Three texts each: how bad, what it means, its name."""
    for index, item in enumerate(items):
        at = f"certificate_analysis.certificate_findings[{index}]"
        level, text, title = (*texts(item), "", "", "")[:3]
        if not isinstance(item, list) or not text:
            yield Rejected(at=at, why="it is not three texts")
        elif level.lower() in _GUARDED:
            yield Passed(at=at)
        else:
            yield Sighting(
                at=at,
                kind=Kind.MISCONFIGURATION,
                rule=title or first_line(text),
                title=title or first_line(text),
                severity=_level(level),
                message=text,
            )


def _code(part: Any) -> Iterator[Record]:
    found = part.get("findings", part) if isinstance(part, Mapping) else None
    for at, name, item in _named(found, "code_analysis"):
        files = dug(item, "files")
        if item is None or not isinstance(files, Mapping):
            yield Rejected(at=at, why="it names no files")
            continue
        for path, lines in files.items():
            yield one(f"{at}.{path}", item, partial(_in_file, name, str(path), str(lines)))


def _in_file(rule: str, path: str, lines: str, at: str, item: Mapping[str, Any]) -> Record:
    told = item.get("metadata")
    level = str(dug(told, "severity") or "")
    if level in _WELL:
        return Passed(at=at)
    text = str(dug(told, "description") or rule)
    return Sighting(
        at=at,
        kind=Kind.WEAKNESS,
        rule=rule,
        title=first_line(text),
        severity=_level(level),
        message=text,
        locations=_lines(path, lines),
        cwes=cwes(dug(told, "cwe")),
        references=texts(dug(told, "ref")),
    )


def _lines(path: str, lines: str) -> tuple[Location, ...]:
    numbers = sorted({int(number) for number in re.findall(r"\d{1,9}", lines)})
    return tuple(found for number in numbers or (1,) for found in place(path, number))


def _binaries(part: Any) -> Iterator[Record]:
    """Android: a list of libraries with their checks; iOS: the application's one binary, its findings by name."""
    if isinstance(part, Mapping):
        for at, name, item in _named(part.get("findings", part), "binary_analysis"):
            yield _guard(at, "", name, item) if item is not None else Rejected(at=at, why=NO_OBJECT)
        return
    for index, library in enumerate(listed(part)):
        checks = {k: v for k, v in library.items() if k not in _DETAILS} if isinstance(library, Mapping) else {}
        for at, name, item in _named(checks, f"binary_analysis[{index}]"):
            path = str(library.get("name") or "")
            yield _guard(at, path, name, item) if item is not None else Rejected(at=at, why=NO_OBJECT)


def _guard(at: str, path: str, name: str, item: Mapping[str, Any]) -> Record:
    level, text = str(item.get("severity") or "").lower(), str(item.get("description") or item.get("detailed_desc"))
    if level in _GUARDED:
        return Passed(at=at)
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule=name,
        title=first_line(text.partition(". ")[0]),
        severity=_level(level),
        message=text,
        locations=place(path),
        cwes=cwes(item.get("cwe")),
    )


def _firebase(at: str, item: Mapping[str, Any]) -> Record:
    if item.get("open") is not True:
        return Passed(at=at)
    title = "The Firebase database is open to everyone"
    return Sighting(
        at=at,
        kind=Kind.MISCONFIGURATION,
        rule="firebase-open",
        title=title,
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        message=f"{title}: {item.get('url')}",
        locations=place(item.get("url")),
    )


def _secret(at: str, text: str) -> Record:
    """A string resource, as `"name" : "value"`; the name alone made it look like a secret."""
    pair = _PAIR.match(text)
    name = pair[1] if pair else "string"
    return Sighting(
        at=at,
        kind=Kind.SECRET,
        rule="hardcoded-secret",
        title=f"Possible secret in the string “{name}”" if pair else "Possible secret in the application",
        severity=Severity.MEDIUM,
        confidence=Confidence.LOW,
        message="A string of the application looks like a secret: whoever has the application has it too.",
        secret=leaks.value(pair[2] if pair else text),
    )


def tool(document: Document) -> str:
    return str(document.json.get("version") or "").removeprefix("v")


FORMAT = Format(
    id="mobsf",
    title="MobSF",
    docs="https://mobsf.github.io/docs/#/rest_api",
    recognises=recognises,
    records=records,
    tool=tool,
)
