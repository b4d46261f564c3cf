"""The secrets detector: from places where a trigger matched to findings that hold no secret."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from vallum_engine.detector import Hit, Trigger
from vallum_engine.identity import PUBLIC_KEY, aliases, of_value, secret_hash
from vallum_engine.model.evidence import redacted
from vallum_engine.model.file import File
from vallum_engine.model.finding import Finding, Kind, Location, Remediation
from vallum_engine.model.package import Package
from vallum_engine.model.report import Exclusion, RuleSet, Verdict
from vallum_engine.secrets.confirm import Confirmer, Match
from vallum_engine.secrets.rulebook import Rulebook
from vallum_engine.triggers import HITS_PER_TRIGGER, Database, collect

NAME = "secrets"
_WIDE = Trigger(rb"\A(?:\xff\xfe|\xfe\xff)")
"""A byte order mark of UTF-16: no trigger can match before the text is decoded."""
_LAST_STEPS = (
    "Put the new one into a secret store or the environment, and let the program read it from there.",
    "Take the old one out of the file. It stays in the history: what ends the danger is the revocation.",
)


class SecretsDetector:
    """Finds credentials in text. Their values end here: findings carry a keyed hash and a redacted extract."""

    name = NAME

    def __init__(self, rulebook: Rulebook, *, fingerprint_key: bytes = PUBLIC_KEY) -> None:
        self.rulebook = rulebook
        self.fingerprint_key = fingerprint_key
        self.triggers: Sequence[Trigger] = (*(Trigger(rule.trigger) for rule in rulebook.rules), _WIDE)
        self._confirmers: dict[int, Confirmer] = {}
        self._exclusions: list[Exclusion] = []
        self._decoded: Database | None = None

    def rulesets(self) -> tuple[RuleSet, ...]:
        rules = tuple(rule.id for rule in self.rulebook.rules)
        return (RuleSet(name=NAME, version=self.rulebook.version, rules=rules),)

    def wants(self, path: str) -> bool:  # noqa: ARG002 - part of the protocol; secrets go by content alone
        return False

    def conclude(self) -> Iterable[Finding]:
        return ()

    def exclusions(self) -> Sequence[Exclusion]:
        return self._exclusions

    def packages(self) -> Sequence[Package]:
        return ()

    def detect(self, file: File, hits: Sequence[Hit]) -> Iterable[Finding]:
        data = file.data
        if any(hit.trigger == len(self.rulebook.rules) for hit in hits):
            data = data.decode("utf-16", "replace").encode()
            hits = self._hits(data)
        self._say_when_capped(file.path, hits)
        matches = _most_specific(list(self._matches(data, hits, file.path)))
        return self._findings(file.path, _with_lines(data, matches))

    def _hits(self, data: bytes) -> Sequence[Hit]:
        if self._decoded is None:
            self._decoded = collect([self]).fallback()
        return self._decoded.hits(data).get(0, ())

    def _say_when_capped(self, path: str, hits: Sequence[Hit]) -> None:
        if len(hits) < HITS_PER_TRIGGER:
            return
        for trigger, count in sorted(Counter(hit.trigger for hit in hits).items()):
            if count >= HITS_PER_TRIGGER:
                why = f"{self.rulebook.rules[trigger].id}: only the first {HITS_PER_TRIGGER:,} places were looked at"
                self._exclusions.append(Exclusion(path=path, ruleset=NAME, verdict=Verdict.SKIPPED, why=why))

    def _matches(self, data: bytes, hits: Sequence[Hit], path: str) -> Iterator[Match]:
        done: dict[int, int] = {}
        for hit in hits:
            if hit.end <= done.get(hit.trigger, -1):
                continue
            confirmer = self._confirmers.get(hit.trigger)
            if confirmer is None:
                confirmer = self._confirmers[hit.trigger] = Confirmer(self.rulebook.rules[hit.trigger])
            found = confirmer.at(data, hit.end)
            if found is None:
                continue
            done[hit.trigger] = found.end()
            match = confirmer.judged(found, path)
            if match:
                yield match

    def _findings(self, path: str, matches: Iterable[tuple[Match, Location]]) -> Iterator[Finding]:
        grouped: dict[tuple[str, bytes], list[tuple[Match, Location]]] = {}
        for match, lines in matches:
            grouped.setdefault((match.rule.id, match.value), []).append((match, lines))
        for found in grouped.values():
            places = {Location(path=path, line=lines.line, end_line=lines.end_line) for _, lines in found}
            yield self._finding(found[0][0], tuple(sorted(places)))

    def _finding(self, match: Match, locations: tuple[Location, ...]) -> Finding:
        rule = match.rule
        digest = secret_hash(match.value, self.fingerprint_key)
        identity = ("secret/1", rule.id, digest)
        beside = f", with its {match.pair.name} beside it" if match.pair else ""
        return Finding(
            kind=Kind.SECRET,
            ruleset=NAME,
            rule=rule.id,
            title=rule.title,
            severity=match.severity,
            confidence=match.confidence,
            message=f"{rule.title} in plain text{beside}: whoever can read this file can use it.",
            locations=locations,
            identity=identity,
            aliases=aliases(identity, of_value(digest)),
            evidence=redacted(match.value),
            remediation=Remediation(steps=(*rule.rotate, *_LAST_STEPS)),
            references=rule.references,
        )


@dataclass(slots=True)
class _Kept:
    """Spans that do not overlap, in order."""

    starts: list[int]
    ends: list[int]

    def take(self, start: int, end: int) -> bool:
        """Whether the span was free; it no longer is."""
        at = bisect_left(self.starts, end)
        if at and self.ends[at - 1] > start:
            return False
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
