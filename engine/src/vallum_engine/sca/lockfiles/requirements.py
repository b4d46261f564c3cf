"""pip: requirements and constraints files. Pins give a version; anything looser is listed with none.

Editables, paths and URLs are gaps (there is no version to compare); `-r` and `-c` name further files.
"""

import posixpath
import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import MAX_NAME, Entry, Gap, Reference, text_of
from vallum_engine.sca.lockfiles.pep508 import requirement

TODO = "Save it as UTF-8 text."
_INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)[ \t=]*(\S+)")
_OPTIONS = re.compile(r"\s-{1,2}[A-Za-z].*", re.DOTALL)
_COMMENT = re.compile(r"(?:^|\s)#.*")
_BREAK = re.compile(r"\r\n|\n|\r")
_ELSEWHERE = ("-e ", "--editable", ".", "/", "~")
_ARCHIVES = (".whl", ".zip", ".tar.gz")


def extract(file: File) -> Iterator[Entry]:
    """Yield a package for every requirement. Raises BrokenData only for what is no text: pip files have no frame."""
    folder = posixpath.dirname(file.path)
    for line, text in _logical(text_of(file, TODO)):
        if include := _INCLUDE.match(text):
            if len(include[1]) > MAX_NAME:
                yield Gap(line=line, readable=False)
            elif "://" not in include[1]:
                yield Reference(path=posixpath.normpath(posixpath.join(folder, include[1])), line=line)
        elif _is_elsewhere(text):
            yield Gap(line=line, readable=True)
        elif not text.startswith("-"):
            yield _package(file, line, text) or Gap(line=line, readable=False)


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Join continued lines and drop comments; give the line where each began."""
    pending, start = "", 0
    for number, raw in enumerate(_BREAK.split(text), 1):
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


def _is_elsewhere(text: str) -> bool:
    """Whether the line names a folder, an archive or an URL instead of a version."""
    head = text.partition(";")[0].split(" --", 1)[0].rstrip()
    return text.startswith(_ELSEWHERE) or "@" in head or "://" in head or head.endswith(_ARCHIVES)


def _package(file: File, line: int, text: str) -> Package | None:
    found = requirement(_OPTIONS.sub("", f" {text}"))
    if not found:
        return None
    location = Location(path=file.path, line=line, end_line=line)
    requested = "" if found[1] else found[2]
    return Package(ecosystem="PyPI", name=found[0], version=found[1], location=location, requested=requested)
