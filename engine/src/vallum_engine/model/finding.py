"""A problem, as one scan saw it."""

from enum import StrEnum

from vallum_engine.model.layer import Layer
from vallum_engine.model.naming import own_names
from vallum_engine.model.statement import Statement
from vallum_engine.model.text import percent
from vallum_engine.model.verification import Verification
from vallum_engine.values import immutable, unshown

IN_BASELINE = "in the baseline"
"""The reason of what a baseline hides begins with this."""
UNFIXED = "no fixed version is known, and --ignore-unfixed was asked for"
"""The reason of what is set aside because nothing mends it."""
IGNORED = "ignored by"
"""The reason of what a file of ignores hides begins with this."""
BY_VEX = "VEX:"
"""The reason of what a VEX document hides begins with this."""


class Kind(StrEnum):
    """What sort of problem a finding is; part of the JSON report and of the wire."""

    SECRET = "secret"  # noqa: S105 - the name of a kind
    VULNERABILITY = "vulnerability"
    WEAKNESS = "weakness"
    MISCONFIGURATION = "misconfiguration"
    LICENCE = "licence"
    MALWARE = "malware"


class Severity(StrEnum):
    """How bad a finding is if it is true, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """4 for critical down to 0 for info: larger is worse."""
        return _RANK[self]

    def at_least(self, other: "Severity") -> bool:
        return self.rank >= other.rank


_RANK = {severity: rank for rank, severity in enumerate(reversed(Severity))}


class Confidence(StrEnum):
    """How sure the detector is that the finding is true."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """2 for high down to 0 for low: larger is surer."""
        return _SURENESS[self]


_SURENESS = {confidence: rank for rank, confidence in enumerate(reversed(Confidence))}


@immutable(order=True)
class Location:
    """A place in the scanned tree. `path` is relative, with forward slashes; lines count from 1, both ends inclusive."""

    path: str
    line: int = 1
    end_line: int = 1
    layer: str = ""
    """In an image the name of the layer that brought it (`Layer.name`)."""
    lower: bool = False
    """Whether it is in that layer only: a later one deletes or replaces it, and whoever has the image can still read it."""


@immutable
class PackageRef:
    """A package as a finding names it, and how it came in as far as the scanned file says."""

    purl: str
    ecosystem: str
    name: str
    version: str
    direct: bool | None = None
    """Whether the project itself asks for it."""
    dev: bool | None = None
    """Whether it is there for development alone."""
    path: tuple[str, ...] = ()
    """A shortest way to it: the project (by the lockfile's path where it has no name), then names with versions."""
    cut: int = 0
    """Steps of `path` left out after its tenth."""


@immutable
class AdvisoryRef:
    """One document about the vulnerability, with the versions it says are fixed."""

    id: str
    aliases: tuple[str, ...] = ()
    url: str = ""
    summary: str = ""
    cvss: str = ""
    """A CVSS vector string, v3.x or v4.0, as the advisory gives it; empty when it gives none."""
    fixed: tuple[str, ...] = ()
    standing: str = ""
    """What a distribution says of a flaw that it has not mended: that it will not be, that it is none there."""


@immutable
class Exploitation:
    """How likely it is that the vulnerability is exploited, and whether it is known to be."""

    epss: float | None = None
    """FIRST's EPSS: the chance, from 0 to 1, that somebody exploits it within 30 days."""
    percentile: float | None = None
    """The share of all vulnerabilities, from 0 to 1, that score no higher."""
    since: str = ""
    """The day on which CISA's catalogue took it in as known to be exploited (YYYY-MM-DD); empty where it did not."""
    ransomware: bool = False
    """Whether the catalogue knows of ransomware that uses it."""

    @property
    def sentence(self) -> str:
        """For a person. What is known to be exploited needs no forecast."""
        if self.since:
            also = ", by ransomware too" if self.ransomware else ""
            return f"Known to be exploited since {self.since}{also} (CISA)."
        if self.epss is None:
            return ""
        return f"{percent(self.epss).capitalize()} likely to be exploited within 30 days (EPSS)."


class Reach(StrEnum):
    """Whether the code that was scanned imports a package, as far as its text tells; part of the JSON report and of the wire."""

    IMPORTED = "imported"
    """Production code imports it, or a package that needs it."""
    TESTS = "tests"
    """Only tests and tooling do."""
    NOT_IMPORTED = "not_imported"
    """Nothing does."""
    UNKNOWN = "unknown"
    """The text does not tell."""


@immutable
class Reachability:
    """Whether own code gets to a package, and how that is known."""

    verdict: Reach
    sentence: str
    """The verdict for a person, with places, or with what keeps it from being known."""
    places: tuple[Location, ...] = ()
    """The first places that import it, by path."""
    by: str = ""
    """The package that they import, with its version, where that is another one that needs this one."""


@immutable
class Remediation:
    """What ends the finding: steps in order, and the version to move to where one does it."""

    steps: tuple[str, ...]
    upgrade_to: str = ""
    revoke: str = ""
    """Of a secret the https address of its issuer's page on which it is revoked; empty where none is known."""


@immutable
class Commit:
    """A commit that wrote what was found, and where; of the message of a tag, the tag."""

    id: str
    date: str
    """When its author says that it was written: UTC, `2026-03-01T12:00:00Z`; empty where that is no moment."""
    path: str


@immutable
class History:
    """What a repository's history says of a finding: who brought it first, who wrote it last."""

    first: Commit
    last: Commit
    in_head: bool
    """Whether it stands in a file of HEAD."""


@immutable
class Finding:
    """One rule, broken at one or more places, as one scan saw it.

    `identity` is what stays the same when the code around it moves: never a line number, never a message. Each
    detector chooses its own; the first element names the identity scheme and its version (`secret/1`).
    """

    kind: Kind
    ruleset: str
    rule: str
    title: str
    severity: Severity
    confidence: Confidence
    message: str
    locations: tuple[Location, ...]
    identity: tuple[str, ...] = unshown()
    fingerprint: str = ""
    """Filled in by the pipeline from `identity`; a reader of the wire has the fingerprint and no identity."""
    aliases: tuple[str, ...] = ()
    """Other fingerprints the same problem may be known by: another id of the vulnerability, the secret's value alone, what
    an earlier version of the identity was. One in common makes two findings of an asset one. Sorted."""
    content: str = ""
    """A fingerprint of what is wrong without its path, where that tells it apart: it follows a file that is renamed."""
    evidence: str = ""
    """A redacted extract: of a secret at most its first and last four characters, never over a third of it."""
    package: PackageRef | None = None
    advisories: tuple[AdvisoryRef, ...] = ()
    remediation: Remediation | None = None
    exploitation: Exploitation | None = None
    reachability: Reachability | None = None
    """None where nobody looked: no package, or an ecosystem whose imports are not read."""
    references: tuple[str, ...] = ()
    layers: tuple[Layer, ...] = ()
    """Of an image the layers that its locations name, from the lowest; filled in by the pipeline."""
    history: History | None = None
    """None where no history was looked at, or where nothing of it is there."""
    reason: str = ""
    """Of a suppressed finding: why it is hidden, in the words of who hid it; empty where nothing was said."""
    verification: Verification | None = None
    """Of a secret, where its issuer was asked whether it still works."""
    statement: Statement | None = None
    """What an ignore or a VEX document says of it."""
    lapsed: str = ""
    """Of a finding that an ignore hid until it ended: which one, and when."""

    @property
    def own_names(self) -> frozenset[str]:
        """The ids of this vulnerability and no other."""
        return frozenset((self.rule, *(name for each in self.advisories for name in own_names(each.id, each.aliases))))

    @property
    def names(self) -> frozenset[str]:
        """The ids that it goes by: those, and the ids of bulletins about several vulnerabilities of which it is one."""
        return self.own_names | {advisory.id for advisory in self.advisories}
