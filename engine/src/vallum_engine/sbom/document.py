"""The formats that a bill of materials is written in."""

from collections.abc import Callable, Iterator, Mapping

from vallum_engine import VERSION
from vallum_engine.plugins import load
from vallum_engine.sbom.bill import Bill

WRITERS: Mapping[str, str] = {
    "cyclonedx-json": "vallum_engine.sbom.cyclonedx_json:write",
    "cyclonedx-xml": "vallum_engine.sbom.cyclonedx_xml:write",
    "spdx-json": "vallum_engine.sbom.spdx_json:write",
    "spdx3-json": "vallum_engine.sbom.spdx3_json:write",
}
TOOL = "vallum"


def dump(bill: Bill, form: str, *, created: str = "") -> bytes:
    """A canonical bill as a document, UTF-8. Equal bills give equal bytes. `created` is a moment of RFC 3339 in UTC."""
    write: Callable[..., Iterator[str]] = load(WRITERS[form])
    return "".join(write(bill, tool=(TOOL, VERSION), created=created)).encode("utf-8", "backslashreplace")
