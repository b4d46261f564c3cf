"""Docker Compose: the images of its services. What is built from a Dockerfile here is read there.

Read line by line, as Compose files are templates: a service stands under `services`, its `image` and `build` under it.
"""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.sca.lockfiles.docker import filled, of_name
from vallum_engine.sca.lockfiles.entry import Entry, text_of
from vallum_engine.values import mutable

TODO = "Save it as UTF-8 text."
_TOP = re.compile(r"([A-Za-z_][\w.-]*):.*")
_KEY = re.compile(r"""( +)["']?([\w.-]+)["']?\s*:(?:\s+(?:"([^"]*)"|'([^']*)'|(\S.*)))?""")


@mutable
class _Service:
    indent: int
    fields: int = 0
    """How far in its fields stand; 0 before the first."""
    image: str = ""
    line: int = 0
    built: bool = False


def extract(file: File) -> Iterator[Entry]:
    """Yield the image of every service without a `build`, and notes of names that the environment decides. Raises BrokenData."""
    for service in _services(text_of(file, TODO)):
        if service.image and not service.built:
            yield of_name(filled(service.image, {}), file, service.line)


def _services(text: str) -> Iterator[_Service]:
    service: _Service | None = None
    inside, indent = False, 0
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.rstrip()
        found = _KEY.fullmatch(line)
        if top := _TOP.fullmatch(line):
            inside, indent = top[1] == "services", 0
        if top or (inside and found and len(found[1]) <= (indent or len(found[1]))):
            if service:
                yield service
            indent = len(found[1]) if found else 0
            service = _Service(indent=indent) if inside and found else None
        elif service and found:
            service.fields = service.fields or len(found[1])
            if len(found[1]) == service.fields:
                _set(service, found[2], found[3] or found[4] or (found[5] or "").partition(" #")[0].strip(), number)
    if service:
        yield service


def _set(service: _Service, field: str, value: str, line: int) -> None:
    if field == "image":
        service.image, service.line = value, line
    elif field == "build":
        service.built = True
