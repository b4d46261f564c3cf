"""pip: requirements and constraints files. Pins give a version; anything looser is listed with none.

Editables, paths and URLs are gaps (there is no version to compare); `-r` and `-c` name further files.
"""

import posixpath
import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Gap, Reference, text_of

TODO = "Save it as UTF-8 text."
_INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)[ \t=]*(\S+)")
_REQUIREMENT = re.compile(
    r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"  # the name
    r"\s*(?:\[[^\]]*\])?"  # extras
    r"\s*(\(?[^;@]*?\)?)"  # the versions it may have
    r"\s*(?:;.*)?"  # a marker
)
_PIN = re.compile(r"={2,3}\s*([^\s,*]+)")
_SPECIFIERS = re.compile(r"(?:[<>=!~]=?=?\s*[^\s,<>=!~]+\s*,?\s*)*")
_ELSEWHERE = re.compile(r"-e\b|--editable\b|[./~]|[A-Za-z+]+://|[^;]*\s@\s|\S*@\s*\S*://|\S+\.(?:whl|zip|tar\.gz)\b")
_OPTIONS = re.compile(r"\s-{1,2}[A-Za-z].*", re.DOTALL)
_COMMENT = re.compile(r"(?:^|\s)#.*")


def extract(file: File) -> Iterator[Entry]:
    """Yield a package for every requirement. Raises BrokenData only for what is no text: pip files have no frame."""
    folder = posixpath.dirname(file.path)
    for line, text in _logical(text_of(file, TODO)):
        if include := _INCLUDE.match(text):
            if "://" not in include[1]:
                yield Reference(path=posixpath.normpath(posixpath.join(folder, include[1])), line=line)
        elif _ELSEWHERE.match(text):
            yield Gap(line=line, readable=True)
        elif not text.startswith("-"):
            yield _package(file, line, text) or Gap(line=line, readable=False)


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Join continued lines and drop comments; give the line where each began."""
    pending, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = _COMMENT.sub("", raw).rstrip()
        start = start or number
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        if joined := (pending + line).strip():
            yield start, joined
        pending, start = "", 0
    if pending.strip():
        yield start, pending.strip()


def _package(file: File, line: int, text: str) -> Package | None:
    bare = _OPTIONS.sub("", f" {text}").strip()
    found = _REQUIREMENT.fullmatch(bare)
    if not found:
        return None
    specifiers = found[2].strip().removeprefix("(").removesuffix(")").strip()
    pin = _PIN.fullmatch(specifiers)
    if not pin and not _SPECIFIERS.fullmatch(specifiers):
        return None
    return Package(
        ecosystem="PyPI",
        name=found[1],
        version=pin[1] if pin else "",
        location=Location(path=file.path, line=line, end_line=line),
    )
