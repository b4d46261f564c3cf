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

TODO = "Save it as UTF-8 text."
_INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)[ \t=]*(\S+)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_CLAUSE = re.compile(r"(===|==|~=|!=|<=|>=|<|>)\s*([^\s=<>!~,;]+)")
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
    """Take a requirement apart step by step; one expression for all of it would take cubic time on hostile lines."""
    bare = _OPTIONS.sub("", f" {text}").partition(";")[0].strip()
    name = _NAME.match(bare)
    if not name:
        return None
    rest = bare[name.end() :].strip()
    if rest.startswith("["):
        _, closed, rest = rest.partition("]")
        if not closed:
            return None
    version = _pinned(rest.strip().removeprefix("(").removesuffix(")"))
    if version is None or not name[0][-1].isalnum():
        return None
    location = Location(path=file.path, line=line, end_line=line)
    return Package(ecosystem="PyPI", name=name[0], version=version, location=location)


def _pinned(specifiers: str) -> str | None:
    """The one version that is allowed, an empty string for a looser wish, None for what is no wish at all."""
    clauses = [clause.strip() for clause in specifiers.split(",") if clause.strip()]
    read = [_CLAUSE.fullmatch(clause) for clause in clauses]
    found = [clause for clause in read if clause]
    if len(found) < len(clauses):
        return None
    if len(found) == 1 and found[0][1] in {"==", "==="} and not found[0][2].endswith("*"):
        return found[0][2]
    return ""
