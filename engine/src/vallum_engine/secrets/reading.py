"""A file read by its format: what rules about keys find in it, and the rest rewritten so that every other rule can see it."""

from binascii import Error
from collections.abc import Iterable, Iterator, Mapping, Sequence

from vallum_engine.compiling import expression
from vallum_engine.secrets.bases import from_base64url
from vallum_engine.secrets.confirm import Confirmer, Match
from vallum_engine.secrets.decoding import Decoded
from vallum_engine.secrets.formats.choose import format_of, reader
from vallum_engine.secrets.formats.setting import MOST, Setting, TooDeep, paired
from vallum_engine.secrets.rule import Rule
from vallum_engine.values import immutable, replace

_WORDS = rb"(?i:passw|passphrase|pwd|secret|token|api_?key|access_?key|private_?key|credential)"
_NAMED = rb"[\w.:/-]{0,60}?" + _WORDS + rb"[\w.-]{0,30}"
HINTS = (
    rb"(?i:name|key|variable|\bid)[\"']?\s{0,3}[:=]\s{0,3}[\"']?"
    + _NAMED
    + rb"[\"']?[\s,]{1,60}[\"']?(?i:value|default)",
    rb"variable[ \t]{1,4}\"" + _NAMED + rb"\"[ \t]{0,4}\{",
    rb"(?i:name|key|id)=[\"']" + _NAMED + rb"[\"'][^<>]{0,60}?>\s{0,20}[^<\s$]",
    rb">\s{0,3}" + _NAMED + rb"\s{0,3}</[\w-]{1,20}>\s{0,60}<[\w-]{1,20}>\s{0,20}[^<\s$]",
    rb"<[\w.:-]{0,30}?" + _WORDS + rb"[\w.-]{0,20}(?: [^<>\n]{0,80})?>[^<\s$]",
    rb"[Kk]ind[\"']?\s{0,3}:\s{0,3}[\"']?Secret\b",
    _WORDS + rb"[\w.-]{0,30}[\"']?:[ \t]{0,3}[|>][+-]?\d?[ \t]{0,3}\r?\n",
    _WORDS + rb"[\w.-]{0,30}[\"']?:[ \t]{0,3}\r?\n[ \t]{1,40}[\"']?[^\s:#\"'-][^\s:\"']{7,200}[\"']?[ \t]{0,3}\r?\n",
    rb"[\"'][\w.]{0,60}?" + _WORDS + rb"\w{0,20}=[^\"'\s]{4}",
)
"""What says that a file shows more to who reads it by its format: names apart from their values, blocks, lists."""
_SMALL = 16_384
_AROUND = 3_000
_MOST_READ = 2_000_000
"""Bytes around hints that are read of one file: beyond, the detector says that it did not look."""
_LEAST = 4
_TOKEN = rb"[\w+/=.~:@-]{16,}"
_ENCODED = rb"[A-Za-z0-9+/_\s-]{4,}={0,2}\s*"


@immutable(kw_only=False)
class Read:
    """What reading a file by its format gave."""

    matches: Sequence[Match] = ()
    rewritten: Sequence[Decoded] = ()
    trouble: str = ""


class FormatReader:
    """The rules that speak of keys, and the readers of formats."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = [_Keyed(rule) for rule in rules if rule.key]

    def read(self, data: bytes, path: str, hints: Sequence[int] | None = None) -> Read:
        """Nothing for a file of no known format. `hints`: places in order, around which alone a large file is read."""
        format_ = format_of(path)
        if not format_:
            return Read()
        rules = [keyed for keyed in self.rules if not keyed.rule.read or path.endswith(keyed.rule.read)]
        pages = {"": _Page(""), "base64": _Page("base64")}
        matches: list[Match] = []
        trouble, left = "", _MOST_READ
        for start, end in _windows(data, hints):
            left -= end - start
            if hints is not None and left < 0:
                trouble = f"only the first {_MOST_READ:,} bytes that promise more were read as {format_}; all of its text was looked at"
                break
            settings: list[Setting] = []
            try:
                settings.extend(paired(reader(format_)(data[start:end])))
            except TooDeep:
                trouble = f"nested too deep to be read as {format_}; its text was looked at"
            if len(settings) >= MOST:
                trouble = f"only the first {MOST:,} settings were read as {format_}; all of its text was looked at"
            held = [rule for rule in rules if rule.may_hold(settings)]
            matches.extend(self._of(settings, held, path, _Part(data, start), pages))
        return Read(matches, [page.text() for page in pages.values() if page.pieces], trouble)

    def _of(
        self,
        settings: Sequence[Setting],
        rules: Sequence["_Keyed"],
        path: str,
        part: "_Part",
        pages: Mapping[str, "_Page"],
    ) -> Iterator[Match]:
        """What the rules find; the settings that expressions could not see go to the pages."""
        token = expression(_TOKEN).fullmatch
        for setting in settings:
            unwrapped, how, key = setting, "", setting.key
            for keyed in rules:
                if keyed.speaks_of(key, setting.document):
                    unwrapped = _unwrapped(setting) if keyed.rule.encoded else setting
                    how = "base64" if unwrapped is not setting else ""
                    yield from keyed.match(unwrapped, path, how, part.start)
            if how or not setting.plain or (setting.path and token(setting.value)):
                pages[how].write(unwrapped, part)


def _windows(data: bytes, hints: Sequence[int] | None) -> Iterator[tuple[int, int]]:
    """Whole lines around the hints, in order and without overlap; all of a small file."""
    if hints is None or len(data) <= _SMALL:
        yield 0, len(data)
        return
    done = 0
    for place in hints:
        if place < done:
            continue
        start = max(data.rfind(b"\n", 0, max(place - _AROUND, 0)) + 1, done, place - 2 * _AROUND)
        end = data.find(b"\n", place + _AROUND, place + 2 * _AROUND)
        done = end if end >= 0 else min(place + 2 * _AROUND, len(data))
        yield start, done


class _Keyed:
    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.key = expression(rule.key)
        self.value = expression(rule.value)
        self.confirmer = Confirmer(rule)
        self.where = {(name, value.encode()) for name, value in rule.where}
        self.documents: set[int] = set()

    def may_hold(self, settings: Iterable[Setting]) -> bool:
        """Whether its condition holds in some of the documents, which it remembers."""
        if not self.where:
            return True
        facts: dict[int, set[tuple[str, bytes]]] = {}
        for setting in settings:
            if (setting.name, setting.value) in self.where:
                facts.setdefault(setting.document, set()).add((setting.name, setting.value))
        self.documents = {document for document, held in facts.items() if held == self.where}
        return bool(self.documents)

    def speaks_of(self, key: str, document: int) -> bool:
        return (not self.where or document in self.documents) and bool(self.key.fullmatch(key))

    def match(self, setting: Setting, path: str, how: str, shift: int) -> Iterator[Match]:
        found = self.value.fullmatch(setting.value)
        match = self.confirmer.judged(found, path) if found else None
        if match:
            start = setting.start + (match.start if match.value != setting.value and not how else 0)
            end = setting.end if how else min(start + match.end - match.start, setting.end)
            yield replace(match, start=start + shift, end=max(start + 1, end) + shift, how=how)


def _unwrapped(setting: Setting) -> Setting:
    """The setting with its value decoded from base64, or the very same where it is none."""
    if not expression(_ENCODED).fullmatch(setting.value):
        return setting
    text = b"".join(setting.value.split()).rstrip(b"=")
    try:
        return replace(setting, value=from_base64url(text + b"=" * (-len(text) % 4)))
    except Error:
        return setting


@immutable(kw_only=False)
class _Part:
    """What was read of a file, and where that begins."""

    data: bytes
    start: int

    def lines(self, setting: Setting) -> Iterator[tuple[int, int]]:
        """Where in the setting's value each line begins but the first, and where in the file: blocks are indented there."""
        before, place, end = 0, setting.start + self.start, setting.end + self.start
        for line in setting.value.splitlines(keepends=True):
            found = self.data.find(line.rstrip(b"\r\n"), place, end)
            if found >= 0:
                place = found
                if before:
                    yield before, place
                place += len(line.rstrip(b"\r\n"))
            before += len(line)


class _Page:
    """Settings as lines `path.name = "value"`, with the way back to where the values stand."""

    def __init__(self, how: str) -> None:
        self.how = how
        self.pieces: list[bytes] = []
        self.size = 0
        self.starts: list[int] = []
        self.origins: list[int] = []

    def write(self, setting: Setting, part: _Part) -> None:
        value = setting.value
        if len(value) < _LEAST:
            return
        name = setting.key.replace(".*", "").replace(".", "_").encode("utf-8", "replace")
        quote = b"\n" if b"\n" in value or b'"' in value else b'"'
        before = name + b" = " + quote
        begun, start = self.size + len(before), setting.start + part.start
        lines = list(part.lines(setting)) if b"\n" in value and not self.how else []
        self.starts += (self.size, begun, *(begun + place for place, _ in lines), begun + len(value))
        self.origins += (start, start, *(origin for _, origin in lines), setting.end + part.start)
        self.pieces.append(before + value + quote + b"\n\n")  # two: no value reads as the name of the next line's
        self.size += len(self.pieces[-1])

    def text(self) -> Decoded:
        return Decoded(b"".join(self.pieces), self.how, self.starts, self.origins)
