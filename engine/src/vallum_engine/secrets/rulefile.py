"""The strict reading of `rules/<provider>.toml`, and of a caller's own rules."""

import re
from collections.abc import Mapping
from typing import Any, AnyStr, TypeVar

from vallum_engine.errors import BrokenData
from vallum_engine.expressions import Shape, trigger, width
from vallum_engine.model.finding import Confidence, Severity
from vallum_engine.secrets.checksums import CHECKSUMS
from vallum_engine.secrets.rule import Check, Pair, Rule, Samples, Specificity

REACH = 856
"""Bytes before a hit in which a match may begin."""
STRETCH = 16_384
"""Bytes after a hit to which a match may extend: an RSA key of 8,192 bits and its certificate's text fit."""
DEFAULT_ENTROPY = 2.5
_ANY = rb"[^\s<>{}$][^\s<>{}]{3,400}"
"""A setting's value where a rule does not say what it looks like."""

T = TypeVar("T")

_ADDRESS = r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[^\s<>\"\\^`{|}\x00-\x1f\x7f-\uffff]*)?"
_ID = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_MOST = 1 << 30
_FILE_KEYS = frozenset({"provider", "references", "rotate", "revoke", "rule"})
_KEYS = frozenset(
    {"id", "title", "severity", "confidence", "specificity", "pattern", "trigger", "files", "min_entropy", "checksum"}
    | {"rank", "human", "block", "pair", "references", "rotate", "leaks", "clean", "assigned_to", "value"}
    | {"key", "read", "encoded", "where", "revoke", "verify"}
)
_CHECK_KEYS = frozenset(
    {"get", "post", "only", "headers", "basic", "body", "live", "live_when", "revoked", "revoked_when"}
)
_QUESTION = r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?/[A-Za-z0-9\-._~/?=&@:%{}]*"
_PAIR_KEYS = frozenset({"name", "pattern", "within", "severity", "required"})


# A name that holds one of the words, then `=`, `:`, `=>`, `,`, `(`, a type and `=`, an attribute `value=` or, on a command
# line, nothing but a space, then the value, quoted or not, in text of its own or within a text, where the quotes have backslashes.
_ASSIGNMENT = (
    r"(?i:{name})[\w .-]{{0,30}}[\"'`\]\\]{{0,3}}"
    r"(?:(?:[ \t]{{0,3}}|[ \t]value)(?:=>|:=|[=:,(]|:[ \t]?&?[\w.<>\[\]?]{{1,20}}[ \t]{{1,3}}=)[ \t]{{0,3}}|[ \t]{{1,4}})"
    r"(?:[bru@]|\[\]byte\()?[\"'`\\]{{0,3}}({value})(?![\w/+=-])"
)


def read(text: str, name: str) -> list[tuple[Rule, Samples]]:
    """The rules of one file. Raises BrokenData, naming file and rule, for anything that is not exactly as it should be."""
    import tomllib  # noqa: PLC0415 - 4 ms that a scan with cached rules must not pay

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BrokenData(f"{name}: not TOML: {error}.") from error
    file = _Table(data, name)
    file.only(_FILE_KEYS)
    file.text("provider")
    rules = data.get("rule")
    if not isinstance(rules, list) or not rules or not all(isinstance(entry, Mapping) for entry in rules):
        raise BrokenData(f"{name}: no [[rule]] in it.")
    return [
        _rule(_Table(entry, f"{name}: rule {entry.get('id', number + 1)}"), file) for number, entry in enumerate(rules)
    ]


class _Table:
    """A TOML table that says where it stands when something in it is wrong."""

    def __init__(self, data: Any, where: str) -> None:
        if not isinstance(data, Mapping):
            raise BrokenData(f"{where}: must be a table.")
        self.data: Mapping[str, Any] = data
        self.where = where

    def wrong(self, key: str, what: str) -> BrokenData:
        return BrokenData(f"{self.where}: {key} {what}.")

    def only(self, keys: frozenset[str]) -> None:
        unknown = sorted(self.data.keys() - keys)
        if unknown:
            raise self.wrong(unknown[0], f"is unknown; known are {', '.join(sorted(keys))}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.data.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.wrong(key, "must be a text")
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value = self.data.get(key, default)
        if value is None or not isinstance(value, list | tuple) or not all(isinstance(v, str) and v for v in value):
            raise self.wrong(key, "must be a list of texts")
        if default is None and not value:
            raise self.wrong(key, "must not be empty")
        return tuple(value)

    def address(self, key: str) -> str:
        """An https address of a host; empty where there is none."""
        text = self.text(key, "")
        if text and not re.fullmatch(_ADDRESS, text):
            raise self.wrong(key, "must be an https:// address")
        return text

    def number(self, key: str, default: float) -> float:
        value = self.data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _MOST:
            raise self.wrong(key, "must be a number")
        return value

    def flag(self, key: str) -> bool:
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, "must be true or false")
        return value

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        value = self.data.get(key, {})
        if not isinstance(value, Mapping) or not all(isinstance(text, str) and text for text in value.values()):
            raise self.wrong(key, "must be a table of texts")
        return tuple(value.items())

    def statuses(self, key: str) -> tuple[int, ...]:
        value = self.data.get(key)
        if (
            not isinstance(value, list)
            or not value
            or not all(type(each) is int and 100 <= each < 600 for each in value)
        ):
            raise self.wrong(key, "must be a list of HTTP statuses")
        return tuple(value)

    def expressions(self, key: str) -> tuple[tuple[str, str], ...]:
        for name, text in self.pairs(key):
            _Table({name: text}, f"{self.where}: {key}").expression(name)
        return self.pairs(key)

    def expression(self, key: str) -> str:
        return self.understood(key, self.text(key)).pattern

    def understood(self, key: str, text: AnyStr) -> re.Pattern[AnyStr]:
        try:
            return re.compile(text)
        except (re.error, RecursionError, OverflowError) as error:
            raise self.wrong(key, f"is not an expression: {error}") from error

    def assignment(self) -> "_Table":
        """The same table with the expression for `value` assigned to a name that holds `assigned_to`.

        The name alone is the trigger: names of providers are rare, and what follows them would cost more in the database
        than the few places that Python looks at in vain.
        """
        if "pattern" in self.data:
            raise self.wrong("pattern", "and assigned_to exclude each other")
        name = self.text("assigned_to").replace("_?", "[_.-]?")  # api_key, api.key of properties, api-key of headers
        pattern = _ASSIGNMENT.format(name=name, value=self.text("value"))
        return _Table({"trigger": f"(?i:{name})", **self.data, "pattern": pattern}, self.where)

    def compiled(self, key: str) -> bytes:
        """An expression with at most one group, in the subset that triggers are made from."""
        found = self.understood(key, self.text(key).encode())
        if found.groups > 1:
            raise self.wrong(key, "has more than one group; write (?:…) for all but the secret value")
        return found.pattern


def _one_of(table: _Table, key: str, options: Mapping[str, T], default: str | None = None) -> T:
    value = table.text(key, default)
    if value not in options:
        raise table.wrong(key, f"is none of {', '.join(sorted(options))}")
    return options[value]


_SEVERITIES = {severity.value: severity for severity in Severity}
_CONFIDENCES = {confidence.value: confidence for confidence in Confidence}
_SPECIFICITIES = {specificity.name.lower(): specificity for specificity in Specificity}
_CHECKSUM_NAMES = {name: name for name in ("", *CHECKSUMS)}


def _rule(table: _Table, file: _Table) -> tuple[Rule, Samples]:
    table.only(_KEYS)
    if not re.fullmatch(_ID, table.text("id")):
        raise table.wrong("id", "must be words in lower case joined by hyphens")
    assigned = "assigned_to" in table.data
    if assigned:
        table = table.assignment()
    keyed = "key" in table.data
    pattern = table.compiled("pattern") if "pattern" in table.data or not keyed else b""
    shape, stretch = _triggered(table, pattern) if pattern else (Shape(b"", 0, 0), 0)
    rule = Rule(
        id=table.text("id"),
        title=table.text("title"),
        provider=file.text("provider"),
        severity=_one_of(table, "severity", _SEVERITIES),
        confidence=_one_of(table, "confidence", _CONFIDENCES, "medium" if assigned or keyed else "high"),
        specificity=_one_of(table, "specificity", _SPECIFICITIES, "context" if assigned or keyed else "token"),
        pattern=pattern,
        trigger=shape.text,
        low=shape.low,
        high=min(shape.high, REACH),
        stretch=stretch,
        min_entropy=table.number("min_entropy", DEFAULT_ENTROPY),
        checksum=_one_of(table, "checksum", _CHECKSUM_NAMES, ""),
        rank=int(table.number("rank", 0)),
        human=table.flag("human"),
        block=table.flag("block"),
        files=table.texts("files", ()),
        key=table.expression("key") if keyed else "",
        value=(table.compiled("value") if "value" in table.data else _ANY) if keyed else b"",
        read=table.texts("read", ()),
        encoded=table.flag("encoded"),
        where=table.pairs("where"),
        pair=_pair(_Table(table.data["pair"], f"{table.where}: pair")) if "pair" in table.data else None,
        references=_inherited(table, file, "references"),
        rotate=_inherited(table, file, "rotate"),
        verify=_check(_Table(table.data["verify"], f"{table.where}: verify"), "pair" in table.data)
        if "verify" in table.data
        else None,
        revoke=(table if "revoke" in table.data else file).address("revoke"),
    )
    return rule, Samples(leaks=table.texts("leaks"), clean=table.texts("clean"))


def _triggered(table: _Table, pattern: bytes) -> tuple[Shape, int]:
    """What Vectorscan looks for, and how far behind it the match may end."""
    try:
        shape = trigger(table.compiled("trigger") if "trigger" in table.data else pattern)
        stretch = min(width(pattern)[1], STRETCH)
    except (BrokenData, RecursionError) as error:
        raise table.wrong("pattern", str(error)) from error
    if not shape.text or not shape.low:
        raise table.wrong("pattern", "leaves nothing for a trigger: it would match everywhere")
    return shape, stretch


def _inherited(table: _Table, file: _Table, key: str) -> tuple[str, ...]:
    return (table if key in table.data else file).texts(key)


def _pair(table: _Table) -> Pair:
    table.only(_PAIR_KEYS)
    return Pair(
        name=table.text("name"),
        pattern=table.compiled("pattern"),
        within=int(table.number("within", 200)),
        severity=_one_of(table, "severity", _SEVERITIES),
        required=table.flag("required"),
    )


def _check(table: _Table, pair: bool) -> Check:  # noqa: FBT001 - whether the rule has another half, asked once
    table.only(_CHECK_KEYS)
    named = [key for key in ("get", "post") if key in table.data]
    if len(named) != 1:
        raise table.wrong("get", "or post must be the address that is asked, one of the two")
    check = Check(
        url=table.text(named[0]),
        method=named[0].upper(),
        only=table.expression("only") if "only" in table.data else "",
        headers=table.pairs("headers"),
        basic=table.text("basic", ""),
        body=table.text("body", ""),
        live=table.statuses("live"),
        live_when=table.expressions("live_when"),
        revoked=table.statuses("revoked") if "revoked" in table.data else (),
        revoked_when=table.expressions("revoked_when"),
    )
    if not re.fullmatch(_QUESTION, check.url):
        raise table.wrong(named[0], "must be an https:// address with a path, its host written out")
    told = " ".join((check.url, check.basic, check.body, *(text for _, text in check.headers)))
    if "{secret}" not in told:
        raise table.wrong(named[0], "asks nothing about {secret}")
    if "{pair}" in told and not pair:
        raise table.wrong(named[0], "speaks of a {pair} that the rule has not")
    return check
