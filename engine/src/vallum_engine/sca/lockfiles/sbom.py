"""Bills of materials as lockfiles: CycloneDX in JSON and XML, SPDX 2 in JSON and in tags, SPDX 3 in JSON.

A file that has the name of one and is none (`bom.json` is a name that other things have too) lists nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.package import Package
from vallum_engine.sbom import cyclonedx, spdx, spdx3
from vallum_engine.sbom.bill import EXCLUDED, OPTIONAL, Bill, Component
from vallum_engine.sbom.cyclonedx_xml import shaped
from vallum_engine.sca.lockfiles import located_xml
from vallum_engine.sca.lockfiles.entry import MAX_ENTRIES, Entry, Left, broken, text_of
from vallum_engine.sca.lockfiles.located_json import Cursor

TODO = "Write the bill of materials anew with the tool that made it."
MOST_BYTES = 128 << 20
_HEAD = 4096
_MARKS = (b'"CycloneDX"', b"cyclonedx.org/schema/bom", b'"spdxVersion"', b"spdx.org/rdf/3.", b"SPDXVersion: SPDX-2.")
_LISTS = frozenset({"@graph", "components", "packages"})
"""Where the entries stand, by the standard."""
_READERS: Sequence[tuple[Callable[[object], bool], Callable[[dict[str, Any], Sequence[int]], Bill], str]] = (
    (cyclonedx.recognises, cyclonedx.read, "components"),
    (spdx.recognises, spdx.read, "packages"),
    (spdx3.recognises, spdx3.read, "@graph"),
)
_GROUPS = {EXCLUDED: ("dev",), OPTIONAL: ("optional",)}


def is_one(data: bytes) -> bool:
    """Whether the bytes look like a bill of materials in a format that is read here."""
    head = data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head[:1] == b"{":
        return any(mark in data for mark in _MARKS[:4])
    return head[:1] in (b"<", b"#", b"S") and any(mark in head for mark in (_MARKS[1], _MARKS[4]))


def bill(file: File) -> Bill | None:
    """What the document says; None for what is no bill of materials. Raises BrokenData."""
    if not is_one(file.data):
        return None
    if file.data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        return _of_xml(file)
    cursor = Cursor(file, TODO, most=MOST_BYTES) if b"SPDXVersion: SPDX-2." not in file.data[:_HEAD] else None
    if cursor is None:
        return spdx.read(*spdx.tagged(text_of(file, TODO, MOST_BYTES)))
    told, lines = _located(cursor)
    for recognises, read, key in _READERS:
        if recognises(told):
            if not isinstance(told.get(key, []), list | None):
                raise broken(1, f"`{key}` is no list", TODO)
            return read(told, lines.get(key, ()))
    return None


def _located(cursor: Cursor) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """The document, and the line of each entry of its lists."""
    told: dict[str, Any] = {}
    lines: dict[str, list[int]] = {}
    for key, _ in cursor.members():
        if key in _LISTS and cursor.mark == "[":
            told[key], lines[key] = [], []
            for line in cursor.items():
                if len(lines[key]) == MAX_ENTRIES:
                    raise broken(line, f"more than {MAX_ENTRIES:,} entries", TODO)
                lines[key].append(line)
                told[key].append(cursor.value())
        else:
            told[key] = cursor.value()
    cursor.finish()
    return told, lines


def _of_xml(file: File) -> Bill | None:
    root = located_xml.tree(file, TODO)
    if root.tag != "bom":
        return None
    outer = root.first("components")
    return cyclonedx.read(shaped(_plain(root)), [each.line for each in outer.each("component")] if outer else ())


def _plain(root: located_xml.Element) -> Element:
    """As the standard library has it."""
    top = Element(root.tag, dict(root.attributes))
    open_ = [(root, top)]
    while open_:
        one, made = open_.pop()
        made.text = one.text
        for child in one.children:
            made.append(Element(child.tag, dict(child.attributes)))
            open_.append((child, made[-1]))
    return top


def extract(file: File) -> Iterator[Entry]:
    """Yield every package, then what cannot be matched for want of a package URL. Raises BrokenData."""
    found = bill(file)
    unknown: Counter[int] = Counter()
    for component in found.components if found else ():
        if not component.is_package:
            continue
        if not component.ecosystem.isprintable():
            raise broken(component.line or 1, "a package URL with letters that cannot be shown", TODO)
        if not component.ecosystem:
            unknown[component.line or 1] += 1
        yield _package(file, component)
    if unknown:
        why = f"{unknown.total()} components without a package URL, listed only"
        yield from (Left(line=line, why=why) for line in unknown)


def _package(file: File, component: Component) -> Package:
    line = component.line or 1
    return Package(
        ecosystem=component.ecosystem,
        name=component.name,
        version=component.version,
        location=Location(path=file.path, line=line, end_line=line),
        groups=_GROUPS.get(component.scope, ()),
        commit=component.fact("commit"),
        requested=component.fact("requested"),
        source=component.fact("source"),
        source_version=component.fact("source_version"),
        arch=component.fact("arch"),
        module=component.fact("module"),
        licence="; ".join(component.licences),
    )


def graph(file: File) -> Graph:
    """Who asks for whom. The subject, and the projects in it, are where it begins; nothing where nobody says what these ask for.

    What no other entry asks for need not be asked for by the project: many tools write a part of the graph.
    """
    found = bill(file)
    if found is None or not found.wants:
        return Graph(names={}, wants={}, roots=())
    names: dict[Key, tuple[str, str]] = {c.ref: (c.name, c.version) for c in found.components}
    roots: list[Key] = [c.ref for c in found.components if not c.is_package and c.ref in found.wants]
    names |= {root: (names[root][0], "") for root in roots}
    if found.subject:
        names[found.subject.ref] = (found.subject.name, "")
        roots.insert(0, found.subject.ref)
    wants: Mapping[Key, tuple[str, ...]] = {ref: tuple(wanted) for ref, wanted in found.wants.items()}
    starts = tuple(dict.fromkeys((*roots, *found.roots)))
    if any(wants.get(start) for start in starts):
        return Graph(names=names, wants=wants, roots=starts)
    return Graph(names={}, wants={}, roots=())
