"""What a source hands to the detectors."""

from vallum_engine.model.layer import Layer
from vallum_engine.values import immutable

PROGRAMS_TELL = ("go.buildinfo", "dep-v0")
"""Names of what a program tells of its packages, below the program's own path: as Go wrote it, and as cargo-auditable did."""

WITHIN = "!/"
"""Stands in a path between an archive and what is in it, as in the addresses that Java gives to what is in a jar."""
MIGHT_HOLD = (*(f"/{name}" for name in PROGRAMS_TELL), WITHIN)
"""What follows a file's path in those of what it holds."""


@immutable(kw_only=False)
class File:
    """One file, read once. `path` is relative to the scanned root, with forward slashes, and printable."""

    path: str
    data: bytes
    binary: bool = False
    """No text: only for a detector that asks for the path, and nothing in it is looked at for text."""
    layer: Layer | None = None
    """Of an image the layer that brought it."""
    lower: bool = False
    """Whether a later layer deletes or replaces it: no longer in the image's tree, and still in the image."""


@immutable(kw_only=False)
class Skipped:
    """A file or folder (path ends in `/`) that was met and not handed on, and why.

    `covered` is true where leaving it out is the answer (binary content, ignored by the user): absence there is no
    gap in the scan. It is false where the scan could not look (too large, unreadable): nothing may be resolved there.
    `hidden` is true where somebody chose not to look at what is there (ignored by the user): the scan is whole without
    it, and yet nothing there has ended.
    """

    path: str
    why: str
    covered: bool = False
    hidden: bool = False
