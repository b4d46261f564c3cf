"""What a file says of its licence without its text: SPDX's tag, or the sentences that licences ask to be put at a file's head."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from vallum_engine.errors import BrokenData
from vallum_engine.licenses.expression import Expression, Term, every, parse
from vallum_engine.licenses.known import listed

TAG = b"SPDX-License-Identifier:"
"""https://spdx.github.io/spdx-spec/v2.3/using-SPDX-short-identifiers-in-source-files/."""
MOST_LETTERS = 20_000
MOST_TAGS = 100
"""Of one file: documents about tags have a few."""

_TAGGED = re.compile(r"SPDX-License-Identifier:[ \t]*([^\n\r]{1,500})")
_AFTER = re.compile(r"\s*(?:\*/|-->|--\}|\"\"\"|'''|#\}|\*\)).*$|[\s\"',;]+$")
_APACHE = re.compile(r"licensed under the apache license,? version 2\.0")
_MOZILLA = re.compile(r"(?:terms of|subject to) the (?:terms of the )?mozilla public license,? v(?:ersion|\.)? ?2\.0")
_GNU = re.compile(r"gnu (affero |lesser |library )?general public license((?:[^.]|\.(?=\d)){0,160})")
_NUMBER = re.compile(r"version (\d(?:\.\d)?)|, v\.? ?(\d(?:\.\d)?)")
_LATER = re.compile(r"any later version|or later")
_CHOICE = re.compile(
    r"at your (?:option|choice)|either\W? (?:of|license)|terms of \W?either\b|(?:dual|multi|triple)[- ]licen[sc]ed"
    r"|you may (?:choose|pick)|choice of",
    re.IGNORECASE,
)
_MOST_OWN = 200
"""Words that are no licence's: lists of what others wrote have more, and offer choices that are not the file's."""
_AT_ONCE = 300
"""Letters at the very beginning, where a choice is the file's however long it is."""
_EXCEPTIONS = (
    ("Apache-2.0", "LLVM-exception", re.compile(r"llvm exceptions? to the apache 2\.0 license", re.IGNORECASE)),
    (
        "Apache-2.0",
        "Swift-exception",
        re.compile(r"runtime library exception to the apache 2\.0 license", re.IGNORECASE),
    ),
    ("GPL-2.0", "Classpath-exception-2.0", re.compile(r"classpath\"? exception to the gpl", re.IGNORECASE)),
)
"""By the heading that stands before an exception where it follows its licence."""
_NAMES = {"affero ": "AGPL", "lesser ": "LGPL", "library ": "LGPL", None: "GPL"}


def tagged(text: str) -> list[tuple[Expression, int]]:
    """The expressions of the first SPDX's tags and the lines where they stand; what is none is left out."""
    found: list[tuple[Expression, int]] = []
    line, at = 1, 0
    for tag in islice(_TAGGED.finditer(text), MOST_TAGS):
        line, at = line + text.count("\n", at, tag.start()), tag.start()
        said = _AFTER.sub("", tag[1]).strip()
        try:
            found.append((parse(said), line))
        except BrokenData:
            continue
    return found


def offers(text: str, own: int) -> bool:
    """Whether the words of a text, of which `own` are no licence's, leave the choice of a licence to who uses it."""
    most = 2000 if own < _MOST_OWN else _AT_ONCE
    return bool(_CHOICE.search(" ".join(text[:most].split())))


def excepted(term: Term, text: str) -> Term:
    """The licence with the exception that stands in the text behind it, if one does."""
    for name, exception, heading in _EXCEPTIONS:
        if term.id.startswith(name) and heading.search(" ".join(text.split())):
            return Term(id=term.id, exception=exception)
    return term


def heading(text: str) -> Expression | None:
    """What a tag at the very beginning says of the texts behind it: how they go together is nowhere else."""
    tags = tagged(text[:_AT_ONCE])
    return tags[0][0] if tags else None


def beside(found: Sequence[str], text: str) -> list[Expression]:
    """What notices in a file say that holds texts of other licences: a part of it is under the one, a part under the others.

    Not GNU's: their texts speak of one another.
    """
    plain = _plain(text[:MOST_LETTERS])
    told = {"Apache-2.0": _APACHE, "MPL-2.0": _MOZILLA}
    return [
        Term(id=name)
        for name, notice in told.items()
        if not any(one.startswith(name) for one in found) and notice.search(plain)
    ]


def noticed(text: str) -> Expression | None:
    """What the tags and sentences of a text come to; None where there are none."""
    head = text[:MOST_LETTERS]
    if tags := [expression for expression, _ in tagged(head)]:
        return every(tags)
    found = list(_sentences(_plain(head)))
    return every(found) if found else None


def _plain(text: str) -> str:
    return re.sub(r"[\s*#;/]+", " ", text.lower())


def _sentences(plain: str) -> Iterator[Expression]:
    if _APACHE.search(plain):
        yield Term(id="Apache-2.0")
    if _MOZILLA.search(plain):
        yield Term(id="MPL-2.0")
    for found in _GNU.finditer(plain):
        number = _NUMBER.search(found[2])
        if number:
            version = number[1] or number[2]
            name = f"{_NAMES[found[1]]}-{version if '.' in version else version + '.0'}"
            whole = f"{name}-{'or-later' if _LATER.search(found[2]) else 'only'}"
            if whole.lower() in listed().licences:
                yield Term(id=whole)
                return
