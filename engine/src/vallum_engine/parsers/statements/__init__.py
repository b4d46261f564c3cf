"""Documents of VEX as statements, one after another: OpenVEX, CycloneDX (JSON and XML) and CSAF.

A statement that cannot be understood is told and not applied: what it speaks of then shows, as without it.
"""

from collections.abc import Callable, Iterator, Mapping

from vallum_engine.parsers.document import Document
from vallum_engine.parsers.errors import BrokenReport
from vallum_engine.parsers.formats import csaf, cyclonedx, openvex
from vallum_engine.parsers.statements import of_csaf, of_cyclonedx, of_openvex
from vallum_engine.sbom.vex import Book, Said, Unread

_Reader = Callable[[Document], tuple[str, Iterator[Said | Unread]]]
_READERS: Mapping[Callable[[Document], bool], _Reader] = {
    openvex.recognises: of_openvex.read,
    cyclonedx.recognises: of_cyclonedx.read,
    csaf.recognises: of_csaf.read,
}


def take(data: bytes, name: str, book: Book) -> None:
    """Read a document into the book; `name` is what reasons call it. Raises BrokenReport and BrokenData for what is none."""
    document = Document(data, name)
    reader = next((read for recognises, read in _READERS.items() if recognises(document)), None)
    if reader is None:
        raise BrokenReport(
            f"{name} is no VEX document: OpenVEX (JSON), CycloneDX (JSON, XML) and CSAF (JSON) are read."
        )
    author, told = reader(document)
    book.take(told, name=name, author=author)
