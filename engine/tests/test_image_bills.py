"""The bill of an image: its layers, its system, and the same findings as the image itself gives."""

import json

import pytest
from images import configuration, digest, docker, layer
from sbom_standards import faults

from vallum_engine.model.file import File
from vallum_engine.pipeline import scan
from vallum_engine.sbom.bill import canonical
from vallum_engine.sbom.document import WRITERS, dump
from vallum_engine.sca.advisories import Meta, open_database
from vallum_engine.sca.build import build
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.sca.lister import PackageLister
from vallum_engine.sca.lockfiles.sbom import bill as read
from vallum_engine.sources import image
from vallum_engine.triggers import collect

RELEASE = ("etc/os-release", b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n')
SSL = "Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl (3.0.11-1)\nVersion: 3.0.11-1+b1\n\n"
CURL = "Package: curl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 7.88.1-10\n\n"
LOCK = {"packages": {"": {"dependencies": {"left": "1"}}, "node_modules/left": {"version": "1.0.0"}}}
LAYERS = (
    layer(RELEASE, ("var/lib/dpkg/status", SSL.encode())),
    layer(("var/lib/dpkg/status", (SSL + CURL).encode())),
    layer(("app/package-lock.json", json.dumps(LOCK).encode())),
)
KNOWN = (("Debian:12", "openssl", "3.0.14-1"), ("Debian:12", "curl", "8.0-1"), ("npm", "left", "1.5.0"))


def record(number, ecosystem, name, fixed):
    span = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}
    return {
        "id": f"CVE-2024-000{number}",
        "summary": "About it",
        "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": [span]}],
    }


@pytest.fixture
def advisories(tmp_path):
    records = [(known[0].partition(":")[0], record(number, *known)) for number, known in enumerate(KNOWN, 1)]
    build(records, tmp_path / "advisories", meta=Meta(built_at="2026-01-01T00:00:00Z", source="0" * 16))
    with open_database(tmp_path / "advisories") as opened:
        yield opened


@pytest.fixture
def found(tmp_path):
    """What is in the image, by a detector of one's choice."""
    path = tmp_path / "image.tar"
    path.write_bytes(docker(LAYERS, config=configuration(LAYERS)))

    def run(detector):
        with image.opened(str(path)) as opened:
            target = {"name": "image.tar", **opened.target}
            return scan(opened.items, [detector], triggers=collect([detector]).load(b""), target=target)

    return run


def listed(found):
    lister = PackageLister()
    report = found(lister)
    return lister.bill(report)


def test_a_bill_of_an_image_names_layers_and_the_system(found):
    bill = listed(found)
    assert bill.subject.kind == "container"
    assert [bill.subject.fact(f"layer:00{n}") for n in (1, 2, 3)] == [digest(data) for data in LAYERS]
    assert bill.subject.fact("incomplete") == ""
    every = {each.name: each for each in bill.components}
    system = every["debian"]
    assert (system.kind, system.version) == ("operating-system", "12")
    assert {every[name].places[0].layer for name in ("libssl3",)} == {digest(LAYERS[0])}
    assert {every[name].places[0].layer for name in ("curl",)} == {digest(LAYERS[1])}
    assert every["libssl3"].purl == "pkg:deb/debian/libssl3@3.0.11-1%2Bb1?arch=amd64&distro=debian-12"
    assert set(bill.wants[system.ref]) == {every["libssl3"].ref, every["curl"].ref}


@pytest.mark.parametrize("form", sorted(WRITERS))
def test_a_scan_of_the_bill_finds_what_a_scan_of_the_image_finds(found, advisories, form):
    bill = listed(found)
    data = dump(bill, form)
    assert faults(form, data) == []
    again = canonical(read(File("x", data)))
    assert (again.subject, again.components, again.wants) == (bill.subject, bill.components, bill.wants)
    detector = PackageDetector(advisories)
    file = File("bom.xml" if form.endswith("xml") else "bom.json", data)
    of_bill = scan([file], [detector], triggers=collect([detector]).load(b""))
    of_image = found(PackageDetector(advisories))
    assert {f.rule for f in of_image.findings} == {"CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0003"}
    assert {f.fingerprint for f in of_bill.findings} == {f.fingerprint for f in of_image.findings}
    assert not of_bill.incomplete
