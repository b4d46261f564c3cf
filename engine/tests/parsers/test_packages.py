"""Reports about packages in the other shapes their tools write: each is known, and says the same."""

import io
import json
import zipfile

import pytest

from vallum_engine.parsers.read import parse
from vallum_engine.sbom.bill import Bill, Component, canonical
from vallum_engine.sbom.document import WRITERS, dump


def lines(*values):
    return "".join(f"{json.dumps(value)}\n" for value in values)


ADVISORY = {
    "module_name": "left",
    "title": "left runs what it is given",
    "github_advisory_id": "GHSA-2222-3333-4444",
    "severity": "high",
    "patched_versions": ">=1.0.1",
    "findings": [{"version": "1.0.0", "paths": ["app>left"]}, {"version": "0.9.0", "paths": ["app>mid>left"]}],
}
NPM_6 = {"actions": [], "advisories": {"1": ADVISORY}, "muted": [], "metadata": {}}
YARN_4 = lines(
    {
        "value": "left",
        "children": {
            "ID": 1,
            "Issue": "left runs what it is given",
            "URL": "https://advisories.example/GHSA-2222-3333-4444",
            "Severity": "high",
            "Vulnerable Versions": "<1.0.1",
            "Tree Versions": ["1.0.0"],
            "Dependents": ["shop@workspace:."],
        },
    }
)
BUNDLER = {
    "version": "0.9.2",
    "created_at": "2024-01-01 00:00:00 +0000",
    "results": [
        {"type": "insecure_source", "source": "http://gems.example/"},
        {
            "type": "unpatched_gem",
            "gem": {"name": "left", "version": "1.0.0"},
            "advisory": {
                "id": "CVE-2021-0001",
                "cve": "2021-0001",
                "ghsa": "2222-3333-4444",
                "title": "left runs what it is given",
                "criticality": "high",
                "patched_versions": [">= 1.0.1"],
            },
        },
    ],
}
VULNERABLE = {
    "name": "CVE-2021-0001",
    "severity": "HIGH",
    "cvssv3": {
        "attackVector": "ADJACENT_NETWORK",
        "attackComplexity": "LOW",
        "privilegesRequired": "NONE",
        "userInteraction": "NONE",
        "scope": "UNCHANGED",
        "confidentialityImpact": "HIGH",
        "integrityImpact": "NONE",
        "availabilityImpact": "NONE",
        "version": "3.0",
    },
}
DEPENDENCY_CHECK = {
    "reportSchema": "1.1",
    "scanInfo": {"engineVersion": "12.1.0"},
    "dependencies": [
        {
            "fileName": "left.jar",
            "filePath": "/app/left.jar",
            "packages": [{"id": "pkg:maven/org.example/left@1.0.0", "confidence": "HIGH"}],
            "vulnerabilities": [VULNERABLE],
        }
    ],
}
CYCLONEDX_XML = """<?xml version="1.0"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.6">
 <components><component type="library" bom-ref="l"><name>left</name><version>1.0.0</version>
  <purl>pkg:npm/left@1.0.0</purl></component></components>
 <vulnerabilities><vulnerability><id>CVE-2021-0001</id>
  <ratings><rating><severity>high</severity><vector>CVSS:3.0/AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N</vector></rating></ratings>
  <affects><target><ref>l</ref></target></affects>
 </vulnerability></vulnerabilities>
</bom>
"""
CYCLONEDX_EXTENSION = """<?xml version="1.0"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.2" xmlns:v="http://cyclonedx.org/schema/ext/vulnerability/1.0">
 <components><component type="library"><name>left</name><version>1.0.0</version><purl>pkg:npm/left@1.0.0</purl>
  <v:vulnerabilities><v:vulnerability ref="l"><v:id>CVE-2021-0001</v:id>
   <v:ratings><v:rating><v:score><v:base>7.5</v:base></v:score><v:method>CVSSv3</v:method></v:rating></v:ratings>
  </v:vulnerability></v:vulnerabilities></component></components>
</bom>
"""
SPDX_TAGS = """SPDXVersion: SPDX-2.3
DocumentName: shop
PackageName: left
SPDXID: SPDXRef-left
PackageVersion: 1.0.0
PackageComment: <text>several lines
PackageName: none of this is a tag
</text>
ExternalRef: PACKAGE-MANAGER purl pkg:npm/left@1.0.0
ExternalRef: SECURITY advisory https://advisories.example/CVE-2021-0001
"""
BLACK_DUCK = (
    "Component id,Version id,Project name,Version,Channel version origin,Channel version origin id,"
    "Channel version origin name,Vulnerability id,Base score,Remediation status,Security Risk\n"
    "c,v,Left,1.0.0,npmjs,left/1.0.0,1.0.0,CVE-2021-0001,7.5,NEW,HIGH\n"
)
TWISTLOCK = (
    "Registry,Repository,Tag,Type,Distro,CVE ID,Compliance ID,Type,Severity,Packages,Package Version,CVSS,Fix Status,Description\n"
    "registry.example,shop,1,cli,Debian,CVE-2021-0001,,nodejs,high,left,1.0.0,7.5,fixed in 1.0.1,It runs what it is given\n"
)
SYSDIG = {
    "data": [
        {
            "vulnName": "CVE-2021-0001",
            "vulnSeverity": "High",
            "packageName": "left",
            "packageVersion": "1.0.0",
            "packageType": "javascript",
            "imagePullString": "registry.example/shop:1",
            "packagePath": "/app/left",
        }
    ]
}
CLAIR = {
    "image": "shop:1",
    "unapproved": ["CVE-2021-0001"],
    "vulnerabilities": [
        {
            "featurename": "left",
            "featureversion": "1.0.0",
            "vulnerability": "CVE-2021-0001",
            "namespace": "slackware:15",
            "severity": "High",
        }
    ],
}
ANCHORECTL = [
    {
        "vuln": "CVE-2021-0001",
        "packageName": "left",
        "packageVersion": "1.0.0",
        "packageType": "npm",
        "feedGroup": "github:npm",
        "severity": "High",
    }
]
GOVULNCHECK_BEFORE = {
    "Calls": {},
    "Imports": {},
    "Requires": {"Modules": {"1": {"Path": "example.com/left", "Version": "v1.0.0"}}},
    "Modules": [],
    "Vulns": [
        {
            "OSV": {"id": "GO-2021-0001", "aliases": ["CVE-2021-0001"], "severity": "High"},
            "Symbol": "Parse",
            "PkgPath": "example.com/left",
            "ModPath": "example.com/left",
            "CallSink": 1,
            "RequireSink": 1,
        }
    ],
}
GRAPHQL = {
    "data": {
        "search": {
            "nodes": [
                {
                    "vulnerabilityAlerts": {
                        "nodes": [
                            {
                                "state": "OPEN",
                                "vulnerableRequirements": "= 1.0.0",
                                "securityVulnerability": {
                                    "severity": "HIGH",
                                    "package": {"name": "left", "ecosystem": "NPM"},
                                    "advisory": {"identifiers": [{"value": "CVE-2021-0001"}]},
                                },
                            }
                        ]
                    }
                }
            ]
        }
    }
}


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"report/{name}.csv", text)
    return buffer.getvalue()


def as_bytes(report):
    if isinstance(report, bytes):
        return report
    return (report if isinstance(report, str) else json.dumps(report)).encode()


@pytest.mark.parametrize(
    ("report", "format_id", "purl"),
    [
        pytest.param(YARN_4, "yarn-audit", "pkg:npm/left@1.0.0", id="Yarn 4, a line a package"),
        pytest.param(DEPENDENCY_CHECK, "dependency-check", "pkg:maven/org.example/left@1.0.0", id="its JSON"),
        pytest.param(CYCLONEDX_XML, "cyclonedx", "pkg:npm/left@1.0.0", id="CycloneDX in XML"),
        pytest.param(CYCLONEDX_EXTENSION, "cyclonedx", "pkg:npm/left@1.0.0", id="vulnerabilities as an extension"),
        pytest.param(zipped(security=BLACK_DUCK), "black-duck", "pkg:npm/left@1.0.0", id="a table in a zip"),
        pytest.param(TWISTLOCK, "twistlock", "pkg:npm/left@1.0.0", id="the console's table"),
        pytest.param(SYSDIG, "sysdig", "pkg:npm/left@1.0.0", id="Sysdig's JSON"),
        pytest.param(CLAIR, "clair", "", id="clair-scanner, with a namespace that is no ecosystem"),
        pytest.param(ANCHORECTL, "anchore", "pkg:npm/left@1.0.0", id="anchorectl's list"),
        pytest.param(GOVULNCHECK_BEFORE, "govulncheck", "pkg:golang/example.com/left@v1.0.0", id="before 1.0"),
        pytest.param(GRAPHQL, "github-dependabot", "pkg:npm/left@1.0.0", id="what a search found"),
    ],
)
def test_the_other_shapes_of_a_format_say_the_same(report, format_id, purl):
    read = parse(as_bytes(report))
    (finding,) = read.findings
    assert (read.target["report"], finding.severity.value, finding.package.purl) == (format_id, "high", purl)
    assert finding.rule in {"CVE-2021-0001", "GHSA-2222-3333-4444"}


def test_two_installed_versions_are_two_packages():
    report = parse(as_bytes(NPM_6))
    assert {f.package.version for f in report.findings} == {"0.9.0", "1.0.0"}
    assert {f.remediation.upgrade_to for f in report.findings} == {"1.0.1"}


def test_a_source_without_protection_is_found_beside_the_gems():
    report = parse(as_bytes(BUNDLER))
    assert {f.rule for f in report.findings} == {"CVE-2021-0001", "insecure-source"}


def test_an_advisory_of_a_bill_of_materials_may_affect_and_is_not_sure():
    report = parse(as_bytes(SPDX_TAGS))
    assert [(f.rule, f.confidence.value) for f in report.findings] == [("CVE-2021-0001", "low")]
    assert [(p.ecosystem, p.name, p.version) for p in report.packages] == [("npm", "left", "1.0.0")]


def test_spelled_out_metrics_become_a_vector():
    (finding,) = parse(as_bytes(DEPENDENCY_CHECK)).findings
    assert finding.advisories[0].cvss == "CVSS:3.0/AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"


def test_an_audit_that_broke_off_speaks_for_nothing():
    report = parse(as_bytes(lines({"type": "error", "data": "The audit could not connect."})))
    assert (report.findings, report.coverage.complete) == ((), False)
    assert "could not connect" in report.errors[0].what


def test_a_bill_of_ours_is_imported_as_its_packages_without_the_files_that_named_them():
    """What we write of a folder names its lockfiles as well: they are no packages of anybody."""
    subject = Component(ref="shop", name="shop", kind="application")
    file = Component(ref="file", name="package-lock.json", kind="application", facts=(("file", "package-lock.json"),))
    left = Component(ref="left", name="left", version="1.0.0", ecosystem="npm", purl="pkg:npm/left@1.0.0")
    bill = Bill(subject=subject, components=(file, left), wants={"shop": ["file"], "file": ["left"]}, roots=("shop",))
    for form in WRITERS:
        assert [package.name for package in parse(dump(canonical(bill), form)).packages] == ["left"]
