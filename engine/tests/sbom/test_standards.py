"""Whatever is written is valid by the standards' own schemas, and reads again as what it was."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sbom_standards import faults

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.naming import purl
from vallum_engine.sbom.bill import Bill, Component, canonical
from vallum_engine.sbom.document import WRITERS, dump
from vallum_engine.sca.lockfiles.sbom import bill as read

FORMATS = sorted(WRITERS)
WRONG = {
    "cyclonedx-json": (b'"bomFormat": "CycloneDX"', b'"bomFormat": "x"'),
    "cyclonedx-xml": (b"<components>", b"<component>"),
    "spdx-json": (b'"dataLicense"', b'"license"'),
    "spdx3-json": (b'"specVersion"', b'"version"'),
}

ECOSYSTEMS = ("npm", "PyPI", "Maven", "Go", "Packagist", "Debian:12", "Alpine:v3.18", "Red Hat:enterprise_linux:9")
ECOSYSTEMS += ("Ubuntu:22.04:LTS", "SUSE:Linux Enterprise Server 15 SP5", "JSR", "vcpkg", "GitHub Actions", "")
# A name with a line break or a control letter never gets here: the inventory refuses it.
TEXT = st.text(
    st.characters(exclude_categories=("C", "Zl", "Zp", "Zs"), include_characters=" "), min_size=1, max_size=12
)
NAMES = st.one_of(
    TEXT, st.sampled_from(["@a/b", "a:b", "a/b/c", "<b>&\"'", "]]>", "@", "a@b?c#d", "%40", "pkg:npm/x", ":", "/"])
)
NAMES = NAMES.map(str.strip).filter(bool)
LICENCES = st.one_of(
    st.sampled_from(["MIT", "MIT OR (Apache-2.0 AND BSD-3-Clause)", "GPL-2.0-only WITH x", "see LICENSE", "AND"]), NAMES
)
PLACES = st.builds(
    lambda path, line, layer: Location(path=path, line=line, end_line=line, layer=layer),
    NAMES,
    st.integers(1, 10**6),
    st.sampled_from(["", "sha256:" + "0a" * 32, "layer 3"]),
)
HASHES = st.sampled_from(["sha512:" + "0f" * 64, "sha256:" + "ab" * 32, "sha1:" + "01" * 20])
FACTS = st.dictionaries(st.sampled_from(["arch", "commit", "module", "requested", "source", "source_version"]), NAMES)


@st.composite
def components(draw, number):
    ecosystem, name = draw(st.sampled_from(ECOSYSTEMS)), draw(NAMES)
    version = draw(st.one_of(st.just(""), NAMES))
    facts, licences = draw(FACTS), draw(st.lists(LICENCES, max_size=2))
    facts |= {"concluded": "true"} if licences and draw(st.booleans()) else {}
    return Component(
        ref=f"raw {number}",
        name=name,
        version=version,
        ecosystem=ecosystem,
        purl=purl(ecosystem, name, version, arch=facts.get("arch", "")),
        kind=draw(st.sampled_from(["library", "application", "operating-system", "file", "data"])),
        scope=draw(st.sampled_from(["", "required", "optional", "excluded"])),
        licences=tuple(licences),
        hashes=tuple(draw(st.lists(HASHES, max_size=2))),
        places=tuple(draw(st.lists(PLACES, max_size=2))),
        facts=tuple(sorted(facts.items())),
    )


@st.composite
def bills(draw):
    count = draw(st.integers(0, 5))
    every = tuple(draw(components(number)) for number in range(count))
    refs = st.sampled_from(["subject", *(each.ref for each in every)])
    edges = draw(st.lists(st.tuples(refs, refs), max_size=8))
    wants = {}
    for one, other in edges:
        wants.setdefault(one, []).append(other)
    subject = Component(ref="subject", name=draw(NAMES), kind="container", facts=(("incomplete", "true"),))
    return canonical(Bill(subject=subject, components=every, wants=wants, roots=("subject",)))


def said(bill):
    return bill.subject, bill.components, bill.wants, bill.roots


def again(form, data):
    return canonical(read(File(f"bom.{form.rpartition('-')[2]}", data)))


@pytest.mark.parametrize("form", FORMATS)
@given(bill=bills(), created=st.sampled_from(["", "2026-11-26T09:00:00Z"]))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_written_is_valid_and_reads_the_same(form, bill, created):
    data = dump(bill, form, created=created)
    assert faults(form, data) == []
    assert said(again(form, data)) == said(bill)
    assert dump(again(form, data), form, created=created) == data


@pytest.mark.parametrize("form", FORMATS)
def test_the_schemas_refuse_what_is_wrong(form):
    """Or else the test above could not fail."""
    data = dump(canonical(Bill(subject=Component(ref="x", name="shop"), roots=("x",))), form)
    before, after = WRONG[form]
    assert faults(form, data) == []
    wrong = data.replace(before, after)
    assert wrong != data
    if form == "cyclonedx-xml":
        wrong = wrong.replace(b"</components>", b"</component>")
    assert faults(form, wrong)


@pytest.mark.parametrize("form", FORMATS)
def test_letters_that_xml_cannot_hold_leave_the_document_whole(form):
    name = "a\x00b\x1b[31m\x0bc\ud800d\ufffee\tf\ng"
    place = Location(path=f"{name}/x", line=3, end_line=3)
    one = Component(ref="x", name=name, version=name, kind="library", places=(place,), licences=(name,))
    data = dump(canonical(Bill(subject=one, components=(one,), roots=("x",))), form)
    (found,) = read(File("x", data)).components
    if form == "cyclonedx-xml":
        assert faults(form, data) == []
        assert found.name == "a\\x00b\\x1b[31m\\x0bc\\ud800d\\ufffee\tf\ng"
    else:
        assert found.name == name
        assert json.loads(data)


def test_who_is_asked_for_by_two_is_told_of_by_both():
    every = tuple(
        Component(ref=name, name=name, version="1", ecosystem="npm", purl=f"pkg:npm/{name}@1") for name in "abc"
    )
    bill = canonical(Bill(subject=None, components=every, wants={"a": ["c"], "b": ["c", "c", "b", "nobody"]}))
    assert bill.wants == {"pkg:npm/a@1": ("pkg:npm/c@1",), "pkg:npm/b@1": ("pkg:npm/c@1",)}


def test_one_package_in_two_files_is_one_component_that_says_both():
    one = Component(ref="1", name="a", version="1", ecosystem="npm", scope="excluded", places=(Location(path="x"),))
    other = Component(ref="2", name="a", version="1", ecosystem="npm", scope="required", places=(Location(path="b"),))
    top = Component(ref="top", name="top", ecosystem="npm", version="1")
    bill = canonical(Bill(subject=None, components=(top, one, other), wants={"top": ["1", "2"]}))
    found = bill.components[0]
    assert (found.scope, [place.path for place in found.places]) == ("required", ["b", "x"])
    assert list(bill.wants.values()) == [(found.ref,)]


def test_two_of_one_package_url_have_references_of_their_own():
    every = [
        Component(ref=str(n), name="a", ecosystem="npm", purl="pkg:npm/a", facts=(("requested", f"^{n}"),))
        for n in range(3)
    ]
    bill = canonical(Bill(subject=None, components=tuple(every)))
    assert [each.ref for each in bill.components] == ["pkg:npm/a", "pkg:npm/a#2", "pkg:npm/a#3"]
    assert [each.fact("requested") for each in bill.components] == ["^0", "^1", "^2"]


def test_the_order_of_what_is_found_changes_nothing():
    every = [Component(ref=str(n), name=f"n{n % 7}", version=str(n), ecosystem="npm") for n in range(30)]
    wants = {str(n): [str((n * 3) % 30), str((n * 7) % 30)] for n in range(30)}
    subject = Component(ref="top", name="top")
    one = Bill(subject=subject, components=tuple(every), wants=wants, roots=("top",))
    other = Bill(
        subject=subject, components=tuple(reversed(every)), wants=dict(reversed(wants.items())), roots=("top",)
    )
    for form in FORMATS:
        assert dump(canonical(one), form) == dump(canonical(other), form)


def test_what_is_declared_goes_before_what_is_concluded():
    concluded = Component(
        ref="1", name="a", version="1", ecosystem="npm", licences=("GPL-3.0-only",), facts=(("concluded", "true"),)
    )
    declared = Component(ref="2", name="a", version="1", ecosystem="npm", licences=("MIT",))
    (found,) = canonical(Bill(subject=None, components=(concluded, declared))).components
    assert (found.licences, found.facts) == (("MIT",), ())


CONCLUDED = {
    "cyclonedx": {
        "bomFormat": "CycloneDX",
        "components": [{"name": "a", "licenses": [{"license": {"id": "MIT", "acknowledgement": "concluded"}}]}],
    },
    "spdx": {
        "spdxVersion": "SPDX-2.3",
        "packages": [{"SPDXID": "a", "name": "a", "licenseDeclared": "NOASSERTION", "licenseConcluded": "MIT"}],
    },
    "spdx 3": {
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            {"type": "software_Package", "spdxId": "a", "name": "a"},
            {"type": "simplelicensing_LicenseExpression", "spdxId": "l", "simplelicensing_licenseExpression": "MIT"},
            {"type": "Relationship", "from": "a", "to": ["l"], "relationshipType": "hasConcludedLicense"},
        ],
    },
}  # fmt: skip


@pytest.mark.parametrize("name", CONCLUDED)
@pytest.mark.parametrize("form", FORMATS)
def test_what_others_concluded_is_not_passed_on_as_declared(name, form):
    bill = canonical(read(File("x", json.dumps(CONCLUDED[name]).encode())))
    data = dump(bill, form).decode()
    assert faults(form, data.encode()) == []
    says = {"cyclonedx-json": '"acknowledgement": "concluded"', "cyclonedx-xml": 'acknowledgement="concluded"'}
    says |= {"spdx-json": '"licenseConcluded": "MIT"', "spdx3-json": '"hasConcludedLicense"'}
    assert says[form] in data
    (found,) = again(form, data.encode()).components
    assert (found.licences, found.fact("concluded")) == (("MIT",), "true")
