"""An image through the whole scan: what each layer brought, what is only in a lower one, and nothing secret in the report."""

import json

import pytest
from images import configuration, digest, docker, layer

from vallum_engine import wire
from vallum_engine.model.layer import CONFIG_PATH
from vallum_engine.pipeline import scan
from vallum_engine.reports import json as json_report
from vallum_engine.reports import sarif, table
from vallum_engine.sca.advisories import Meta, open_database
from vallum_engine.sca.build import build
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.secrets import rulebook
from vallum_engine.secrets.detector import SecretsDetector
from vallum_engine.sources import image
from vallum_engine.triggers import collect

KEY = "AKIA" + "Q7ZX2MNB4VKTL3PW"
OTHER = "AKIA" + "W3PL5TKV2BNM6XZQ"


def status(*packages):
    return "\n".join(
        f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\nSource: {source}\n"
        for name, version, source in packages
    ).encode()


RELEASE = ("etc/os-release", b"ID=debian\nVERSION_ID=12\n")
OPENSSL, OLD, CURL = ("libssl3", "3.0.11-1", "openssl"), ("libssl3", "3.0.9-1", "openssl"), ("curl", "7.0-1", "curl")
STEPS = [
    {"created_by": "ADD rootfs.tar /"},
    {"created_by": 'CMD ["bash"]', "empty_layer": True},
    {"created_by": "RUN apt-get upgrade -y libssl3"},
    {"created_by": "RUN apt-get install -y curl"},
    {"created_by": f"RUN deploy {OTHER}"},
]
LAYERS = [
    layer(RELEASE, ("var/lib/dpkg/status", status(OLD)), ("root/.env", f"AWS_ACCESS_KEY_ID={KEY}\n".encode())),
    layer(("var/lib/dpkg/status", status(OPENSSL)), ("root/.wh..env", b"")),
    layer(("var/lib/dpkg/status", status(OPENSSL, CURL)), ("srv/yarn.lock", b"")),
    layer(("srv/note.txt", b"nothing")),
]


@pytest.fixture(scope="module")
def rules():
    return rulebook.packaged()


@pytest.fixture(scope="module")
def triggers(rules):
    return {
        None: collect([SecretsDetector(rules), PackageDetector(None)]).fallback(),
        "packages": collect([PackageDetector(None)]).fallback(),
    }


@pytest.fixture
def scanned(tmp_path, rules, triggers):
    """Return a function: the report of a scan of these layers, with two Debian advisories at hand."""
    records = [
        {
            "id": identifier,
            "summary": "About it",
            "upstream": [cve],
            "affected": [
                {
                    "package": {"ecosystem": "Debian:12", "name": name},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
                }
            ],
        }
        for identifier, cve, name, fixed in (
            ("DSA-1-1", "CVE-2024-0001", "openssl", "3.0.14-1"),
            ("DSA-2-1", "CVE-2024-0002", "curl", "8.0-1"),
        )
    ]

    def run(layers=LAYERS, steps=STEPS, only=None):
        path, database = tmp_path / "image.tar", tmp_path / "advisories.sqlite"
        path.write_bytes(docker(layers, config=configuration(layers, steps, Env=["PATH=/bin"])))
        build(
            (("Debian", record) for record in records),
            database,
            meta=Meta(built_at="2026-01-01T00:00:00Z", source="0" * 16),
        )
        with open_database(database) as advisories, image.opened(str(path)) as found:
            detectors = [SecretsDetector(rules), PackageDetector(advisories)]
            if only:
                detectors = [detector for detector in detectors if detector.name == only]
            return scan(found.items, detectors, triggers=triggers[only], target=found.target)

    return run


def by_rule(report):
    return {finding.rule: finding for finding in report.findings}


def test_each_package_is_in_the_layer_that_brought_its_version(scanned):
    packages = {package.name: package.location.layer for package in scanned().packages}
    assert packages == {"libssl3": digest(LAYERS[1]), "curl": digest(LAYERS[2])}


def test_a_finding_names_its_layer_and_the_report_the_layers(scanned):
    report = scanned()
    assert by_rule(report)["CVE-2024-0002"].locations[0].layer == digest(LAYERS[2])
    assert [(each.number, each.created_by, each.base) for each in report.layers[:2]] == [
        (1, "ADD rootfs.tar /", True),
        (2, "RUN apt-get upgrade -y libssl3", False),
    ]
    assert by_rule(report)["CVE-2024-0002"].remediation.steps[0] == (
        "Add to the image's build: `RUN apt-get update && apt-get install --only-upgrade curl`. It brings curl 8.0-1 or later."
    )


def test_what_came_with_the_base_image_is_ended_by_another_one(scanned):
    layers = [layer(RELEASE, ("var/lib/dpkg/status", status(OPENSSL))), layer(("a", b"text"))]
    report = scanned(layers, [*STEPS[:2], STEPS[3]])
    first, second, *_ = by_rule(report)["CVE-2024-0001"].remediation.steps
    assert first == "Rebuild the image on a newer base image: it came with that, in layer 1."
    assert second.startswith("Add to the image's build: `RUN apt-get")


def test_a_secret_in_a_deleted_file_is_found_and_said_to_be_only_in_a_lower_layer(scanned):
    found = next(f for f in scanned().findings if f.evidence and f.locations[0].path == "root/.env")
    (place,) = found.locations
    assert (place.layer, place.lower) == (digest(LAYERS[0]), True)
    assert "only in a lower layer of the image" in found.message
    assert found.remediation.steps[-1].startswith("Build the image anew without it in any layer")


def test_a_secret_that_is_in_the_tree_too_is_said_of_the_tree(scanned):
    layers = [*LAYERS[:1], layer(("app/.env", f"AWS_ACCESS_KEY_ID={KEY}\n".encode()), ("root/.wh..env", b""))]
    (found,) = (f for f in scanned(layers, [STEPS[0], STEPS[2]]).findings if f.evidence)
    assert [(place.path, place.lower) for place in found.locations] == [("app/.env", False), ("root/.env", True)]
    assert "lower layer" not in found.message


def test_a_secret_in_a_command_is_found_in_the_configuration_and_kept_out_of_the_report(scanned):
    report = scanned()
    found = next(f for f in report.findings if f.locations[0].path == CONFIG_PATH)
    assert report.layers[3].created_by == f"(holds a secret: see {CONFIG_PATH}, line {found.locations[0].line})"
    for data in (wire.dump(report), json_report.render(report), table.render(report), sarif.render(report)):
        assert OTHER.encode() not in data


def test_the_report_keeps_its_layers_on_the_way(scanned, tmp_path):
    report = scanned()
    (tmp_path / "report").write_bytes(wire.dump(report))
    with (tmp_path / "report").open("rb") as file:
        again = wire.read(file)
    assert [plainly(each) for each in again.layers] == [plainly(each) for each in report.layers]
    assert {f.fingerprint: f.locations for f in again.findings} == {f.fingerprint: f.locations for f in report.findings}
    assert again.packages == report.packages
    told = json.loads(json_report.render(report))
    assert told["layers"][0] == {
        "number": 1,
        "digest": digest(LAYERS[0]),
        "created_by": "ADD rootfs.tar /",
        "base": True,
    }
    assert [plainly(each) for each in json_report.read(json_report.render(report)).layers] == [
        plainly(each) for each in report.layers
    ]


def plainly(each):
    return each.number, each.digest, each.created_by, each.base


def test_the_table_says_which_layer(scanned):
    text = table.render(scanned(), width=120).decode()
    assert "var/lib/dpkg/status:7  (layer 3)" in text
    assert "root/.env:1  (layer 1 only, hidden by a later one)" in text
    assert f"Layer 1 ({digest(LAYERS[0])[:19]}, of the base image): ADD rootfs.tar /" in text


def test_a_database_that_a_later_layer_deletes_is_said(scanned):
    layers = [LAYERS[0], layer(("var/lib/dpkg/.wh.status", b""))]
    report = scanned(layers, [STEPS[0], STEPS[2]], only="packages")
    assert not report.packages
    assert [(e.path, e.why, e.covered) for e in report.coverage.exclusions if "deletes" in e.why] == [
        ("var/lib/dpkg/status", "a later layer deletes it: what it lists is not checked", True)
    ]


def test_a_lower_version_that_is_damaged_ends_the_search_for_the_layer_there(scanned):
    layers = [layer(RELEASE, ("var/lib/dpkg/status", b"no field\n")), layer(("var/lib/dpkg/status", status(CURL)))]
    report = scanned(layers, [STEPS[0], STEPS[3]])
    assert [package.location.layer for package in report.packages] == [digest(layers[1])]
    assert not report.errors
