"""From a place where a rule's trigger matched to a value that is worth a finding, or to nothing."""

import re

from vallum_engine.compiling import expression
from vallum_engine.model.finding import Severity
from vallum_engine.secrets.checksums import DOUBTS, PROOFS, refuted
from vallum_engine.secrets.context import Trust, trust
from vallum_engine.secrets.entropy import shannon
from vallum_engine.secrets.placeholders import is_placeholder
from vallum_engine.secrets.rule import Pair, Rule
from vallum_engine.values import immutable, unshown

_NAME = 60
_WRITTEN = rb"\s+|\\+[nr]|[\"'`]\s{0,40}[+.,\\]?\s{0,40}[\"'`]|\A[\"'`]|[\"'`]\Z"
"""Ends of lines, as they are and as strings write them, and what joins the strings that a key is written in."""
_NAME_BYTES = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_./-")


@immutable
class Match:
    """A confirmed value and where it stands. Lives inside the scanning process only: it holds the secret."""

    rule: Rule
    start: int
    end: int
    value: bytes = unshown()
    before: bytes = unshown()
    """The value of a block as version 1 of the identity had it; empty where that is the same by definition."""
    severity: Severity
    trust: Trust
    pair: Pair | None = None
    pair_value: bytes = unshown()
    how: str = ""
    """How it was encoded, empty for plain text. `start` and `end` are places of the encoded text."""


class Confirmer:
    """One rule, compiled when it is first needed."""

    def __init__(self, rule: Rule, now: int | None = None) -> None:
        self.rule = rule
        self.now = now
        self.expression = expression(rule.pattern, re.DOTALL)
        self.begin: re.Pattern[bytes] | None = None
        """The trigger, where its length leaves open where a match begins: compiled when that is asked."""
        self.pair = expression(rule.pair.pattern, re.DOTALL) if rule.pair else None

    def holds_in(self, path: str) -> bool:
        return not self.rule.files or path.endswith(self.rule.files)

    def at(self, data: bytes, end: int) -> re.Match[bytes] | None:
        """The match of the whole expression that begins where the trigger's match ending before `end` does.

        The whole expression is tried at those beginnings only: searching with it would cost its full length at every
        byte of a hostile file.
        """
        rule = self.rule
        start, last, limit = max(end - rule.high, 0), end - rule.low, end + rule.stretch
        while start <= last:
            if start != last:
                self.begin = self.begin or expression(rule.trigger, re.DOTALL)
                begun = self.begin.search(data, start, end)
                if begun is None or begun.start() > last:
                    return None
                start = begun.start()
            found = self.expression.match(data, start, limit)
            if found and found.end() >= end:
                return found
            start += 1
        return None

    def judged(self, found: re.Match[bytes], path: str) -> Match | None:
        """The match, unless its value cannot be a live secret."""
        rule = self.rule
        group = 1 if found.re.groups else 0
        # The same key however it is indented and whatever strings it is written in.
        value = expression(_WRITTEN).sub(b"", found[group]) if rule.block else found[group]
        if refuted(rule.checksum, value) or (not rule.human and self._dull(value)):
            return None
        found_trust = trust(rule, value, self._name(found, found.start(group)), path)
        if found_trust is None:
            return None
        other = self._other(found)
        if rule.pair and rule.pair.required and not other:
            return None
        if rule.checksum in PROOFS:
            found_trust = found_trust.raised("its checksum is right")
        if other and rule.pair:
            found_trust = found_trust.raised(f"its {rule.pair.name} stands beside it")
        for doubt in DOUBTS[rule.checksum](value, self.now) if rule.checksum in DOUBTS else ():
            found_trust = found_trust.lowered(doubt)
        place = found.span() if rule.block else found.span(group)
        return Match(
            rule=rule,
            start=place[0],
            end=place[1],
            value=value,
            before=b"".join(found[group].split()) if rule.block else b"",
            severity=rule.pair.severity if rule.pair and other else rule.severity,
            trust=found_trust,
            pair=rule.pair if other else None,
            pair_value=other,
        )

    def _dull(self, value: bytes) -> bool:
        """Whether it is no random text. A right checksum outweighs the words that chance spells: 1 in 25,000 holds "fake"."""
        return shannon(value) < self.rule.min_entropy or (self.rule.checksum not in PROOFS and is_placeholder(value))

    def _name(self, found: re.Match[bytes], value: int) -> bytes:
        """What stands before the value: the match up to it, and the name that the match began in the middle of."""
        start = found.start()
        begun = start
        while begun > 0 and start - begun < _NAME and found.string[begun - 1] in _NAME_BYTES:
            begun -= 1
        return found.string[begun:value]

    def _other(self, found: re.Match[bytes]) -> bytes:
        """The other half of the credential, looked for behind the first half and then before it."""
        pair = self.rule.pair
        if pair is None or self.pair is None:
            return b""
        start, end = found.span()
        for place in ((end, end + pair.within), (max(start - pair.within, 0), start)):
            for other in self.pair.finditer(found.string, *place):
                value = other[1] if self.pair.groups else other[0]
                if not is_placeholder(value) and shannon(value) >= self.rule.min_entropy:
                    return value
        return b""
