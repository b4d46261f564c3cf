"""The secrets detector: from places where a trigger matched to findings that hold no secret."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from vallum_engine.detector import Hit, Look, Trigger
from vallum_engine.identity import PUBLIC_KEY, aliases, of_value, secret_hash
from vallum_engine.model.evidence import redacted
from vallum_engine.model.file import File
from vallum_engine.model.finding import Finding, Kind, Location, Remediation
from vallum_engine.model.package import Package
from vallum_engine.model.report import Exclusion, RuleSet, Verdict
from vallum_engine.plugins import load
from vallum_engine.secrets.checksums import DOUBTS
from vallum_engine.secrets.confirm import Confirmer, Match
from vallum_engine.secrets.decoding import MOST, Place, decoded, unmarked
from vallum_engine.secrets.encoding import Encoding
from vallum_engine.secrets.formats.choose import format_of, keeps_credentials
from vallum_engine.secrets.reading import HINTS, FormatReader
from vallum_engine.secrets.rule import Specificity
from vallum_engine.secrets.rulebook import Rulebook
from vallum_engine.triggers import HITS_PER_TRIGGER, Database, collect
from vallum_engine.values import mutable, replace

NAME = "secrets"
_WIDE = Trigger(rb"\A(?:\xff\xfe|\xfe\xff|(?:[\t\n\r -~]\x00){8}|(?:\x00[\t\n\r -~]){8}|\x00\x00\xfe\xff)")
"""UTF-16, with a byte order mark or without: no trigger can match before the text is decoded."""
_NOTEBOOK = ".ipynb"
_CELLS = "vallum_engine.secrets.formats.notebook:read"
_DEPTH = 2
"""How deep encodings are undone within one another."""
_LAST_STEPS = (
    "Put the new one into a secret store or the environment, and let the program read it from there.",
    "Take the old one out of the file. It stays in the history: what ends the danger is the revocation.",
)


Witness = Callable[[tuple[str, ...], Match], object]


class SecretsDetector:
    """Finds credentials in text. Their values end here: findings carry a keyed hash and a redacted extract."""

    name = NAME
    looks_below = True
    by_file = True

    def __init__(self, rulebook: Rulebook, *, fingerprint_key: bytes = PUBLIC_KEY, now: int | None = None) -> None:
        """`now`: seconds since 1970, for tokens that say when they end; None where there is no clock."""
        self.rulebook = rulebook
        self.now = now
        self.stamp = f"{rulebook.digest} {fingerprint_key.hex()}"
        self.timed: set[str] = set()
        """Rules that found something whose confidence and words change as time goes by."""
        self.fingerprint_key = fingerprint_key
        self._numbers = [number for number, trigger in enumerate(rulebook.triggers) if trigger]
        self._formats: FormatReader | None = None
        self.triggers: Sequence[Trigger] = (
            *_triggers(rulebook.triggers, self._numbers, rulebook.packaged),
            _WIDE,
            *(Trigger(pattern, structured=True) for pattern in HINTS),
            *_triggers(
                [pattern for _, pattern in rulebook.disguises],
                range(len(rulebook.disguises)),
                rulebook.packaged_disguises,
            ),
        )
        self._wide = len(self._numbers)
        self._hints = self._wide + 1
        self._first_encoding = self._hints + len(HINTS)
        self._encodings = [Encoding(encoding) for encoding, _ in rulebook.disguises]
        self._confirmers: dict[int, Confirmer] = {}
        self._exclusions: list[Exclusion] = []
        self._look: Look = self._hits
        self.witness: Witness | None = None
        """Told of each finding's identity and of what was found: the one who may ask the issuer about it."""
        self._fallback: Database | None = None

    def rulesets(self) -> tuple[RuleSet, ...]:
        return (RuleSet(name=NAME, version=self.rulebook.version, rules=self.rulebook.ids),)

    def wants(self, path: str) -> bool:
        return keeps_credentials(path)

    def reads(self, path: str) -> bool:
        return format_of(path) != ""

    def conclude(self) -> Iterable[Finding]:
        return ()

    def exclusions(self) -> Sequence[Exclusion]:
        return self._exclusions

    def packages(self) -> Sequence[Package]:
        return ()

    def see_with(self, look: Look) -> None:
        self._look = look

    def detect(self, file: File, hits: Sequence[Hit]) -> Iterable[Finding]:
        data, how = file.data, ""
        if self._wide in [hit.trigger for hit in hits]:
            data, how = unmarked(data)
            hits = self._look(data)
        found = list(self._matches(data, hits, file.path, how))
        if hits and file.path.endswith(_NOTEBOOK):
            found = self._in_cells(data, file.path, found)
        if keeps_credentials(file.path):
            found.extend(self._read(data, file.path, None))
        elif hints := self._places_to_read(hits, found):
            found.extend(self._read(data, file.path, hints))
        if not found:
            return ()
        matches = _most_specific(found)
        return self._findings(file.path, _with_lines(data, matches))

    def _hits(self, data: bytes) -> Sequence[Hit]:
        """What a detector without the scan's triggers sees with: slow."""
        if self._fallback is None:
            self._fallback = collect([self]).fallback()
        return self._fallback.hits(data).get(0, ())

    def _say_when_capped(self, path: str, hits: Sequence[Hit]) -> None:
        if len(hits) < HITS_PER_TRIGGER:
            return
        for trigger, count in sorted(Counter(hit.trigger for hit in hits).items()):
            if count >= HITS_PER_TRIGGER:
                who = (
                    self.rulebook.ids[self._numbers[trigger]] if trigger < self._wide else "encoded or structured text"
                )
                self._say(path, f"{who}: only the first {HITS_PER_TRIGGER:,} places were looked at")

    def _say(self, path: str, why: str) -> None:
        self._exclusions.append(Exclusion(path=path, ruleset=NAME, verdict=Verdict.SKIPPED, why=why))

    def _matches(self, data: bytes, hits: Sequence[Hit], path: str, how: str = "", depth: int = 0) -> Iterator[Match]:
        """The matches in a text and in what is encoded within it. `how`: the text's own encoding."""
        self._say_when_capped(path, hits)
        done: dict[int, int] = {}
        encoded: list[Place] = []
        for hit in hits:
            if hit.trigger >= self._first_encoding:
                encoded.append((self._encodings[hit.trigger - self._first_encoding], hit.end))
            elif hit.trigger < self._wide and hit.end > done.get(hit.trigger, -1):
                confirmer = self._confirmer(hit.trigger)
                found = confirmer.at(data, hit.end) if confirmer.holds_in(path) else None
                if found is None:
                    continue
                done[hit.trigger] = found.end()
                match = confirmer.judged(found, path)
                if match:
                    yield replace(match, how=how) if how else match
        if encoded and depth < _DEPTH:
            yield from self._within(data, encoded, path, how, depth + 1)

    def _places_to_read(self, hits: Sequence[Hit], found: Sequence[Match]) -> list[int]:
        """Where a file may show more to who knows its format: also what only a name gave away may belong to a provider."""
        hints = [hit.end for hit in hits if self._hints <= hit.trigger < self._first_encoding]
        return sorted([*hints, *(match.end for match in found if match.rule.specificity is Specificity.GENERIC)])

    def _read(self, data: bytes, path: str, hints: Sequence[int] | None) -> Iterator[Match]:
        """The matches of a file that is read by its format: those of keys, and of every rule in what was rewritten."""
        if self._formats is None:
            self._formats = FormatReader(self.rulebook.rules[number] for number in self.rulebook.keyed)
        read = self._formats.read(data, path, hints)
        if read.trouble:
            self._say(path, read.trouble)
        yield from read.matches
        for part in read.rewritten:
            for match in self._matches(part.data, self._look(part.data), path, part.encoding):
                yield replace(match, start=part.origin(match.start), end=part.origin(match.end))

    def _in_cells(self, data: bytes, path: str, found: list[Match]) -> list[Match]:
        """What the cells of a notebook hold, and what was found in the file apart from them."""
        notebook = load(_CELLS)(data)
        if notebook is None:
            return found
        if notebook.trouble:
            self._say(path, notebook.trouble)
        inside, taken = [], _Kept([], [])
        for match in self._matches(notebook.text, self._look(notebook.text), path) if notebook.text else ():
            start, end = notebook.origin(match.start), notebook.origin(match.end)
            where = notebook.label(match.start)
            inside.append(replace(match, start=start, end=end, how=f"{match.how} in {where}" if match.how else where))
        for match in inside:
            taken.take(match.start, match.end)
        return [*inside, *(match for match in found if taken.free(match.start, match.end))]

    def _within(self, data: bytes, encoded: Sequence[Place], path: str, how: str, depth: int) -> Iterator[Match]:
        for number, part in enumerate(decoded(data, encoded)):
            if number == MOST:
                self._say(path, f"only the first {MOST:,} encoded parts were decoded")
                return
            way = f"{part.encoding} in {how}" if how else part.encoding
            for match in self._matches(part.data, self._look(part.data), path, way, depth):
                yield replace(match, start=part.origin(match.start), end=part.origin(match.end))

    def _confirmer(self, trigger: int) -> Confirmer:
        confirmer = self._confirmers.get(trigger)
        if confirmer is None:
            confirmer = self._confirmers[trigger] = Confirmer(self.rulebook.rules[self._numbers[trigger]], self.now)
        return confirmer

    def _findings(self, path: str, matches: Iterable[tuple[Match, Location]]) -> Iterator[Finding]:
        grouped: dict[tuple[str, bytes], list[tuple[Match, Location]]] = {}
        for match, lines in matches:
            grouped.setdefault((match.rule.id, match.value), []).append((match, lines))
        for found in grouped.values():
            places = {Location(path=path, line=lines.line, end_line=lines.end_line) for _, lines in found}
            finding = self._finding(found[0][0], tuple(sorted(places)))
            if self.witness:
                self.witness(finding.identity, found[0][0])
            yield finding

    def _finding(self, match: Match, locations: tuple[Location, ...]) -> Finding:
        rule = match.rule
        if rule.checksum in DOUBTS:
            self.timed.add(rule.id)
        digest = secret_hash(match.value, self.fingerprint_key)
        identity = ("secret/1", rule.id, digest)
        beside, others = "", [of_value(digest)]
        if match.before not in (b"", match.value):
            others.append(("secret/1", rule.id, secret_hash(match.before, self.fingerprint_key)))
        if match.pair:
            beside = f" with its {match.pair.name}"
            others.append(of_value(secret_hash(match.pair_value, self.fingerprint_key)))
        return Finding(
            kind=Kind.SECRET,
            ruleset=NAME,
            rule=rule.id,
            title=rule.title,
            severity=match.severity,
            confidence=match.trust.confidence,
            message=f"{rule.title}{beside} in {match.how or 'plain text'}: whoever can read this file can use it.",
            locations=locations,
            identity=identity,
            aliases=aliases(identity, *others),
            evidence=_evidence(match, beside),
            remediation=Remediation(steps=(*rule.rotate, *_LAST_STEPS), revoke=rule.revoke),
            references=rule.references,
        )


def _evidence(match: Match, beside: str) -> str:
    """What is shown of the secret, how it was written, and why the confidence is what it is."""
    shown = redacted(match.value) + (f"{beside} {redacted(match.pair_value)}" if beside else "")
    written = f", written in {match.how}" if match.how else ""
    return f"{shown}{written}. Confidence {match.trust.confidence.value}: {match.trust.reason}."


def _triggers(patterns: Sequence[bytes], numbers: Sequence[int], packaged: int | None) -> list[Trigger]:
    first = len(patterns) if packaged is None else packaged
    return [Trigger(patterns[number], own=number >= first) for number in numbers]


@mutable
class _Kept:
    """Spans that do not overlap, in order."""

    starts: list[int]
    ends: list[int]

    def free(self, start: int, end: int) -> bool:
        """Whether no span that was taken reaches into it."""
        at = bisect_left(self.starts, end)
        return not at or self.ends[at - 1] <= start

    def take(self, start: int, end: int) -> bool:
        """Whether the span was free; it no longer is."""
        if not self.free(start, end):
            return False
        at = bisect_left(self.starts, end)
        self.starts.insert(at, start)
        self.ends.insert(at, end)
        return True


def _most_specific(matches: list[Match]) -> list[Match]:
    """One match per value: that of the rule which knows most about it."""
    if len(matches) < 2:
        return matches
    matches.sort(key=lambda m: (-m.rule.specificity, -m.rule.rank, m.start - m.end, m.start, m.rule.id))
    kept, spoken = _Kept([], []), dict[bytes, str]()
    chosen = []
    for match in matches:
        if spoken.get(match.value, match.rule.id) == match.rule.id and kept.take(match.start, match.end):
            if match.pair:
                spoken.setdefault(match.pair_value, match.rule.id)
            spoken[match.value] = match.rule.id
            chosen.append(match)
    return chosen


def _with_lines(data: bytes, matches: list[Match]) -> Iterator[tuple[Match, Location]]:
    """Count each newline once, however many matches there are."""
    position, line = 0, 1
    for match in sorted(matches, key=lambda m: m.start):
        line += data.count(b"\n", position, match.start)
        position = match.start
        yield match, Location(path="", line=line, end_line=line + data.count(b"\n", match.start, match.end))
