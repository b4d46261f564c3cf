"""pip: requirements and constraints files. Pins give a version; anything looser is listed with none.

Editables, paths and URLs have a version where they name a wheel, and else a name at most; `-r` and `-c` name further files. What
pip-compile and uv write has comments that say who asked (`# via`): https://pip-tools.readthedocs.io/en/stable/.
"""

import codecs
import posixpath
import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.naming import normalised
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import MAX_BYTES, MAX_NAME, Entry, Gap, Reference, broken, text_of
from vallum_engine.sca.lockfiles.pep508 import requirement

TODO = "Save it as UTF-8 text."
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks that pip reads too; PowerShell's `>` writes the third. The first begins with it, so it goes before."""
_INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)[ \t=]*(\S+)")
_OPTIONS = re.compile(r"\s-{1,2}[A-Za-z].*", re.DOTALL)
_COMMENT = re.compile(r"(?:^|\s)#.*")
_BREAK = re.compile(r"\r\n|\n|\r")
_ELSEWHERE = ("-e ", "--editable", ".", "/", "~")
_VIA = re.compile(r"(?:^|[ \t])#[ \t]*via\b[ \t]*(.*)")
_MORE_VIA = re.compile(r"[ \t]+#[ \t]+(.*)")
_ROOT = "-r"
_NAMED = re.compile(r"([A-Za-z0-9][\w.-]*)[ \t]*(?:\[[^\]]*\])?[ \t]*@(?![\w.-]+[:@])")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9][\w.-]*)")
_FILE = re.compile(
    r"(?:^|/)([A-Za-z0-9][\w.]*(?:-[A-Za-z][\w.]*)*)-(\d[^-/\s]*?)(?:-[^/\s]+)?\.(whl|zip|tar\.gz)(?:[#?]|$)"
)
_COMMIT = re.compile(r"@([0-9a-f]{40})(?:[#?]|$)")
_ARCHIVES = (".whl", ".zip", ".tar.gz")


def extract(file: File) -> Iterator[Entry]:
    """Yield a package for every requirement. Raises BrokenData only for what is no text: pip files have no frame."""
    folder = posixpath.dirname(file.path)
    for line, text in _logical(_text(file)):
        if include := _INCLUDE.match(text):
            if len(include[1]) > MAX_NAME:
                yield Gap(line=line, readable=False)
            elif "://" not in include[1]:
                yield Reference(path=posixpath.normpath(posixpath.join(folder, include[1])), line=line)
        elif is_elsewhere(text):
            yield _from_elsewhere(file, line, text) or Gap(line=line, readable=True)
        elif not text.startswith("-"):
            yield _package(file, line, text) or Gap(line=line, readable=False)


def _text(file: File) -> str:
    encoding = next((name for mark, name in _MARKS if file.data.startswith(mark)), "")
    if not encoding or len(file.data) > MAX_BYTES:
        return text_of(file, TODO)
    try:
        return file.data.decode(encoding)
    except UnicodeDecodeError as error:
        raise broken(1, f"not {encoding.upper()}, which its first bytes say that it is", TODO) from error


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


def is_elsewhere(text: str) -> bool:
    """Whether the line names a folder, an archive or an URL instead of a version."""
    head = text.partition(";")[0].split(" --", 1)[0].rstrip()
    return text.startswith(_ELSEWHERE) or "@" in head or "://" in head or head.endswith(_ARCHIVES)


def _from_elsewhere(file: File, line: int, text: str) -> Package | None:
    """What the line names: before an `@`, behind `#egg=`, or as a wheel's name begins, which tells the version too."""
    head = text.partition(";")[0].split(" --", 1)[0].strip()[: MAX_NAME + 1]
    named, egg, archive = _NAMED.match(head), _EGG.search(head), _FILE.search(head)
    name = named[1] if named else egg[1] if egg else archive[1] if archive and archive[3] == "whl" else ""
    if not name or len(head) > MAX_NAME:
        return None
    same = archive and normalised("PyPI", archive[1]) == normalised("PyPI", name)
    commit = _COMMIT.search(head)
    return Package(
        ecosystem="PyPI",
        name=name,
        version=archive[2] if archive and same else "",
        location=Location(path=file.path, line=line, end_line=line),
        commit=commit[1] if commit else "",
    )


def _package(file: File, line: int, text: str) -> Package | None:
    found = requirement(_OPTIONS.sub("", f" {text}"))
    if not found:
        return None
    location = Location(path=file.path, line=line, end_line=line)
    requested = "" if found[1] else found[2]
    return Package(ecosystem="PyPI", name=found[0], version=found[1], location=location, requested=requested)


def graph(file: File) -> Graph:
    """Who asked, as the comments after each pin say. Where there are none, the graph is empty: nobody says."""
    names: dict[Key, tuple[str, str]] = {}
    asked: dict[str, list[str]] = {}
    lines = _BREAK.split(_text(file))
    for line, text in _logical("\n".join(lines)):
        if package := None if text.startswith("-") or is_elsewhere(text) else _package(file, line, text):
            key = normalised("PyPI", package.name)
            names[key] = (package.name, package.version)
            asked[key] = _asked_by(lines, line - 1)
    if not any(asked.values()):
        return Graph(names={}, wants={}, roots=())
    wants: dict[Key, list[Key]] = {_ROOT: []}
    for key, by in asked.items():
        for one in by or [_ROOT]:
            asker = normalised("PyPI", re.split(r"[ \[]", one, maxsplit=1)[0])
            wants.setdefault(asker if asker in names else _ROOT, []).append(key)
    return Graph(names={_ROOT: ("", ""), **names}, wants=wants, roots=(_ROOT,), whole=all(asked.values()))


def _asked_by(lines: list[str], at: int) -> list[str]:
    """What the comments of the requirement that begins in this line name."""
    while at < len(lines) and lines[at].rstrip().endswith("\\") and not _VIA.search(lines[at]):
        at += 1
    found: list[str] = []
    for number in range(at, len(lines)):
        line = lines[number]
        if via := _VIA.search(line):
            found += via[1].split(",")
        elif number > at and (more := _MORE_VIA.match(line)):
            found.append(more[1])
        elif number > at:
            break
    return [name for one in found if (name := one.strip()) and not name.startswith("-c ")]
