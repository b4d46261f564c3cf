"""How components came in, by bills of materials that say what depends on what."""

import json

import pytest

from vallum_engine.parsers.read import parse


def cyclonedx(edges, *, root="app"):
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "metadata": {"component": {"bom-ref": root, "name": "shop", "version": "1.0", "type": "application"}},
        "components": [
            {"bom-ref": name, "type": "library", "name": name, "version": "1.0.0", "purl": f"pkg:npm/{name}@1.0.0"}
            for name in ("way", "left")
        ],
        "dependencies": edges,
        "vulnerabilities": [{"id": "CVE-2021-0001", "affects": [{"ref": "left"}]}],
    }


def spdx(*relations):
    advisory = {
        "referenceCategory": "SECURITY",
        "referenceType": "advisory",
        "referenceLocator": "https://a.example/CVE-2021-0001",
    }
    return {
        "spdxVersion": "SPDX-2.3",
        "documentDescribes": ["shop"],
        "packages": [
            {"SPDXID": "shop", "name": "shop", "versionInfo": "1.0"},
            {"SPDXID": "way", "name": "way", "versionInfo": "1.0.0"},
            {"SPDXID": "left", "name": "left", "versionInfo": "1.0.0", "externalRefs": [advisory]},
        ],
        "relationships": [
            {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
            for one, kind, other in relations
        ],
    }


EVERY = ("shop", "way 1.0.0", "left 1.0.0")


@pytest.mark.parametrize(
    ("report", "direct", "path"),
    [
        pytest.param(
            cyclonedx([{"ref": "app", "dependsOn": ["way"]}, {"ref": "way", "dependsOn": ["left", "way"]}]),
            False,
            EVERY,
            id="CycloneDX",
        ),
        pytest.param(
            cyclonedx([{"ref": "app", "dependsOn": ["left"]}]), True, ("shop", "left 1.0.0"), id="CycloneDX, direct"
        ),
        pytest.param(
            cyclonedx([{"ref": "way", "dependsOn": ["left"]}]), None, (), id="CycloneDX, no word of the project"
        ),
        pytest.param(cyclonedx(["?", {"ref": 1}, {"dependsOn": ["left"]}]), None, (), id="CycloneDX, odd edges"),
        pytest.param(cyclonedx([{"ref": "", "dependsOn": ["left"]}], root=""), None, (), id="CycloneDX, no reference"),
        pytest.param(spdx(("shop", "DEPENDS_ON", "way"), ("left", "DEPENDENCY_OF", "way")), False, EVERY, id="SPDX"),
        pytest.param(spdx(("left", "DEPENDENCY_OF", "shop")), True, ("shop", "left 1.0.0"), id="SPDX, direct"),
        pytest.param(spdx(("way", "DEPENDS_ON", "left")), None, (), id="SPDX, no word of the project"),
        pytest.param(spdx(("shop", "DEPENDS_ON", "gone"), ("gone", "DEPENDS_ON", "left")), None, (), id="SPDX, a gap"),
    ],
)
def test_a_finding_of_a_bill_of_materials_tells_its_way(report, direct, path):
    (finding,) = parse(json.dumps(report).encode()).findings
    assert (finding.package.direct, finding.package.dev, finding.package.path) == (direct, None, path)
