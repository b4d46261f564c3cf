"""Go: `go.sum` where no `go.mod` lies beside it, which would say more.

It holds a hash of every module that was ever looked at: of its `go.mod` alone, or of its code too. What is built is the highest
version of each module whose code it has the hash of (https://go.dev/ref/mod#go-sum-files): Go picks one version of a module,
and it is never below one that somebody asks for. Older lines stay until `go mod tidy` takes them out.
"""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, broken, text_of
from vallum_engine.sca.versions import order

TODO = "Let `go mod tidy` write it anew."
_LINE = re.compile(r"(\S+) (v\S+?)(/go\.mod)? h\d+:\S+", re.ASCII)


def extract(file: File) -> Iterator[Entry]:
    """Yield each module whose code has a hash, at its highest version. Raises BrokenData."""
    key = order("Go")
    best: dict[str, tuple[bytes, str, int]] = {}
    for number, line in enumerate(text_of(file, TODO).split("\n"), 1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.rstrip())
        at = key(found[2]) if found else None
        if not found or at is None:
            raise broken(number, "not a module, its version and a hash", TODO)
        if not found[3] and at > best.get(found[1], (b"", "", 0))[0]:
            best[found[1]] = (at, found[2], number)
    for name, (_, version, line_number) in best.items():
        location = Location(path=file.path, line=line_number, end_line=line_number)
        yield Package(ecosystem="Go", name=name, version=version.removeprefix("v"), location=location)
