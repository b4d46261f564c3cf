"""What a module in `formats/` brings: how its reports are known, and what their records say."""

from collections.abc import Callable, Iterator
from enum import StrEnum

from vallum_engine.model.finding import Confidence, Kind, Location, Severity
from vallum_engine.model.graph import NOT_SAID, Origin
from vallum_engine.model.package import Package
from vallum_engine.parsers.document import Document
from vallum_engine.values import immutable


@immutable
class Component:
    """A package as the report names it. `ecosystem` is OSV's name where there is one, `purl` is made where it is empty."""

    ecosystem: str
    name: str
    version: str = ""
    purl: str = ""
    fixed: tuple[str, ...] = ()


class Mark(StrEnum):
    """What the report itself says of a record beside its being a finding."""

    NONE = ""
    SUPPRESSED = "suppressed"
    """The tool's own user hid it, with a reason or without: it is listed as suppressed, and opens nothing."""


@immutable
class Sighting:
    """One record that says something is wrong. Only what the report states: nothing is guessed, empty means not said.

    Of a secret's value `secret` is the raw bytes: it is hashed and redacted at once and goes no further, so it must stand
    in no other field.
    """

    at: str
    """Where in the report the record stands, for a person: `results[3]`, `line 12`."""
    kind: Kind
    rule: str
    title: str
    severity: Severity
    confidence: Confidence = Confidence.MEDIUM
    message: str = ""
    locations: tuple[Location, ...] = ()
    """Empty: it is about the whole target."""
    component: Component | None = None
    ids: tuple[str, ...] = ()
    """Of the vulnerability: CVE, GHSA, …, any order."""
    cwes: tuple[int, ...] = ()
    cvss: str = ""
    """A CVSS vector string."""
    evidence: str = ""
    steps: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    anchor: tuple[str, ...] = ()
    """What tells it from another of the same rule at the same path, and stays when code moves: the tool's own
    fingerprint, a snippet, a function, a parameter. Never a line number or a date."""
    secret: bytes = b""
    mark: Mark = Mark.NONE
    origin: Origin = NOT_SAID
    """How the component came in."""


@immutable
class Passed:
    """One record that says all is well there, or is no finding by the tool's own word."""

    at: str


@immutable
class Rejected:
    """One record that cannot become a finding, and why, in words for a person."""

    at: str
    why: str


Record = Sighting | Passed | Rejected | Package
"""A `Package` is an entry of an inventory (an SBOM): it is kept, and no record in the account of findings."""


@immutable
class Format:
    """A report format.

    `recognises` sees the document and answers in passing: it looks at keys that only this tool writes, reads no record,
    and raises nothing for whatever it is given. `records` yields exactly one value for each record of the report, in its order;
    what it does not understand in one record it yields as `Rejected` and goes on. It may raise BrokenReport, and
    lets KeyError, TypeError, ValueError, AttributeError out for a document whose frame is not as documented.
    """

    id: str
    """A word of small letters, digits and hyphens: it names the rule set of the findings."""
    title: str
    docs: str
    """Where its maker describes the format."""
    recognises: Callable[[Document], bool]
    records: Callable[[Document], Iterator[Record]]
    tool: Callable[[Document], str] = lambda _document: ""
    """The version of the tool, where the report says it."""
    weight: int = 0
    """Among several that recognise a document the heaviest reads it: generic formats (SARIF, CycloneDX) stay at 0, a
    tool's own dialect of one has more."""
