"""A baseline: findings that a team knows of, in a file that lies in its repository and gives no secret away.

A fingerprint of a secret is a hash of its value under a public key, so a list of guesses finds short ones. A baseline hashes
fingerprints once more under a salt of its own, and holds no hash at all of what can be guessed: those findings it knows by
rule, file and number, and as soon as there is one more in the file, all of them show.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from vallum_engine.digests import blake2b
from vallum_engine.errors import BrokenData
from vallum_engine.model.finding import IN_BASELINE, Finding, Kind
from vallum_engine.model.report import Report
from vallum_engine.values import immutable, replace

_VERSION = 1
_MOST_BYTES = 64 << 20
_MOST_TEXT = 4096
_SALT_BYTES = 16
_HEX = frozenset("0123456789abcdef")

Guessable = Callable[[Finding], bool]


@immutable(order=True)
class Entry:
    """One known finding, or with an empty `hash` so many of one rule in one file."""

    path: str
    """Where it was when the baseline was written; of an entry with a hash for people only."""
    rule: str
    hash: str = ""
    count: int = 1
    reason: str = ""
    """What the team says about it, written into the file by hand."""


@immutable
class Baseline:
    """Entries, and the salt of their hashes."""

    salt: bytes
    entries: tuple[Entry, ...] = ()

    def hash(self, finding: Finding) -> str:
        return blake2b(finding.fingerprint.encode(), digest_size=16, key=self.salt).hexdigest()


@immutable
class Compared:
    """A report after a baseline was held against it."""

    report: Report
    stale: tuple[Entry, ...]
    """Entries of which nothing was found any more."""


class _Index:
    """Entries by what they know, and those of which something was found."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.hashes: dict[str, Entry] = {}
        self.counted: dict[tuple[str, str], Entry] = {}
        self.used: set[Entry] = set()
        for entry in entries:
            if entry.hash:
                self.hashes[entry.hash] = entry
            else:
                self.counted[entry.path, entry.rule] = entry


def made(report: Report, *, salt: bytes, guessable: Guessable, before: Baseline | None = None) -> Baseline:
    """A baseline of the report's findings. With one from before, its salt and the reasons given in it stay."""
    baseline = Baseline(salt=before.salt if before else salt)
    reasons = {(e.hash or (e.path, e.rule)): e.reason for e in before.entries} if before else {}
    counts: Counter[tuple[str, str]] = Counter()
    entries: list[Entry] = []
    for finding in report.findings:
        if finding.kind is Kind.SECRET and guessable(finding):
            counts.update({(place.path, finding.rule) for place in finding.locations})
        else:
            hashed = baseline.hash(finding)
            entries.append(
                Entry(path=finding.locations[0].path, rule=finding.rule, hash=hashed, reason=reasons.get(hashed, ""))
            )
    entries += [
        Entry(path=path, rule=rule, count=count, reason=reasons.get((path, rule), ""))
        for (path, rule), count in counts.items()
    ]
    return replace(baseline, entries=tuple(sorted(entries)))


def compared(report: Report, baseline: Baseline) -> Compared:
    """The report with what the baseline knows among the suppressed findings."""
    index = _Index(baseline.entries)
    counts = Counter((place, f.rule) for f in report.findings for place in {p.path for p in f.locations})

    def why(finding: Finding) -> str:
        entries = _known(finding, baseline, index, counts)
        index.used.update(entries)
        said = next((entry.reason for entry in entries if entry.reason), "")
        return (f"{IN_BASELINE}: {said}" if said else IN_BASELINE) if entries else ""

    known = report.hiding(why)
    return Compared(report=known, stale=tuple(entry for entry in baseline.entries if entry not in index.used))


def _known(
    finding: Finding, baseline: Baseline, index: _Index, counts: Mapping[tuple[str, str], int]
) -> Sequence[Entry]:
    """The entries that know it: one by its hash, or one for each file that it is in; none where a file is not known."""
    entry = index.hashes.get(baseline.hash(finding))
    if entry:
        return (entry,)
    found = []
    for path in {place.path for place in finding.locations}:
        counted = index.counted.get((path, finding.rule))
        if counted is None or counts[path, finding.rule] > counted.count:
            return ()
        found.append(counted)
    return found


def dump(baseline: Baseline) -> bytes:
    """The file: JSON, an entry a line, sorted, so that a change of it is easy to review."""
    lines = ",\n".join("  " + json.dumps(_plain(entry), ensure_ascii=False) for entry in sorted(baseline.entries))
    body = f'{{"vallum_baseline": {_VERSION}, "salt": "{baseline.salt.hex()}", "findings": [\n{lines}\n]}}\n'
    return body.encode("utf-8", "backslashreplace")


def _plain(entry: Entry) -> dict[str, Any]:
    known = {"hash": entry.hash} if entry.hash else {"count": entry.count}
    return {"path": entry.path, "rule": entry.rule, **known, **({"reason": entry.reason} if entry.reason else {})}


def read(data: bytes, name: str) -> Baseline:
    """What `dump` gave, reasons added by hand. Raises BrokenData, naming the file, for anything else."""
    if len(data) > _MOST_BYTES:
        raise BrokenData(f"{name} is larger than any baseline: write it again with `vallum baseline write`.")
    try:
        document = json.loads(data)
        if not isinstance(document, dict) or "vallum_baseline" not in document:
            raise BrokenData(f"{name} is no baseline: `vallum baseline write` makes one.")
        if document["vallum_baseline"] != _VERSION:
            raise BrokenData(
                f"{name} is a baseline of version {document['vallum_baseline']!r:.20}, expected {_VERSION}: update vallum."
            )
        return Baseline(salt=_salt(document["salt"]), entries=tuple(_entry(each) for each in document["findings"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BrokenData(f"{name} is damaged ({type(error).__name__}: {error}): write it again.") from error


def _salt(text: str) -> bytes:
    salt = bytes.fromhex(text)
    if len(salt) != _SALT_BYTES:
        raise ValueError("the salt is not of 16 bytes")
    return salt


def _entry(data: Mapping[str, Any]) -> Entry:
    texts = {key: data.get(key, "") for key in ("path", "rule", "hash", "reason")}
    count = data.get("count", 1)
    for key, value in texts.items():
        if not isinstance(value, str) or len(value) > _MOST_TEXT:
            raise ValueError(f"{key} is no text")
    if not isinstance(count, int) or isinstance(count, bool) or count < 1 or not texts["rule"]:
        raise ValueError("an entry needs a rule, and a hash or a count of at least 1")
    if set(texts["hash"]) - _HEX:
        raise ValueError("a hash is no hexadecimal number")
    return Entry(count=count, **texts)
