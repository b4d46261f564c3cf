"""Python: `setup.cfg`, where setuptools has its tables `options` and `options.extras_require`; others' tables are passed over."""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.sca.lockfiles.entry import Entry, Member, text_of
from vallum_engine.sca.lockfiles.pyproject import wished

TODO = "Save it as UTF-8 text."
_HEADER = re.compile(r"\[([^\]]*)\]")
_FIELD = re.compile(r"([A-Za-z0-9_.-]+)\s*[=:](.*)")
_OPTIONS = {"install_requires": (), "tests_require": ("dev",)}
DEVELOPMENT = {"dev", "develop", "development", "test", "tests", "testing", "lint", "docs", "doc"}
"""Extras that people who work on the project install."""


def extract(file: File) -> Iterator[Entry]:
    """Yield what the project asks for. Raises BrokenData for what is no text."""
    section = field = ""
    for number, raw in enumerate(text_of(file, TODO).split("\n"), 1):
        line = raw.rstrip()
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        value = line.strip()
        if line[0] not in " \t":
            field = ""
            if header := _HEADER.match(line):
                section = header[1].strip()
                continue
            if found := _FIELD.match(line):
                field, value = found[1].lower().replace("-", "_"), found[2].strip()
                if (section, field) == ("metadata", "name"):
                    yield Member(name=value)
        groups = _groups(section, field)
        if field and groups is not None:
            yield from wished(file, [(value.partition(" #")[0], number, groups)])


def _groups(section: str, field: str) -> tuple[str, ...] | None:
    if section == "options":
        return _OPTIONS.get(field)
    if section == "options.extras_require":
        return ("dev",) if field in DEVELOPMENT else ("optional",)
    return None
