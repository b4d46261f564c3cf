"""A plan of upgrades: which ones, in which order, how each is done, and what it ends."""

from enum import StrEnum

from vallum_engine.model.finding import Severity
from vallum_engine.values import immutable


class Way(StrEnum):
    """How a step is done; part of the JSON output."""

    RAISE = "raise"
    """A manifest's range or pin is raised; where there is a lockfile, it is renewed after that."""
    RENEW = "renew"
    """The ranges let the version in: only the lockfile is renewed."""
    OVERRIDE = "override"
    """A range of another package keeps it out, and the manifest can overrule that."""
    PARENT = "parent"
    """A range of another package keeps it out: the package that the project asks for has to be raised."""
    OTHER = "other"
    """In words: what Vallum does not edit, as archives, images and installed trees."""


@immutable
class Ended:
    """A finding that a step ends, or does not."""

    rule: str
    severity: Severity
    fingerprint: str
    exploited: bool = False
    """Whether CISA's catalogue knows of its exploitation."""
    malware: bool = False


@immutable
class Change:
    """One line of a manifest before and after, both without their line end. `before` is empty where lines are added."""

    path: str
    line: int
    before: str
    after: str


@immutable
class Step:
    """One package moved to one version in one lockfile, manifest or installed tree."""

    way: Way
    ecosystem: str
    name: str
    versions: tuple[str, ...]
    """Those that it is at now."""
    to: str
    file: str
    line: int
    direct: bool | None
    dev: bool | None
    within: bool | None
    """Whether every range that asks for it lets `to` in; None where the lockfile does not say."""
    major: bool
    """Whether the first number of the version rises: what uses it may have to be changed."""
    command: str
    """What does the step without the diff; empty where words do."""
    say: tuple[str, ...]
    """Sentences for a person."""
    blocked: tuple[str, ...] = ()
    """Entries whose ranges keep the version out, each with its range, as a clause for a person."""
    parents: tuple[str, ...] = ()
    """Packages that the project asks for, through which a range keeps the version out."""
    changes: tuple[Change, ...] = ()
    ends: tuple[Ended, ...]
    remains: tuple[Ended, ...] = ()
    """Findings of the package that no version ends yet."""
    brings: tuple[str, ...] = ()
    """Advisories that hold `to` and did not hold the version before."""


@immutable
class Unfixed:
    """A package for whose findings no version is known that ends them."""

    ecosystem: str
    name: str
    versions: tuple[str, ...]
    file: str
    line: int
    say: str
    findings: tuple[Ended, ...]


@immutable
class Parent:
    """A package that the project asks for, and what is kept back because of it in one lockfile."""

    name: str
    ecosystem: str
    file: str
    keeps: tuple[str, ...]
    """The packages that would get to their version with it, or with it and other parents."""
    weight: int
    listing: str
    """What lists its versions."""


@immutable
class Patch:
    """A manifest before and after."""

    path: str
    before: bytes
    after: bytes


@immutable
class Plan:
    """Steps, the heaviest first; what nothing ends yet; the manifests as they would be; and what renews the lockfiles after that."""

    steps: tuple[Step, ...] = ()
    unfixed: tuple[Unfixed, ...] = ()
    parents: tuple[Parent, ...] = ()
    """What has to be raised for steps of the way `parent`, those that end the most first."""
    patches: tuple[Patch, ...] = ()
    after: tuple[tuple[str, str], ...] = ()
    """Lockfiles, each with a command that renews it once the manifests are changed: all that the diff does not do by itself."""
    left: int = 0
    """Steps that are left out because fewer were asked for."""


WEIGHTS = {Severity.CRITICAL: 40, Severity.HIGH: 15, Severity.MEDIUM: 5, Severity.LOW: 2, Severity.INFO: 0}
EXPLOITED = 100
"""What a finding weighs in the order of steps, and what it weighs more when it is known to be exploited."""


def weight(ended: Ended) -> int:
    return WEIGHTS[ended.severity] + (EXPLOITED if ended.exploited else 0)
