"""What people write for a licence (`Apache 2`, `GPLv3+`, `BSD`, `MIT License; see LICENSE`), as an SPDX expression.

What cannot be read becomes `LicenseRef-` with its words: a licence that nobody knows, never a guess. `GPL` without a version
means any, as the GPL's own section on versions has it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import groupby, islice
from urllib.parse import unquote

from vallum_engine.errors import BrokenData
from vallum_engine.licenses.expression import MOST_DEPTH, Expression, Term, either, every, licence, parse
from vallum_engine.licenses.known import listed
from vallum_engine.licenses.texts import recognise
from vallum_engine.values import immutable

MOST_LETTERS = 20_000
_MOST_PARTS = 200
_LONGEST_NAME = 200
"""Of words behind which a whole text may stand."""
_MOST_REFERENCE = 60
_LEAST_TEXT, _MOST_OWN = 300, 100
"""Letters of a whole text, and words in it that are no licence's: names of authors, and where to find it."""

_ALIASES = {
    "0bsd": "0BSD",
    "2 clause bsd": "BSD-2-Clause",
    "3 clause bsd": "BSD-3-Clause",
    "academic free 3.0": "AFL-3.0",
    "afl 3": "AFL-3.0",
    "al 2.0": "Apache-2.0",
    "all rights reserved": "LicenseRef-Proprietary",
    "apache": "Apache-2.0",
    "apache 1.1": "Apache-1.1",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache software": "Apache-2.0",
    "apache software 2": "Apache-2.0",
    "apache software 2.0": "Apache-2.0",
    "apache2": "Apache-2.0",
    "apache2.0": "Apache-2.0",
    "artistic 2": "Artistic-2.0",
    "artistic 2.0": "Artistic-2.0",
    "asl 2": "Apache-2.0",
    "asl 2.0": "Apache-2.0",
    "blueoak 1.0.0": "BlueOak-1.0.0",
    "boost": "BSL-1.0",
    "boost 1.0": "BSL-1.0",
    "boost software 1.0": "BSL-1.0",
    "bsd": "LicenseRef-BSD",
    "bsd 2": "BSD-2-Clause",
    "bsd 2 clause": "BSD-2-Clause",
    "bsd 2 clause simplified": "BSD-2-Clause",
    "bsd 3": "BSD-3-Clause",
    "bsd 3 clause": "BSD-3-Clause",
    "bsd 3 clause clear": "BSD-3-Clause-Clear",
    "bsd 3 clause new or revised": "BSD-3-Clause",
    "bsd 4 clause": "BSD-4-Clause",
    "bsd like": "LicenseRef-BSD",
    "bsd new": "BSD-3-Clause",
    "bsd simplified": "BSD-2-Clause",
    "bsd style": "LicenseRef-BSD",
    "bsd zero clause": "0BSD",
    "cc by 3.0": "CC-BY-3.0",
    "cc by 4.0": "CC-BY-4.0",
    "cc by sa 4.0": "CC-BY-SA-4.0",
    "cc0": "CC0-1.0",
    "cc0 1.0": "CC0-1.0",
    "cc0 1.0 universal": "CC0-1.0",
    "cc0 1.0 universal cc0 1.0 public domain dedication": "CC0-1.0",
    "artistic": "Artistic-1.0",
    "cddl": "CDDL-1.0",
    "cddl 1.0": "CDDL-1.0",
    "cddl 1.1": "CDDL-1.1",
    "commercial": "LicenseRef-Proprietary",
    "common development and distribution 1.0": "CDDL-1.0",
    "common public 1.0": "CPL-1.0",
    "curl": "curl",
    "do what the fuck you want to public": "WTFPL",
    "eclipse distribution 1.0": "BSD-3-Clause",
    "eclipse public 1.0": "EPL-1.0",
    "eclipse public 2.0": "EPL-2.0",
    "edl 1.0": "BSD-3-Clause",
    "epl 1.0": "EPL-1.0",
    "epl 2.0": "EPL-2.0",
    "epl2.0": "EPL-2.0",
    "european union public 1.2": "EUPL-1.2",
    "eupl 1.2": "EUPL-1.2",
    "expat": "MIT",
    "free bsd": "BSD-2-Clause",
    "freebsd": "BSD-2-Clause",
    "go": "BSD-3-Clause",
    "historical permission notice and disclaimer": "HPND",
    "hpnd": "HPND",
    "isc": "ISC",
    "iscl": "ISC",
    "isc iscl": "ISC",
    "json": "JSON",
    "mit": "MIT",
    "mit expat": "MIT",
    "mit x11": "MIT",
    "x11 mit": "MIT",
    "mit no attribution": "MIT-0",
    "mit 0": "MIT-0",
    "mozilla public": "MPL-2.0",
    "mozilla public 1.1": "MPL-1.1",
    "mozilla public 1.1 mpl 1.1": "MPL-1.1",
    "mozilla public 2.0": "MPL-2.0",
    "mozilla public 2.0 mpl 2.0": "MPL-2.0",
    "mozilla public 2.0 no copyleft exception": "MPL-2.0-no-copyleft-exception",
    "mpl": "MPL-2.0",
    "mpl 1.1": "MPL-1.1",
    "mpl 2": "MPL-2.0",
    "mpl 2.0": "MPL-2.0",
    "mplv1.1": "MPL-1.1",
    "mplv2.0": "MPL-2.0",
    "ms pl": "MS-PL",
    "ncsa": "NCSA",
    "new bsd": "BSD-3-Clause",
    "none": "NONE",
    "ofl 1.1": "OFL-1.1",
    "openssl": "OpenSSL",
    "other proprietary": "LicenseRef-Proprietary",
    "perl": "Artistic-1.0-Perl OR GPL-1.0-or-later",
    "perl 5": "Artistic-1.0-Perl OR GPL-1.0-or-later",
    "proprietary": "LicenseRef-Proprietary",
    "psf": "PSF-2.0",
    "psf 2": "PSF-2.0",
    "psf 2.0": "PSF-2.0",
    "psfl": "PSF-2.0",
    "public domain": "LicenseRef-Public-Domain",
    "python": "PSF-2.0",
    "python 2.0": "Python-2.0",
    "python software foundation": "PSF-2.0",
    "python software foundation 2.0": "PSF-2.0",
    "revised bsd": "BSD-3-Clause",
    "modified bsd": "BSD-3-Clause",
    "ruby": "Ruby",
    "rubys": "Ruby",
    "same as perl": "Artistic-1.0-Perl OR GPL-1.0-or-later",
    "sil open font 1.1": "OFL-1.1",
    "sil open font 1.1 ofl 1.1": "OFL-1.1",
    "simplified bsd": "BSD-2-Clause",
    "sspl": "SSPL-1.0",
    "sspl 1.0": "SSPL-1.0",
    "unlicense": "Unlicense",
    "unlicense unlicense": "Unlicense",
    "unlicensed": "LicenseRef-UNLICENSED",
    "universal permissive 1.0": "UPL-1.0",
    "universal permissive upl": "UPL-1.0",
    "upl": "UPL-1.0",
    "vim": "Vim",
    "w3c": "W3C",
    "wtfpl": "WTFPL",
    "wtfpl 2": "WTFPL",
    "x11": "X11",
    "zero clause bsd": "0BSD",
    "zlib": "Zlib",
    "zlib libpng": "Zlib",
    "zope public": "ZPL-2.1",
    "zope public 2.1": "ZPL-2.1",
    "zpl": "ZPL-2.1",
    "zpl 2.1": "ZPL-2.1",
    "bouncy castle": "MIT",
    "bsd 3clause": "BSD-3-Clause",
    "bsd3": "BSD-3-Clause",
    "bsd2": "BSD-2-Clause",
    "indiana university extreme lab software 1.1.1": "LicenseRef-Permissive",
}
"""By the words that are left when `the`, `licence` and `version` are taken out."""

_NOISE = frozenset(
    {
        "the",
        "license",
        "licence",
        "licenses",
        "licensed",
        "version",
        "v",
        "under",
        "terms",
        "of",
        "dual",
        "and/or",
        "clauses",
    }
)
_FAMILIES = {"agpl": "AGPL", "gpl": "GPL", "lgpl": "LGPL", "gfdl": "GFDL", "fdl": "GFDL"}
_OLDEST = {"AGPL": "1.0", "GPL": "1.0", "LGPL": "2.0", "GFDL": "1.1"}
_FAMILY = re.compile(
    r"(?:gnu )?(?P<name>affero general public|(?:lesser|library)(?: or (?:lesser|library))? general public"
    r"|general public|free documentation|agpl|lgpl|gpl|gfdl|fdl)"
    r"(?: (?:agpl|lgpl|gpl|gfdl))?(?: or)? ?v?(?P<number>\d(?:\.\d)?)?(?:\.0)?(?P<rest>(?:[ +].*)?)",
)
_TAIL = re.compile(
    r"(?: ?\+| only| or any later| or any newer| or any| or later| or newer| or greater| or higher| or above| and above| and later| >="
    r"| [al]?gpl ?v? ?[\d.]*| v? ?\d(?:\.\d)*| at your option| (?:june|november|march) (?:\d\d? )?\d{4}| \d\d? june \d{4}"
    r"| with exceptions?| with linking exception| as published by free software foundation| compatible)*",
)
"""What may follow such a name and still be about it alone."""
_LONG = {"affero": "AGPL", "lesser": "LGPL", "library": "LGPL", "general": "GPL", "free": "GFDL"}
_LATER = re.compile(r"\+|or (?:any )?(?:later|newer|higher|above)|or greater|>=|and above|a?nd later")
_SEPARATED: Sequence[tuple[re.Pattern[str], Callable[[Iterable[Expression]], Expression]]] = (
    (re.compile(r"\s*;\s*", re.IGNORECASE), every),
    (
        re.compile(
            r"\s+or\s+(?!any\b|later\b|newer\b|greater\b|higher\b|above\b|revised\b|lesser\b|library\b)|\s*\|+\s*",
            re.IGNORECASE,
        ),
        either,
    ),
    (re.compile(r"\s+and\s+(?!later\b|above\b|distribution\b|disclaimer\b)|\s*&+\s*|\s+\+\s+", re.IGNORECASE), every),
    (re.compile(r"(?<!lib)\s*/\s*", re.IGNORECASE), either),
    (re.compile(r"\s*,\s*(?!version\b|v\.? ?\d|inc\b|\d)", re.IGNORECASE), every),
)
"""How words are taken apart, loosest first. Whether `;` and `,` are choices is nowhere said: all are taken to hold."""
_OF_FILE = re.compile(r"\s*(?:\+\s*)?file\s+LICEN[SC]E\s*", re.IGNORECASE)
_SEE = re.compile(r"\s*see\s+(?:the\s+)?(?:licen[sc]e|file)\s*(?:in\b|file\b)?.*", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_EDGE = re.compile(r"[()]")
_BRACKET = re.compile(r"\(([^()]*)\)")
_RANGE = re.compile(r"\(\s*(>=|==)\s*([\d.]+)\s*\)")


@immutable
class Declared:
    """Words as an expression. `known` is false where some of them stand as `LicenseRef-` because nobody could read them."""

    expression: Expression
    known: bool


@lru_cache(maxsize=4096)
def read(text: str) -> Declared | None:
    """The expression that these words stand for; None where there are none. Any text is taken, and one too long cut."""
    said = " ".join(text[:MOST_LETTERS].split())
    if not said:
        return None
    try:
        return Declared(expression=parse(said), known=True)
    except BrokenData:
        pass
    found = _apart(_RANGE.sub(_as_range, said), 0)
    if not _is_known(found) and (whole := _of_text(said)):
        found = whole
    return Declared(expression=found, known=_is_known(found))


def _of_text(said: str) -> Expression | None:
    """Of a licence's whole text, which some write in the place of its name."""
    if len(said) < _LEAST_TEXT:
        return None
    held = recognise(said)
    return every(Term(id=match.id) for match in held.matches) if held.matches and held.unmatched < _MOST_OWN else None


def _as_range(found: re.Match[str]) -> str:
    """R's `GPL (>= 2)`."""
    return f" {found[2]}{'+' if found[1] == '>=' else ''}"


def _apart(text: str, depth: int, brackets: int = 0) -> Expression:
    """By what joins the words outside of brackets, where that makes some of them known; else as one name."""
    if whole := _one(text):
        return whole
    if (inner := _unwrapped(text)) is not None and brackets < MOST_DEPTH:
        return _apart(inner, 0, brackets + 1)
    for pattern, join in _SEPARATED[depth:]:
        depth += 1
        parts = _split(text, pattern)
        if len(parts) > 1:
            read_parts = [_apart(part, depth, brackets) for part in parts]
            if any(_is_known(part) for part in read_parts):
                return join(read_parts)
    return Term(id=_reference(text))


def _split(text: str, pattern: re.Pattern[str]) -> list[str]:
    """The parts between what matches at no depth of brackets."""
    parts: list[str] = []
    start = depth = at = 0
    for found in islice(pattern.finditer(text), _MOST_PARTS):
        between = text[at : found.start()]
        depth += between.count("(") - between.count(")")
        at = found.start()
        if depth <= 0:
            parts.append(text[start : found.start()])
            start = found.end()
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


def _unwrapped(text: str) -> str | None:
    """What stands in brackets around the whole; None where there are none."""
    if not (text.startswith("(") and text.endswith(")")):
        return None
    depth = 0
    for found in _EDGE.finditer(text):
        depth += 1 if found[0] == "(" else -1
        if depth == 0:
            return text[1:-1].strip() if found.end() == len(text) else None
    return None


def _is_known(expression: Expression) -> bool:
    """Whether no words are left over as a reference of their own."""
    if isinstance(expression, Term):
        return not expression.id.startswith("LicenseRef-") or expression.id in KNOWN_REFERENCES
    return all(_is_known(part) for part in expression.parts)


KNOWN_REFERENCES = frozenset(target for target in _ALIASES.values() if target.startswith("LicenseRef-"))


def _one(text: str) -> Expression | None:
    """One licence by its id, its name, its address or its short form."""
    said = _OF_FILE.sub("", text).strip(" .'\"")
    if _SEE.fullmatch(text) or not said:
        return Term(id=_reference(text))
    if found := licence(said.replace(" ", "-")) or licence(said):
        return found
    if _URL.fullmatch(said):
        return _of_address(said)
    return _of_name(said) or _with(said) or _of_name(_BRACKET.sub(" ", said)) or _of_beginning(said)


def _with(said: str) -> Expression | None:
    """`GPL-2+ with OpenSSL exception`: the licence counts, and the exception where it is one of the list."""
    name, word, rest = said.partition(" with ") if " with " in said else said.partition(" WITH ")
    found = _of_name(name) if word else None
    if not isinstance(found, Term):
        return None
    key = rest.strip().lower().replace(" ", "-").removesuffix("-exception") + "-exception"
    exception = max((known for low, known in listed().exceptions.items() if low.startswith(key)), default="")
    return Term(id=found.id, plus=found.plus, exception=exception)


def _of_address(address: str) -> Expression | None:
    """`https://opensource.org/licenses/MIT`, `…/licenses/LICENSE-2.0.txt`, `…/licenses/gpl-3.0.html`."""
    host, _, path = unquote(address.partition("://")[2] or address).partition("/")
    parts = [part for part in path.rstrip("/").split("/") if part.lower() not in ("licenses", "license", "legalcode")]
    last = re.sub(r"(?:\.(?:txt|html?|php|md|en))+$", "", parts[-1] if parts else "", flags=re.IGNORECASE)
    if "apache.org" in host.lower():
        last = last.lower().replace("license-", "apache-")
    if "creativecommons.org" in host.lower() and len(parts) >= 2:
        last = "cc0-1.0" if parts[-2] == "zero" else f"cc-{parts[-2]}-{parts[-1]}"
    return licence(last) or _of_name(last.removesuffix("-license"))


def _of_name(text: str) -> Expression | None:
    said = [word for word in re.split(r"[\s,_()\"]+", text.lower().replace("-", " ").replace("'", "")) if word]
    plain = " ".join(word for word, _ in groupby(word for word in said if word not in _NOISE))
    plain = re.sub(r"\bv\.? ?(?=\d)", "", plain).strip(" .")
    plain = re.sub(r"\bno\.? (?=\d)", "", plain)
    found = (
        _ALIASES.get(plain) or _ALIASES.get(plain.replace("/", " ")) or _ALIASES.get(plain.removesuffix(" compatible"))
    )
    if found:
        return parse(found)
    return _of_family(plain)


def _of_family(plain: str) -> Expression | None:
    """The licences of the FSF, of which there are versions, each alone or with the later ones."""
    found = _FAMILY.fullmatch(plain)
    if not found or not _TAIL.fullmatch(found["rest"]):
        return None
    name = _FAMILIES.get(found["name"]) or _LONG[found["name"].split()[0]]
    rest = found["rest"]
    number = found["number"] or ""
    if not number and (inner := re.search(r"\d(?:\.\d)?", rest)):
        number = inner[0]
    later = bool(_LATER.search(rest)) or not number
    version = number or _OLDEST[name]
    identifier = f"{name}-{version if '.' in version else version + '.0'}"
    if f"{identifier}-only".lower() not in listed().licences:
        return None
    return Term(id=f"{identifier}-{'or-later' if later else 'only'}")


def _of_beginning(said: str) -> Expression | None:
    """Of a whole text, or of words that go on: by the name that it begins with."""
    if len(said) < _LONGEST_NAME and not _URL.search(said) and "copyright" not in said.lower():
        return None
    head = re.split(
        r"copyright|\(c\)|©|https?://|permission is|redistribution and|the following",
        said[:_LONGEST_NAME],
        flags=re.IGNORECASE,
    )[0]
    head = re.sub(r",? january 2004", "", _BRACKET.sub(" ", head), flags=re.IGNORECASE).strip(" .,:-")
    return _of_name(head) if head and head != said else None


def _reference(text: str) -> str:
    """`LicenseRef-` and the words: what SPDX asks for a licence that is not on its list."""
    letters = re.sub(r"[^A-Za-z0-9.]+", "-", text[: _MOST_REFERENCE * 2]).strip("-.")[:_MOST_REFERENCE]
    return f"LicenseRef-{letters or 'unreadable'}"
