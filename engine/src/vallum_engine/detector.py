"""What the pipeline asks of a detector."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from vallum_engine.model.file import File
from vallum_engine.model.finding import Finding
from vallum_engine.model.known import Known
from vallum_engine.model.package import Package
from vallum_engine.model.report import Exclusion, RuleSet
from vallum_engine.values import immutable


@immutable(kw_only=False)
class Trigger:
    """An expression (Vectorscan's subset of PCRE) that must match in a file before its detector sees the file."""

    pattern: bytes
    caseless: bool = False
    dotall: bool = True
    own: bool = False
    """Brought by the caller: compiled apart, so that the packaged ones keep their compiled form."""
    structured: bool = False
    """Of use only in files that its detector reads by their format (`ReadsFormats`): compiled apart, to cost the others nothing."""


@immutable(kw_only=False)
class Hit:
    """Trigger number `trigger` (index in the detector's own `triggers`) matched, ending before byte `end`."""

    trigger: int
    end: int


class Detector(Protocol):
    """Finds problems in files. One instance serves one scan, from one thread."""

    name: str
    """Names the detector in coverage (`secrets`, `packages`); `rulesets()` names start with it."""

    triggers: Sequence[Trigger]

    def rulesets(self) -> tuple[RuleSet, ...]:
        """What it can speak for; asked after `conclude`, because data may be missing for what was met."""
        ...

    def wants(self, path: str) -> bool:
        """Whether to call `detect` for this path even without a hit."""
        ...

    def detect(self, file: File, hits: Sequence[Hit]) -> Iterable[Finding]:
        """The findings of one file. Raises whatever it likes: it then covers nothing there."""
        ...

    def conclude(self) -> Iterable[Finding]:
        """The findings that need the whole tree (packages matched in one batch); called once, last."""
        ...

    def exclusions(self) -> Sequence[Exclusion]:
        """What it could not or did not look at, beyond the files on which it raised (caps, missing data); asked last."""
        ...

    def packages(self) -> Sequence[Package]:
        """The inventory it met, for the SBOM; empty for most."""
        ...


Look = Callable[[bytes], Sequence[Hit]]
"""The detector's own hits in some bytes."""


@runtime_checkable
class Unwraps(Protocol):
    """A detector that decodes parts of files and looks into them with the triggers of the scan."""

    def see_with(self, look: Look) -> None:
        """Called once, before the first file."""
        ...


@runtime_checkable
class ReadsFormats(Protocol):
    """A detector that reads some files by their format, in which alone its `structured` triggers are looked for."""

    def reads(self, path: str) -> bool:
        """Whether a file of this path is one of them."""
        ...


@runtime_checkable
class TellsOfPackages(Protocol):
    """A detector that knows more of the packages that the others met: asked when they have concluded, before it concludes."""

    def told(self, packages: Sequence[Package]) -> Sequence[Package]:
        """The same packages, with what it knows of them."""
        ...


@runtime_checkable
class ReadsText(Protocol):
    """A detector whose files are all texts, but for those that a source hands on as they are: one that is none is damaged."""

    reads_text: bool


@runtime_checkable
class LooksBelow(Protocol):
    """A detector that is also given the files of an image that a later layer deletes or replaces (`File.lower`)."""

    looks_below: bool


@runtime_checkable
class MatchesAdvisories(Protocol):
    """A detector that matches what it finds against advisories of some day."""

    def known(self) -> Known | None:
        """Of when they are; None without any."""
        ...


Again = Callable[[Sequence[str]], Iterator[File]]
"""The files of these paths, read once more. Those that are gone since, or are too large or no text, are left out."""


@runtime_checkable
class ReadTwice(Protocol):
    """A source that can be asked for files again, after it was read to its end."""

    again: Again


@immutable(kw_only=False)
class Tree:
    """What a scan met on its way through everything there is."""

    paths: Sequence[str]
    """The files that were read, sorted: the order in which they were met says nothing."""
    unread: Sequence[str]
    """What could not be looked at; a folder ends in `/`."""
    again: Again


@runtime_checkable
class LooksAgain(Protocol):
    """A detector that reads files in the end which it did not ask for on the way."""

    def look_again(self, tree: Tree) -> None:
        """Called once, before `conclude`, and only where the whole of a source was read and can be asked again."""
        ...


@runtime_checkable
class Stamped(Protocol):
    """A detector whose answers can be kept."""

    stamp: str
    """What they depend on beside the files: its rules, its data, the day. Empty where they must not be kept."""


@runtime_checkable
class ByFile(Stamped, Protocol):
    """A detector that says all it has to say of a file when it sees it, by what is in that file, and concludes nothing."""

    by_file: bool
    timed: set[str]
    """Rules that found something which changes as time goes by: it is not kept."""


def joining(detectors: Iterable[Detector]) -> list[Detector]:
    """Those of them that conclude from several files."""
    return [detector for detector in detectors if not (isinstance(detector, ByFile) and detector.by_file)]
