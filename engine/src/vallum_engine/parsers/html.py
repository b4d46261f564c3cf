"""HTML reports as a tree: tolerant of what pages leave open, within the limits of XML."""

from html.parser import HTMLParser
from xml.etree.ElementTree import Element, SubElement

from vallum_engine.parsers.document import MOST_DEPTH, MOST_ELEMENTS
from vallum_engine.parsers.errors import BrokenReport

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)


def tree(text: str) -> Element:
    """The page below one root named `page`. A closing tag closes what is open inside it; one too many is left out."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.root


def text_of(element: Element | None) -> str:
    """All text of an element, blanks evened out."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("page")
        self.open = [self.root]
        self.count = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count += 1
        if self.count > MOST_ELEMENTS or len(self.open) > MOST_DEPTH:
            raise BrokenReport(
                f"The report's HTML holds more than {MOST_ELEMENTS:,} elements, or is nested deeper than {MOST_DEPTH}."
            )
        element = SubElement(self.open[-1], tag, {name: value or "" for name, value in attrs})
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        known = [index for index, element in enumerate(self.open) if index and element.tag == tag]
        if known:
            del self.open[known[-1] :]

    def handle_data(self, data: str) -> None:
        element = self.open[-1]
        if len(element):
            element[-1].tail = (element[-1].tail or "") + data
        else:
            element.text = (element.text or "") + data
