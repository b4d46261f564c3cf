"""Bills of materials made to hurt: an error for that file, or an answer, in linear time."""

import json
import time

import pytest

from vallum_engine.errors import BrokenData
from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Ways
from vallum_engine.model.package import Package
from vallum_engine.sbom.bill import canonical
from vallum_engine.sbom.document import WRITERS, dump
from vallum_engine.sca import bill as assembling
from vallum_engine.sca.inventory import taken_of
from vallum_engine.sca.lockfiles.sbom import bill, extract, graph
from vallum_engine.sca.origins import Book

SECONDS = 20
"""Far above what any of these takes, far below what a quadratic reader would."""


@pytest.fixture(autouse=True)
def soon():
    started = time.process_time()
    yield
    assert time.process_time() - started < SECONDS


def cyclonedx(components, dependencies=(), top=""):
    about = {"metadata": {"component": {"name": top, "bom-ref": top}}} if top else {}
    whole = {"bomFormat": "CycloneDX", **about, "components": components, "dependencies": list(dependencies)}
    return json.dumps(whole).encode()


def library(number):
    return {"bom-ref": str(number), "name": f"n{number}", "version": "1.0.0", "purl": f"pkg:npm/n{number}@1.0.0"}


def test_a_million_components_are_too_many_and_that_is_said():
    row = b'{"name":"a","version":"1"}'
    data = b'{"bomFormat":"CycloneDX","components":[' + b",".join([row] * 1_000_000) + b"]}"
    with pytest.raises(BrokenData, match=r"^line 1: more than 250,000 entries"):
        taken_of(extract(File("bom.json", data)))


def test_a_large_bill_is_read_and_written():
    rows = [library(number) for number in range(30_000)]
    edges = [{"ref": str(n), "dependsOn": [str((n * 7) % 30_000), str((n + 1) % 30_000)]} for n in range(30_000)]
    file = File("bom.json", cyclonedx(rows, edges))
    taken = taken_of(extract(file))
    assert len(taken.packages) == 30_000
    whole = canonical(bill(file))
    assert sum(map(len, whole.wants.values())) > 55_000
    assert len(dump(whole, "cyclonedx-json")) > 3_000_000


def test_thirty_thousand_of_one_package_url_get_references_in_linear_time():
    rows = [
        {"name": "a", "purl": "pkg:npm/a", "properties": [{"name": "vallum:requested", "value": str(n)}]}
        for n in range(30_000)
    ]
    whole = canonical(bill(File("bom.json", cyclonedx(rows))))
    assert len({each.ref for each in whole.components}) == 30_000


def test_everybody_asks_for_everybody():
    every = [str(number) for number in range(250)]
    data = cyclonedx([library(n) for n in range(250)], ({"ref": ref, "dependsOn": every} for ref in every))
    whole = canonical(bill(File("bom.json", data)))
    for form in WRITERS:
        found = canonical(bill(File("x", dump(whole, form))))
        assert sum(map(len, found.wants.values())) == 250 * 249


def test_a_circle_is_a_circle():
    rows = [library(n) for n in range(1_000)]
    edges = [{"ref": str(n), "dependsOn": [str((n + 1) % 1_000)]} for n in range(1_000)]
    assert len(canonical(bill(File("bom.json", cyclonedx(rows, edges)))).wants) == 1_000
    ways = Ways(
        graph(File("bom.json", cyclonedx(rows, [*edges, {"ref": "top", "dependsOn": ["0"]}], top="top"))), project="x"
    )
    assert (ways.of("n0", "1.0.0").direct, ways.of("n999", "1.0.0").direct) == (True, False)


def test_a_graph_in_which_nobody_says_what_the_project_asks_for_tells_nothing_of_it():
    """Syft writes some edges between packages, and none from what they are of: nothing is direct for that."""
    file = File("bom.json", cyclonedx([library(1), library(2)], [{"ref": "1", "dependsOn": ["2"]}], top="top"))
    assert Ways(graph(file), project="x").of("n1", "1.0.0").direct is None


def test_components_within_components_are_read_as_deep_as_they_can_be():
    inner = {"name": "n0", "version": "1", "purl": "pkg:npm/n0@1"}
    for number in range(1, 300):
        inner = {"name": f"n{number}", "version": "1", "purl": f"pkg:npm/n{number}@1", "components": [inner]}
    assert len(taken_of(extract(File("bom.json", cyclonedx([inner])))).packages) == 300


@pytest.mark.parametrize(
    ("path", "data", "says"),
    [
        pytest.param(
            "bom.json",
            b'{"bomFormat": "CycloneDX", "components": [' + b'{"components": [' * 100_000,
            "nested too deeply",
            id="objects",
        ),
        pytest.param(
            "bom.json", b'{"bomFormat": "CycloneDX", "a": ' + b"[" * 100_000, "nested too deeply", id="brackets"
        ),
        pytest.param(
            "bom.json", b'{"bomFormat": "CycloneDX", "a": ' + b"9" * 5_000 + b"}", "not valid JSON", id="a number"
        ),
        pytest.param("bom.json", b'{"bomFormat": "CycloneDX", "a": "\xff"}', "not UTF-8", id="not UTF-8"),
        pytest.param("bom.json", b'{"bomFormat": "CycloneDX"}{}', "something follows", id="two documents"),
        pytest.param(
            "bom.xml",
            b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6">' + b"<components><component>" * 1_000,
            "nested more than",
            id="elements",
        ),
        pytest.param("bom.xml", b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><a>', "not valid XML", id="cut off"),
        pytest.param(
            "bom.json",
            cyclonedx([{"name": "a", "version": "1", "purl": "pkg:a\nb/x@1"}]),
            "cannot be shown",
            id="a type of two lines",
        ),
        pytest.param("bom.json", cyclonedx([{"name": "a\nb"}]), "not printable", id="a name of two lines"),
        pytest.param("bom.json", cyclonedx([{"name": "a" * 2_000}]), "too long", id="a name without end"),
    ],
)
def test_what_is_broken_is_an_error_with_its_line(path, data, says):
    with pytest.raises(BrokenData, match=r"^line \d+: .*\. \S") as caught:
        taken_of(extract(File(path, data)))
    assert says in str(caught.value)


WRONG = (None, [], {}, "x", -1, True, 1e99, [None], [[]], [{}], {"x": []})
DOCUMENTS = {
    "cyclonedx": {
        "bomFormat": "CycloneDX",
        "metadata": {"component": {"name": "top", "bom-ref": "top"}, "tools": {"components": [{"name": "x"}]}},
        "components": [
            {
                "bom-ref": "a", "name": "a", "version": "1", "purl": "pkg:npm/a@1", "scope": "optional", "type": "library",
                "licenses": [{"license": {"id": "MIT"}}, {"expression": "MIT"}], "hashes": [{"alg": "MD5", "content": "0"}],
                "properties": [{"name": "vallum:place", "value": "a:1"}, {"name": "vallum:scope", "value": "required"}],
                "evidence": {"occurrences": [{"location": "x", "line": 3, "additionalContext": "layer 1"}]},
                "components": [{"name": "b"}],
            }
        ],
        "dependencies": [{"ref": "top", "dependsOn": ["a"]}],
    },
    "spdx": {
        "spdxVersion": "SPDX-2.3",
        "creationInfo": {"creators": ["Tool: x"]},
        "packages": [
            {
                "SPDXID": "a", "name": "a", "versionInfo": "1", "licenseDeclared": "LicenseRef-1", "primaryPackagePurpose": "LIBRARY",
                "checksums": [{"algorithm": "MD5", "checksumValue": "0"}],
                "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:npm/a@1"}],
                "annotations": [{"comment": "vallum:place=a:1"}],
            }
        ],
        "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "a"}],
        "hasExtractedLicensingInfos": [{"licenseId": "LicenseRef-1", "name": "x"}],
        "documentDescribes": ["a"],
    },
    "spdx 3": {
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            {"type": "SpdxDocument", "spdxId": "d", "rootElement": ["b"]},
            {"type": "software_Sbom", "spdxId": "b", "rootElement": ["a"]},
            {"type": "Tool", "spdxId": "t", "name": "x"},
            {
                "type": "software_Package", "spdxId": "a", "name": "a", "software_packageVersion": "1",
                "software_packageUrl": "pkg:npm/a@1", "software_primaryPurpose": "library",
                "externalIdentifier": [{"externalIdentifierType": "packageUrl", "identifier": "pkg:npm/a@1"}],
                "verifiedUsing": [{"algorithm": "md5", "hashValue": "0"}],
                "extension": [{"extension_cdxProperty": [{"extension_cdxPropName": "vallum:place", "extension_cdxPropValue": "a:1"}]}],
            },
            {"type": "simplelicensing_LicenseExpression", "spdxId": "l", "simplelicensing_licenseExpression": "MIT"},
            {"type": "Relationship", "from": "a", "to": ["l"], "relationshipType": "hasDeclaredLicense"},
            {"type": "LifecycleScopedRelationship", "from": "a", "to": ["a"], "relationshipType": "dependsOn", "scope": "test"},
        ],
    },
}  # fmt: skip


def walked(value):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in list(items):
        yield value, key
        yield from walked(below)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_whatever_stands_in_a_place_is_read_past_or_refused(name):
    document = json.loads(json.dumps(DOCUMENTS[name]))
    read = 0
    for holder, key in walked(document):
        kept = holder[key]
        for wrong in WRONG:
            holder[key] = wrong
            file = File("bom.json", json.dumps(document).encode())
            try:
                taken_of(extract(file))
                found = bill(file)
            except BrokenData:
                continue
            graph(file)
            if found:
                read += 1
                for form in WRITERS:
                    dump(canonical(found), form)
        holder[key] = kept
    assert read > 100


def test_a_lockfile_whose_graph_is_too_large_is_told_without_it(monkeypatch):
    monkeypatch.setattr(assembling, "MOST_EDGES", 10_000)
    every = [f"n{n}" for n in range(200)]
    packages = list(taken_of(extract(File("bom.json", cyclonedx([library(n) for n in range(200)])))).packages)
    names = {name: (name, "1.0.0") for name in every}
    many = Graph(names=names, wants=dict.fromkeys(every, ("all",)), answers={"all": every}, roots=("n0",))
    assembly = assembling.Assembly()
    for path in ("a/package-lock.json", "b/package-lock.json"):
        assembly.add(path, packages, Book("npm", packages, many if path[0] == "a" else None), system=None, hashes={})
    found = assembly.bill({"name": "x"}, (), incomplete=False)
    assert assembly.beyond == ["a/package-lock.json"]
    assert sum(isinstance(package, Package) for package in packages) == 200
    wants = {edge for wanted in found.wants.values() for edge in wanted}
    assert "pkg:npm/n1@1.0.0" in wants  # of the other file


def test_what_licence_files_say_is_concluded_where_nothing_is_declared():
    """And what is declared goes before it, as an expression where somebody made one of it."""
    rows = (
        ("a", {"licence_found": "MIT"}),
        ("b", {"licence": "mit", "licence_found": "X"}),
        ("c", {"licence_expression": "MIT"}),
    )
    packages = [
        Package(ecosystem="npm", name=name, version="1", location=Location(path="x"), **more) for name, more in rows
    ]
    assembly = assembling.Assembly()
    assembly.add("package-lock.json", packages, Book("npm", packages), system=None, hashes={})
    found = {each.name: each for each in assembly.bill({}, (), incomplete=False).components}
    assert [(found[name].licences, found[name].fact("concluded")) for name in "abc"] == [
        (("MIT",), "true"),
        (("mit",), ""),
        (("MIT",), ""),
    ]
