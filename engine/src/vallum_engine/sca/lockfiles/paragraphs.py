"""Debian's control format (deb822): fields of a paragraph, one a line, continued by lines that begin with a blank.

https://www.debian.org/doc/debian-policy/ch-controlfields.html. dpkg keeps its database so, and opkg its own.
"""

from collections.abc import Collection, Iterator

from vallum_engine.model.file import File
from vallum_engine.sca.lockfiles.entry import broken, text_of


def paragraphs(file: File, wanted: Collection[str], todo: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The line that each paragraph begins at, and its fields of the `wanted` names (in lower case), first lines only.

    Raises BrokenData for a line that is neither a field nor the continuation of one.
    """
    start = 0
    fields: dict[str, str] = {}
    for number, line in enumerate(text_of(file, todo).split("\n"), 1):
        if not line.strip():
            if start:
                yield start, fields
            start, fields = 0, {}
        elif line[0] in " \t":
            if not start:
                raise broken(number, "a continued line without a field before it", todo)
        else:
            name, colon, value = line.partition(":")
            if not colon:
                raise broken(number, "no field of a package database", todo)
            start = start or number
            key = name.lower()
            if key in wanted:
                fields[key] = value.strip()
    if start:
        yield start, fields
