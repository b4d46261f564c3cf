"""XML with places: a tree of elements, each with the line where it begins. No entities, no other files, and limits on size.

The document says its encoding itself, so that what MSBuild wrote as UTF-16 is read too.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from vallum_engine.model.file import File
from vallum_engine.sca.lockfiles.entry import MAX_BYTES, broken
from vallum_engine.values import made, mutable

MAX_DEPTH = 100
MAX_ELEMENTS = 1_000_000
"""Four for each of the packages that a file may hold; Gradle's own metadata has a tenth of it."""


@mutable
class Element:
    """An element without its namespace: `{urn:x}project` is `project`, for attributes too."""

    tag: str
    line: int
    attributes: Mapping[str, str]
    text: str = ""
    children: list["Element"] = made(factory=list)

    def each(self, tag: str) -> Iterator["Element"]:
        return (child for child in self.children if child.tag == tag)

    def first(self, *path: str) -> "Element | None":
        """The first element at this path."""
        at: Element | None = self
        for tag in path:
            at = next(at.each(tag), None) if at else None
        return at

    def said(self, *path: str) -> str:
        """The text of the first element at this path; empty where there is none."""
        found = self.first(*path)
        return found.text.strip() if found else ""

    def walk(self) -> Iterator["Element"]:
        """The element and all below it, as they stand in the file."""
        yield self
        for child in self.children:
            yield from child.walk()


class _Tree:
    """Takes what the parser reads. `parser` is expat's, which knows the line."""

    def __init__(self, todo: str) -> None:
        self.todo = todo
        self.parser: Any = None
        self.open: list[tuple[Element, list[str]]] = []
        self.root: Element | None = None
        self.count = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        line = int(self.parser.CurrentLineNumber)
        self.count += 1
        if self.count > MAX_ELEMENTS:
            raise broken(line, f"more than {MAX_ELEMENTS:,} elements", self.todo)
        if len(self.open) >= MAX_DEPTH:
            raise broken(line, f"nested more than {MAX_DEPTH} deep", self.todo)
        element = Element(_local(tag), line, {_local(name): value for name, value in attributes.items()})
        if self.open:
            self.open[-1][0].children.append(element)
        self.open.append((element, []))

    def data(self, text: str) -> None:
        if self.open:
            self.open[-1][1].append(text)

    def end(self, tag: str) -> None:  # noqa: ARG002 - the parser's protocol
        element, text = self.open.pop()
        element.text = "".join(text)
        self.root = element

    def close(self) -> Element | None:
        return self.root


def tree(file: File, todo: str) -> Element:
    """The root element. Raises BrokenData."""
    if len(file.data) > MAX_BYTES:
        raise broken(1, f"{len(file.data):,} bytes are more than the limit of {MAX_BYTES:,}", todo)
    target = _Tree(todo)
    parser = XMLParser(target=target, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    target.parser = parser.parser
    try:
        parser.feed(file.data)
        root: Element = parser.close()
    except DefusedXmlException as error:
        line = parser.parser.CurrentLineNumber
        raise broken(line, "it declares entities or refers to other files, which nothing here needs", todo) from error
    except ParseError as error:
        raise broken(error.position[0], f"not valid XML ({str(error).partition(':')[0]})", todo) from error
    except (ValueError, LookupError) as error:
        raise broken(1, f"not valid XML ({error})", todo) from error
    return root


def _local(name: str) -> str:
    return name.rpartition("}")[2]
