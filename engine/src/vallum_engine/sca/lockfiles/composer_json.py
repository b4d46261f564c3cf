"""Composer's manifest, `composer.json`: only one exact version is a version, a range is listed with none.

What has no vendor (`php`, `ext-json`, `composer-plugin-api`) is the platform's and left out:
https://getcomposer.org/doc/articles/composer-platform-dependencies.md.
"""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, string
from vallum_engine.sca.lockfiles.located_json import Cursor

TODO = "See `composer validate`."
_SECTIONS = {"require": (), "require-dev": ("dev",)}
_EXACT = re.compile(r"=?\s*(v?\d+(?:\.\d+){1,3}(?:-?(?:alpha|beta|RC|patch|a|b|p|rc|dev)\.?\d*)?)", re.IGNORECASE)


def extract(file: File) -> Iterator[Entry]:
    """Yield every package that is asked for. Raises BrokenData."""
    cursor = Cursor(file, TODO)
    for section, _ in cursor.members():
        if section not in _SECTIONS or cursor.mark != "{":
            continue
        for name, line in cursor.members():
            wish = cursor.value()
            asked = " ".join(string(wish).split())
            exact = _EXACT.fullmatch(asked)
            if "/" in name:
                yield Package(
                    ecosystem="Packagist",
                    name=name,
                    version=exact[1] if exact else "",
                    location=Location(path=file.path, line=line, end_line=line),
                    direct=True,
                    groups=_SECTIONS[section],
                    requested=asked or "*",
                )
    cursor.finish()
