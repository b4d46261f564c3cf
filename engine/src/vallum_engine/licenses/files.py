"""Which files tell a licence, what each says, and which package it lies with."""

import re
from collections.abc import Iterable, Mapping, Sequence

from vallum_engine.digests import blake2b
from vallum_engine.licenses import words
from vallum_engine.licenses.expression import Expression, Term, either, every, terms
from vallum_engine.licenses.known import listed
from vallum_engine.licenses.notices import beside, excepted, heading, noticed, offers
from vallum_engine.licenses.texts import Match, Recognised, recognise
from vallum_engine.model.file import File
from vallum_engine.model.package import Package
from vallum_engine.values import immutable

MOST_BYTES = 1 << 20
"""Of one file: behind them nothing is read, which is said."""
MOST_KEPT = 4096
"""Texts whose answer is kept: trees have thousands of copies of a few."""

NAME = re.compile(
    r"(?:(?:mit|isc|bsd|[al]?gpl|mpl|epl|cddl|apache|asl|zlib|ofl|cc0|psf|python|boost)[\d.]*[-_.])?"
    r"(?:un)?(?:licen[sc]es?|copying|copyright)(?P<which>[-_.][\w+-]{1,40}(?:\.\d{1,2})*(?:_WITH_[\w-]{1,40})?(?:\.[a-z]{2,9})?)?",
    re.IGNORECASE,
)
_ONE_WORD = frozenset({"0bsd", "isc", "mit"})
"""Of the ids that are one word, those that are no other word."""
_FOLDERS = frozenset({"licenses", "licences", "license", "licence", "legal", "meta-inf"})
"""Folders of a package that hold its licences. What lies elsewhere below it is about what was copied in there."""
_NO_TEXT = frozenset(
    {
        "c",
        "cc",
        "cpp",
        "cs",
        "css",
        "go",
        "h",
        "java",
        "js",
        "json",
        "kt",
        "map",
        "mjs",
        "png",
        "py",
        "pyc",
        "rb",
        "rs",
        "svg",
        "ts",
        "tsx",
        "xml",
        "yaml",
        "yml",
    }
)
_DEBIAN = re.compile(r"(?:^|/)usr/share/doc/([^/]+)/copyright$")
_FIELD = re.compile(r"(files|license):[ \t]*([^\n]*)", re.IGNORECASE)
_COMMON = re.compile(r"/usr/share/common-licenses/([A-Za-z]+(?:-\d+(?:\.\d+)*)?)")


@immutable
class Said:
    """What one file says. `expression` is None where nothing was recognised; `nearest` then tells what comes near."""

    path: str
    expression: Expression | None
    similarity: float
    """The least of what was recognised, from 0 to 1; 1 for a tag or a notice."""
    unmatched: int = 0
    """Words that belong to no licence."""
    cut: bool = False
    nearest: Match | None = None
    offers: bool = False
    """Whether its own words, which are few then, leave the choice of a licence to who uses it."""


def is_licence(path: str) -> bool:
    """Whether a file of this path holds a licence by its name: LICENSE, COPYING, LICENSE-MIT, Apache-2.0.txt, Debian's copyright."""
    folder, _, name = path.rpartition("/")
    if _DEBIAN.search(path):
        return True
    if name.rpartition(".")[2].lower() in _NO_TEXT and "." in name:
        return False
    if NAME.fullmatch(name) or (folder.rpartition("/")[2] == "LICENSES" and name.endswith(".txt")):
        return True
    called = re.sub(r"\.(?:md|rst|txt)$", "", name.lower())
    return ("-" in called and called in listed().licences) or called in _ONE_WORD


class Reader:
    """Reads licence files; equal texts once."""

    def __init__(self) -> None:
        self._known: dict[bytes, Said] = {}

    def read(self, file: File) -> Said:
        key = blake2b(file.data[: MOST_BYTES + 1], digest_size=16).digest()
        said = self._known.get(key)
        if said is None:
            said = _said(file)
            if len(self._known) < MOST_KEPT:
                self._known[key] = said
        return Said(
            path=file.path,
            expression=said.expression,
            similarity=said.similarity,
            unmatched=said.unmatched,
            cut=said.cut,
            nearest=said.nearest,
            offers=said.offers,
        )


def _said(file: File) -> Said:
    cut = len(file.data) > MOST_BYTES
    text = file.data[:MOST_BYTES].decode("utf-8", "replace")
    if _DEBIAN.search(file.path) and (of_debian := debian(text)):
        return Said(path=file.path, expression=of_debian, similarity=1.0, cut=cut)
    found = recognise(text)
    offered = offers(text, found.unmatched)
    if found.matches:
        return Said(
            path=file.path,
            expression=_joined(found, text, offered=offered),
            similarity=min(match.similarity for match in found.matches),
            unmatched=found.unmatched,
            cut=cut or found.cut,
            offers=offered,
        )
    told = noticed(text)
    return Said(
        path=file.path,
        expression=told,
        similarity=1.0 if told else 0.0,
        unmatched=found.words,
        cut=cut or found.cut,
        nearest=found.nearest,
        offers=offered,
    )


def _joined(found: Recognised, text: str, *, offered: bool) -> Expression:
    """The licences of a file: a choice where its own words offer one; else all of them."""
    named: list[Expression] = [excepted(Term(id=match.id), text) for match in found.matches]
    named += beside([match.id for match in found.matches], text)
    if (own := heading(text)) and {term.id for each in named for term in terms(each)} <= {
        term.id for term in terms(own)
    }:
        return own
    return either(named) if offered and len(set(named)) > 1 else every(without_base(named))


def without_base(expressions: Iterable[Expression]) -> list[Expression]:
    """The LGPL 3 is the GPL 3 with more permissions, and comes with its text: the one then is not asked for by itself."""
    found = list(expressions)
    lesser = any(isinstance(term, Term) and term.id.startswith("LGPL-3.0") for term in found)
    return [
        term for term in found if not (lesser and isinstance(term, Term) and term.id.startswith("GPL-3.0"))
    ] or found


def debian(text: str) -> Expression | None:
    """Of Debian's `copyright` the licences of all but the packaging; of an older one those that it refers to.

    https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/.
    """
    found: list[Expression] = []
    if text.lstrip().startswith("Format:"):
        packaging = False
        for name, value in _FIELD.findall(_starts(text)):
            if name.lower() == "files":
                packaging = value.strip().startswith("debian/")
            elif not packaging and (said := words.read(value)):
                found.append(said.expression)
    else:
        found = [said.expression for name in _COMMON.findall(text) if (said := words.read(_common(name)))]
    return every(found[:100]) if found else None


def _starts(text: str) -> str:
    """The lines that begin a field; of licences those of paragraphs about files."""
    kept: list[str] = []
    of_files = False
    for line in text.split("\n"):
        if not line.strip():
            of_files = False
        lower = line.lower()
        of_files = of_files or lower.startswith("files:")
        if of_files and lower.startswith(("files:", "license:")):
            kept.append(line)
    return "\n".join(kept)


def _common(name: str) -> str:
    """Debian keeps `GPL-2` for those who write `GPL-2+` too, and names the latest `GPL`: later versions are not ruled out."""
    return f"{name}+" if "GPL" in name and name[-1].isdigit() else name


def is_of_one(path: str) -> bool:
    """Whether the file is of one package, which lies in its folder: none that lists, or asks for, others."""
    folder, _, name = path.rpartition("/")
    return (
        name in ("METADATA", "PKG-INFO")
        or (name == "package.json" and "node_modules/" in path)
        or (name == "Cargo.toml" and folder.rpartition("/")[0].endswith("vendor"))
    )


def folders(packages: Sequence[Package]) -> Mapping[str, list[int]]:
    """Where packages lie that are installed or copied in, by folder; values are positions in `packages`."""
    found: dict[str, list[int]] = {}
    for position, package in enumerate(packages):
        for folder in _folders_of(package):
            found.setdefault(folder, []).append(position)
    return found


def _folders_of(package: Package) -> tuple[str, ...]:
    path = package.location.path
    folder, _, name = path.rpartition("/")
    parent = folder.rpartition("/")[0]
    if "META-INF/" in path:
        return (path.partition("META-INF/")[0].rstrip("/"),)
    if is_of_one(path):
        return (folder,)
    if folder.endswith("specifications"):
        return (f"{folder.removesuffix('specifications')}gems/{package.name}-{package.version}",)
    if "var/lib/dpkg/status" in path:
        return (f"{path.rpartition('var/lib/dpkg/')[0]}usr/share/doc/{package.name}",)
    holder = folder if name == "modules.txt" else parent if path.endswith("composer/installed.json") else ""
    return (f"{holder}/{package.name}",) if holder else ()


def owner(path: str, known: Mapping[str, list[int]]) -> Sequence[int]:
    """The packages in whose folder, or its folder of licences, a file lies."""
    folder = path.rpartition("/")[0]
    for _ in range(3):
        if folder in known:
            return known[folder]
        folder, _, last = folder.rpartition("/")
        if last.lower() not in _FOLDERS:
            break
    return ()
