"""A secrets rule: a value. `rulefile` reads it."""

from enum import IntEnum

from vallum_engine.model.finding import Confidence, Severity
from vallum_engine.values import immutable


class Specificity(IntEnum):
    """How much the match itself says. Of two rules that match the same value the more specific one speaks."""

    GENERIC = 1
    """A name that sounds secret, and a value that looks random."""
    CONTEXT = 2
    """The words around it name the provider or the use."""
    TOKEN = 3
    """The value's own form says what it is."""


@immutable
class Pair:
    """The other half of a credential, looked for near the first."""

    name: str
    pattern: bytes
    within: int
    severity: Severity
    required: bool = False


@immutable
class Check:
    """A question to the issuer that changes nothing, and which answers say that a credential works or not.

    `{secret}` and `{pair}` stand for the two halves of a credential; in the address they stand behind the host only.
    """

    url: str
    method: str
    only: str = ""
    """An expression for the values that this address knows; empty for all."""
    headers: tuple[tuple[str, str], ...] = ()
    basic: str = ""
    """`name:password` of HTTP's Basic authorization."""
    body: str = ""
    live: tuple[int, ...]
    """Statuses of answers."""
    live_when: tuple[tuple[str, str], ...] = ()
    """Dotted paths in a JSON answer, and expressions for what stands there."""
    revoked: tuple[int, ...] = ()
    revoked_when: tuple[tuple[str, str], ...] = ()


@immutable
class Rule:
    """What to look for, how to be sure, and what to tell the person who has to end it."""

    id: str
    title: str
    provider: str
    severity: Severity
    confidence: Confidence
    specificity: Specificity
    pattern: bytes
    """Group 1, or else the whole match, is the secret value."""
    trigger: bytes
    low: int
    """The least and the greatest length of what the trigger matches."""
    high: int
    stretch: int
    """How far behind a hit the match may end."""
    min_entropy: float
    checksum: str = ""
    rank: int = 0
    """Settles who speaks among equally specific rules: the greater."""
    human: bool = False
    """The value is a password that a person may have chosen: short, made of words, judged by other means."""
    block: bool = False
    """The place is the whole match, from its first to its last line, not the value's."""
    files: tuple[str, ...] = ()
    """Endings of paths in which alone the pattern holds; empty for all."""
    key: str = ""
    """An expression for the whole key of a setting (`users.*.user.token`), where a file is read by its format."""
    value: bytes = b""
    """What such a setting's value is, as a whole; group 1, or else all of it, is the secret."""
    read: tuple[str, ...] = ()
    """Endings of paths in which alone the key holds; empty for all."""
    encoded: bool = False
    """The setting's value is written in base64."""
    where: tuple[tuple[str, str], ...] = ()
    """Names and values of settings that must stand in the same document."""
    pair: Pair | None = None
    references: tuple[str, ...]
    rotate: tuple[str, ...]
    revoke: str = ""
    """The issuer's page on which it is revoked, https; empty where no document names one."""
    verify: Check | None = None
    """Asked only where a person wants it."""


def guessable(rule: Rule) -> bool:
    """Whether a list of guesses finds its values from a hash of them: what people choose, and what was made from that."""
    return rule.human or rule.specificity is Specificity.GENERIC or rule.id.endswith("password-hash")


@immutable
class Samples:
    """What a rule must find and must leave alone, with holes for the secret parts."""

    leaks: tuple[str, ...]
    clean: tuple[str, ...]
