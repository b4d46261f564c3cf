"""Go: the modules that a program was built of, as the program itself tells. The path is the program's, and `go.buildinfo` behind it.

Lines of words between tabs: `go`, `path`, `mod`, `dep` with name, version and checksum, `=>` for what stands in the last one's place.
"""

from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, text_of
from vallum_engine.sca.lockfiles.gomod import released

TODO = "Build the program anew."
_LOCAL = "(devel)"


def extract(file: File) -> Iterator[Entry]:
    """Yield every module that is built in, then the standard library. Raises BrokenData."""
    pending: tuple[str, str, int] | None = None
    library: Package | None = None
    for number, line in enumerate(text_of(file, TODO).split("\n"), 1):
        words = line.split("\t")
        if words[0] == "=>" and pending and len(words) > 2:
            pending = (words[1], words[2], number)
            continue
        if pending:
            yield from _module(file, *pending)
            pending = None
        if words[0] == "go" and len(words) > 1 and (version := released(words[1])):
            library = _package(file, "stdlib", version, number)
        elif words[0] in {"mod", "dep"} and len(words) > 2:
            pending = (words[1], words[2], number)
    if pending:
        yield from _module(file, *pending)
    if library:
        yield library


def _module(file: File, name: str, version: str, line: int) -> Iterator[Package]:
    if version and version != _LOCAL:
        yield _package(file, name, version.removeprefix("v"), line)


def _package(file: File, name: str, version: str, line: int) -> Package:
    location = Location(path=file.path, line=line, end_line=line)
    return Package(ecosystem="Go", name=name, version=version, location=location)
