"""XML as the formats read it: texts of children, and a walk in which a bad record costs itself only."""

from collections.abc import Callable, Iterable, Iterator
from xml.etree.ElementTree import Element

from vallum_engine.parsers.format import Record, Rejected

_ODD = (KeyError, TypeError, ValueError, AttributeError, IndexError)


def said(element: Element | None, path: str) -> str:
    """All text at a path below an element; empty where there is none."""
    found = element.find(path) if element is not None else None
    return "" if found is None else "".join(found.itertext()).strip()


def each(elements: Iterable[Element], at: str, make: Callable[[str, Element], Record]) -> Iterator[Record]:
    """One record for each of the elements. What `make` stumbles over is rejected with the reason, and the next one is read."""
    for index, element in enumerate(elements):
        where = f"{at}[{index}]"
        try:
            yield make(where, element)
        except _ODD as error:
            yield Rejected(at=where, why=f"it is not as documented ({type(error).__name__}: {error})")
