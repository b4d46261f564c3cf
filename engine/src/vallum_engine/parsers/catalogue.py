"""The formats there are: every module of `formats/` is one."""

import pkgutil
from collections.abc import Mapping
from functools import cache

from vallum_engine.parsers import formats
from vallum_engine.parsers.document import Document
from vallum_engine.parsers.errors import UnknownFormat
from vallum_engine.parsers.format import Format
from vallum_engine.plugins import load

GENERIC = "Save it as SARIF 2.1.0 or CycloneDX and import that, or name its format"


@cache
def all_formats() -> Mapping[str, Format]:
    """Every format by id, in the order of ids."""
    names = sorted(module.name for module in pkgutil.iter_modules(formats.__path__) if not module.name.startswith("_"))
    found = (load(f"{formats.__name__}.{name}:FORMAT") for name in names)
    return {format_.id: format_ for format_ in sorted(found, key=lambda format_: format_.id)}


def named(name: str) -> Format:
    """Raises UnknownFormat, naming those there are."""
    known = all_formats()
    if name not in known:
        raise UnknownFormat(f"There is no report format “{name}”. Known: {', '.join(known)}.")
    return known[name]


def recognised(document: Document) -> Format:
    """The format of a document, by its content. Raises UnknownFormat when no parser knows it, or two do equally well."""
    found = [format_ for format_ in all_formats().values() if format_.recognises(document)]
    best = max((format_.weight for format_ in found), default=0)
    heaviest = [format_ for format_ in found if format_.weight == best]
    if not heaviest:
        raise UnknownFormat(f"{_looks(document)} of no report format that is known here. {GENERIC}.")
    if len(heaviest) > 1:
        names = " and ".join(format_.id for format_ in heaviest)
        raise UnknownFormat(f"This could be a report of {names}: name its format.")
    return heaviest[0]


def _looks(document: Document) -> str:
    guesses = (
        (not document.data.strip(), "The file is empty and so"),
        (document.data.startswith(b"PK\x03\x04"), "This is a zip archive"),
        (
            document.json in ([], {}, {"findings": []}),
            "This is empty JSON, as many tools write it when they find nothing, and",
        ),
        (document.json is not None or bool(document.jsons), "This is JSON"),
        (document.head[:1] in {"{", "["}, "This begins like JSON and breaks off or is malformed, and is"),
        (document.xml is not None, "This is XML"),
        (document.head[:1] == "<", "This begins like XML or HTML and is"),
        (bool(document.columns), "This is a table"),
    )
    return next((words for holds, words in guesses if holds), "This is text")
