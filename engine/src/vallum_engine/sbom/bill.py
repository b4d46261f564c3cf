"""A bill of materials as values: what CycloneDX and SPDX both say of a component, and who asks for whom."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from urllib.parse import quote

from vallum_engine.errors import EngineError
from vallum_engine.model.finding import Location
from vallum_engine.model.naming import normalised
from vallum_engine.sbom import purls
from vallum_engine.values import immutable, made, replace

NO_PACKAGES = frozenset({"cryptographic-asset", "data", "device", "file", "operating-system"})
"""Kinds that are no package of an ecosystem, unless they have a package URL."""
_PROJECTS = frozenset({"application", "container"})
"""Kinds that are one only if they have a version: other tools write files and folders as applications."""
CONCLUDED = "concluded"
"""The fact of a component whose licence is not declared, and was worked out from licence files."""
EXCLUDED = "excluded"
OPTIONAL = "optional"
REQUIRED = "required"
_SCOPES = (REQUIRED, "", OPTIONAL, EXCLUDED)
"""Of one component in several places the first of these holds: what runs somewhere runs."""
OWN = "vallum:"
"""Before the names of the properties that say what a standard has no word for."""
_FIELDS = frozenset({"ecosystem", "kind", "licence", "name", "place", "scope", "version"})
"""Properties that speak in a field's place; all others of ours are facts."""
_KINDS = frozenset(
    {
        "container",
        "data",
        "device",
        "device-driver",
        "file",
        "firmware",
        "framework",
        "library",
        "machine-learning-model",
    }
    | {"application", "cryptographic-asset", "operating-system", "platform"}
)
_TRIVY = "aquasecurity:trivy:"
_PLACE = re.compile(r"(.*):(\d{1,9})(?: \(layer (.*)\))?", re.DOTALL)


class BrokenBill(EngineError):
    """The document is no bill of materials, or not a whole one."""


@immutable
class Component:
    """An entry of a bill of materials. `ecosystem` is OSV's name; empty where nobody says of which it is."""

    ref: str
    """What the bill's graph calls it."""
    name: str
    version: str = ""
    ecosystem: str = ""
    purl: str = ""
    kind: str = "library"
    """In CycloneDX's words."""
    scope: str = ""
    """`required`, `optional`, `excluded` (for development alone); empty where it is not said."""
    licences: tuple[str, ...] = ()
    """Expressions of SPDX, or names."""
    hashes: tuple[str, ...] = ()
    """`sha512:` and hexadecimal digits."""
    places: tuple[Location, ...] = ()
    """Where in what the bill is about."""
    facts: tuple[tuple[str, str], ...] = ()
    """What else is known, by name, sorted: `arch`, `source`, `commit`, …"""
    line: int = 0
    """Where it stands in the document; 0 where that is not known."""

    def fact(self, name: str) -> str:
        return next((value for key, value in self.facts if key == name), "")

    @property
    def is_package(self) -> bool:
        """Whether it is one of an ecosystem, and no project, file or system that packages are of."""
        if self.purl or self.ecosystem:
            return True
        is_project = self.fact("file") or (self.kind in _PROJECTS and not self.version)
        return not is_project and self.kind not in NO_PACKAGES

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two the same."""
        asked = "" if self.version else self.fact("requested")
        own = (self.fact("arch"), self.fact("module"), self.fact("commit"), self.fact("file"))
        return self.ecosystem, normalised(self.ecosystem, self.name), self.version, asked, *own


@immutable
class Bill:
    """What one document says, or what is written as one."""

    subject: Component | None
    """What it is about."""
    components: tuple[Component, ...] = ()
    wants: Mapping[str, Sequence[str]] = made(factory=dict)
    """By reference the references that it asks for."""
    roots: tuple[str, ...] = ()
    """What the document is about, where that is said: the subject, or several of the components."""
    tool: str = ""
    """What made it, and in which version."""

    @property
    def uuid(self) -> str:
        """The same for two bills that say the same."""
        told = sha256()
        for each in (self.subject, *self.components):
            told.update(repr(each).encode("utf-8", "surrogatepass"))
        for ref, wanted in self.wants.items():
            told.update("\0".join((ref, *wanted, "\n")).encode("utf-8", "surrogatepass"))
        digits = told.hexdigest()
        # Version 8 of RFC 9562: its bits are the maker's own.
        return f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


def component(
    ref: str,
    *,
    name: str,
    version: str = "",
    purl: str = "",
    kind: str = "library",
    properties: Iterable[tuple[str, str]] = (),
) -> Component:
    """As a document writes it. The package URL speaks before name and version, our own properties before both."""
    own = _Said(properties)
    named = purls.read(purl, name)
    facts = dict(own.facts)
    kind = own.one.get("kind", kind)
    if named:
        extra = (("arch", named.arch), ("source", named.source), ("source_version", named.source_version))
        facts |= {key: value for key, value in extra if value and key not in facts}
    return Component(
        ref=ref,
        name=own.one.get("name", named.name if named else name),
        version=own.one.get("version", (named.version if named else "") or version),
        ecosystem=own.one.get("ecosystem", named.ecosystem if named else ""),
        purl=purl if named else "",
        kind=kind if kind in _KINDS else "library",
        scope=scoped(own.one.get("scope", "")),
        places=tuple(own.places),
        facts=tuple(sorted(facts.items())),
    )


class _Said:
    """What properties say: ours, and those of Trivy that name a source package."""

    def __init__(self, properties: Iterable[tuple[str, str]]) -> None:
        self.one: dict[str, str] = {}
        self.facts: dict[str, str] = {}
        self.places: list[Location] = []
        foreign: dict[str, str] = {}
        for name, value in properties:
            if name.startswith(OWN):
                self._own(name.removeprefix(OWN), value)
            elif name.startswith(_TRIVY):
                foreign[name.removeprefix(_TRIVY)] = value
        if source := foreign.get("SrcName"):
            epoch = f"{foreign['SrcEpoch']}:" if foreign.get("SrcEpoch", "0") != "0" else ""
            release = f"-{foreign['SrcRelease']}" if foreign.get("SrcRelease") else ""
            self.facts.setdefault("source", source)
            self.facts.setdefault("source_version", f"{epoch}{foreign.get('SrcVersion', '')}{release}")

    def _own(self, name: str, value: str) -> None:
        if name == "place":
            if found := _PLACE.fullmatch(value):
                self.places.append(placed(found[1], int(found[2]), found[3] or ""))
        else:
            (self.one if name in _FIELDS else self.facts)[name] = value


def scoped(word: object) -> str:
    """A scope as the standards have it; nothing for another word."""
    return word if word in (REQUIRED, OPTIONAL, EXCLUDED) and isinstance(word, str) else ""


def placed(path: str, line: int, layer: str = "") -> Location:
    return Location(path=path, line=max(line, 1), end_line=max(line, 1), layer=layer)


def properties(of: Component) -> Iterator[tuple[str, str]]:
    """What is to be written of a component beside the fields of CycloneDX, so that `component` reads the same again."""
    named = purls.read(of.purl, of.name)
    facts = dict(of.facts)
    if named:
        said = (("arch", named.arch), ("source", named.source), ("source_version", named.source_version))
        facts = {key: value for key, value in facts.items() if (key, value) not in said}
    if of.ecosystem != (named.ecosystem if named else ""):
        yield f"{OWN}ecosystem", of.ecosystem
    if named and of.name != named.name:
        yield f"{OWN}name", of.name
    if named and of.version != named.version:
        yield f"{OWN}version", of.version
    for key, value in sorted(facts.items()):
        yield f"{OWN}{key}", value


def all_properties(of: Component, kinds: Container[str]) -> Iterator[tuple[str, str]]:
    """Those, and what SPDX has no field for. `kinds` are those that it has a word for."""
    yield from properties(of)
    if of.kind not in kinds:
        yield f"{OWN}kind", of.kind
    if of.scope:
        yield f"{OWN}scope", of.scope
    for place in of.places:
        layer = f" (layer {place.layer})" if place.layer else ""
        yield f"{OWN}place", f"{place.path}:{place.line}{layer}"


def canonical(bill: Bill) -> Bill:
    """The same with one component for each package, in order, with references that follow from what they are.

    So two bills that say the same are equal, whoever wrote them in whatever format.
    """
    met: dict[tuple[str, ...], list[Component]] = {}
    for each in bill.components:
        met.setdefault(each.key, []).append(each)
    merged: list[Component] = []
    renamed: dict[str, str] = {}
    free = _Free()
    if bill.subject:
        renamed[bill.subject.ref] = "root"
    for key in sorted(met):
        same = met[key]
        one = same[0] if len(same) == 1 else min(same, key=lambda each: (not each.purl, each.purl, each.name))
        ref = free.of(one.purl or _reference(one))
        renamed.update((each.ref, ref) for each in same)
        merged.append(replace(one, ref=ref, line=0, **_joined(same)))
    wants: dict[str, set[str]] = {}
    for ref, wanted in bill.wants.items():
        if ref in renamed:
            wants.setdefault(renamed[ref], set()).update(renamed[want] for want in wanted if want in renamed)
    return Bill(
        subject=bill.subject and replace(bill.subject, ref="root", line=0),
        components=tuple(sorted(merged, key=lambda each: each.ref)),
        roots=tuple(sorted(renamed[ref] for ref in bill.roots if ref in renamed)),
        wants={ref: tuple(sorted(wants[ref] - {ref})) for ref in sorted(wants) if wants[ref] - {ref}},
        tool=bill.tool,
    )


def _reference(of: Component) -> str:
    parts = (quote(part, errors="surrogatepass") for part in (of.ecosystem or of.kind, of.name, of.version))
    return "{}:{}@{}".format(*parts)


class _Free:
    """References that nobody has: of several of one package URL the later ones are counted."""

    def __init__(self) -> None:
        self._taken = {"root": 1}

    def of(self, ref: str) -> str:
        found = ref
        while found in self._taken:
            self._taken[ref] = number = self._taken.get(ref, 1) + 1
            found = f"{ref}#{number}"
        self._taken[found] = 1
        return found


def _joined(same: Sequence[Component]) -> dict[str, object]:
    """What several places say of one package, in order."""
    if len(same) > 1:
        facts = dict(sorted(fact for each in same for fact in each.facts))
        if declaring := [each for each in same if each.licences and not each.fact(CONCLUDED)]:
            facts.pop(CONCLUDED, None)
            same = [each if each in declaring else replace(each, licences=()) for each in same]
        scope = min((each.scope for each in same), key=_SCOPES.index)
        return {"facts": tuple(sorted(facts.items())), "scope": scope, **_ordered(same)}
    one = same[0]
    return _ordered(same) if len(one.licences) > 1 or len(one.hashes) > 1 or len(one.places) > 1 else {}


def _ordered(same: Sequence[Component]) -> dict[str, object]:
    places = {place for of in same for place in of.places}
    return {
        "licences": tuple(sorted({licence for each in same for licence in each.licences})),
        "hashes": tuple(sorted({each for of in same for each in of.hashes})),
        "places": tuple(sorted(places, key=lambda place: (place.path, place.line, place.end_line, place.layer))),
    }
