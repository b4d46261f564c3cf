"""A file that somebody names as the place to look at: whether it is a bill of materials."""

from pathlib import Path

from vallum_engine.model.file import File
from vallum_engine.model.text import printable
from vallum_engine.plugins import load
from vallum_engine.sca.lockfiles import format_of

MOST_BYTES = 128 << 20
"""What is read of one; the reader refuses what is as long."""
# Loaded for what may be one: most files that are named are archives and images.
_IS_ONE = "vallum_engine.sca.lockfiles.sbom:is_one"
_BEGINNINGS = (b"{", b"<", b"#", b"S", b"\xef")


def given(place: str) -> File | None:
    """The bill of materials; None for what is none. One of another name stands as the file `bom.json` below it."""
    path = Path(place)
    try:
        with path.open("rb") as file:
            # A disk image has no use for being read whole.
            head = file.read(4096)
            if not head.lstrip().startswith(_BEGINNINGS):
                return None
            data = head + file.read(MOST_BYTES + 1 - len(head))
    except OSError:
        return None
    if not load(_IS_ONE)(data):
        return None
    name = printable(path.name)
    return File(
        name if format_of(name) == "sbom" else f"{name}/bom.{'xml' if data.lstrip()[:1] == b'<' else 'json'}", data
    )
