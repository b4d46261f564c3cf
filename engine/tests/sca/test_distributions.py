"""Packages of distributions against their advisories: by source, release and module, and what the distribution says of it."""

import pytest

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location, Severity
from vallum_engine.model.package import Package
from vallum_engine.sca.advisories import Meta, open_database
from vallum_engine.sca.build import build
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.sca.match import match


def installed(name, version, *, ecosystem="Debian:12", path="var/lib/dpkg/status", **more):
    return Package(ecosystem=ecosystem, name=name, version=version, location=Location(path=path), **more)


def bulletin(identifier, *affected, **more):
    """A record about (ecosystem, name, fixed version or None) each; what stands behind is specific to the entry."""
    return {
        "id": identifier,
        "summary": "About it",
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": name},
                "ranges": [
                    {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, *([{"fixed": fixed}] if fixed else [])]}
                ],
                **(specific[0] if specific else {}),
            }
            for ecosystem, name, fixed, *specific in affected
        ],
        **more,
    }


@pytest.fixture
def found(tmp_path):
    """Return a function: the findings in packages by a database of records; their archive is of the records' family."""

    def run(packages, *records):
        path = tmp_path / "advisories.sqlite"
        rows = [(record["affected"][0]["package"]["ecosystem"].partition(":")[0], record) for record in records]
        build(rows, path, meta=Meta(built_at="2026-01-01T00:00:00Z", source="0" * 16))
        with open_database(path) as opened:
            return match(packages, opened).findings

    return run


def test_an_advisory_about_the_source_finds_what_was_built_from_it(found):
    packages = [
        installed("libssl3", "3.0.11-1", source="openssl", arch="amd64"),
        installed("openssl", "3.0.11-1", arch="amd64"),
        installed("curl", "1.0-1"),
    ]
    (finding,) = found(packages, bulletin("DSA-1-1", ("Debian:12", "openssl", "3.0.14-1"), upstream=["CVE-2024-0001"]))
    assert (finding.rule, finding.ruleset) == ("CVE-2024-0001", "packages/Debian")
    assert finding.package.purl == "pkg:deb/debian/openssl@3.0.11-1?arch=amd64&distro=debian-12"
    assert finding.remediation.upgrade_to == "3.0.14-1"
    assert finding.remediation.steps[0] == (
        "Run `apt-get update && apt-get install --only-upgrade libssl3 openssl`: it brings openssl 3.0.14-1 or later."
    )
    assert finding.advisories[0].id == "DSA-1-1"


def test_a_package_that_is_called_like_another_source_is_not_meant(found):
    package = installed("openssl", "3.0.11-1", source="openssl-compat", source_version="1.0-1")
    assert not found([package], bulletin("DSA-1-1", ("Debian:12", "openssl", "3.0.14-1")))


def test_the_sources_own_version_is_compared(found):
    package = installed("libgcc-s1", "12.2.0-14+b1", source="gcc-12", source_version="12.2.0-14")
    (finding,) = found([package], bulletin("DSA-1-1", ("Debian:12", "gcc-12", "12.2.0-14+b0")))
    assert finding.message == "libgcc-s1 12.2.0-14+b1 (built from gcc-12 12.2.0-14) is affected by DSA-1-1: About it"


@pytest.mark.parametrize(
    ("version", "ids"),
    [
        pytest.param("7.74.0-1.3+deb11u3", ["CVE-2024-0002"], id="a fix was ported back to this release"),
        pytest.param("7.74.0-1.3+deb11u1", ["CVE-2024-0001", "CVE-2024-0002"], id="before it"),
        pytest.param("7.88.1-10", ["CVE-2024-0002"], id="another release's version"),
    ],
)
def test_each_release_has_its_own_fixed_version(found, version, ids):
    records = [
        bulletin(
            "DSA-1-1",
            ("Debian:11", "curl", "7.74.0-1.3+deb11u2"),
            ("Debian:12", "curl", "7.88.1-11"),
            upstream=["CVE-2024-0001"],
        ),
        bulletin("DSA-2-1", ("Debian:11", "curl", None), upstream=["CVE-2024-0002"]),
    ]
    findings = found([installed("curl", version, ecosystem="Debian:11")], *records)
    assert [finding.rule for finding in findings] == ids


def test_a_bulletin_about_two_vulnerabilities_is_two_findings_with_the_records_of_each(found):
    records = [
        bulletin("DSA-1-1", ("Debian:12", "curl", "8.0-1"), upstream=["CVE-2024-0001", "CVE-2024-0002"]),
        bulletin("DEBIAN-CVE-2024-0001", ("Debian:12", "curl", "8.0-1"), upstream=["CVE-2024-0001"]),
    ]
    first, second = found([installed("curl", "7.0-1")], *records)
    assert [advisory.id for advisory in first.advisories] == ["DEBIAN-CVE-2024-0001", "DSA-1-1"]
    assert [advisory.id for advisory in second.advisories] == ["DSA-1-1"]
    assert not {first.fingerprint, *first.aliases} & {second.fingerprint, *second.aliases} - {""}


@pytest.mark.parametrize(
    ("specific", "said"),
    [
        pytest.param({"ecosystem_specific": {"urgency": "unimportant"}}, "no security problem there", id="unimportant"),
        pytest.param({"ecosystem_specific": {"urgency": "end-of-life"}}, "support has ended", id="end of life"),
        pytest.param({"database_specific": {"fix_state": "Will not fix"}}, "will not be fixed", id="will not be fixed"),
        pytest.param(
            {"ecosystem_specific": {"nodsa": "Minor issue"}}, "minor: mended with", id="no advisory of its own"
        ),
        pytest.param(
            {"ecosystem_specific": {"nodsa": "x", "nodsa_reason": "ignored"}}, "will not be fixed", id="ignored"
        ),
        pytest.param(
            {"ecosystem_specific": {"nodsa": "x", "nodsa_reason": "postponed"}}, "the fix is deferred", id="postponed"
        ),
    ],
)
def test_what_the_distribution_says_of_an_unfixed_flaw_is_told(found, specific, said):
    record = bulletin("DEBIAN-CVE-2024-0001", ("Debian:12", "curl", None, specific), upstream=["CVE-2024-0001"])
    (finding,) = found([installed("curl", "7.0-1")], record)
    assert finding.advisories[0].standing.startswith(said)
    (step,) = finding.remediation.steps
    assert step.startswith(f"Debian 12 says of this in curl: {said}")


@pytest.mark.parametrize(
    "specific", [{"ecosystem_specific": []}, {"database_specific": {"urgency": 7}}, {"ecosystem_specific": "x"}]
)
def test_what_is_said_in_no_known_word_is_left_aside(found, specific):
    (finding,) = found([installed("curl", "7.0-1")], bulletin("X-1", ("Debian:12", "curl", None, specific)))
    assert finding.advisories[0].standing == ""
    assert finding.remediation.steps[0].startswith("Debian 12 has no fixed version of curl yet")


def test_a_bulletin_of_a_module_speaks_of_its_stream_alone(found):
    alma = {"ecosystem": "AlmaLinux:9", "path": "var/lib/rpm/rpmdb.sqlite"}
    packages = [
        installed("nodejs", "1:18.9.0-1.module_el9.1.0+16", module="nodejs:18", **alma),
        installed("nodejs", "1:20.9.0-1.module_el9.1.0+16", module="nodejs:20", **alma),
        installed("nodejs", "1:16.9.0-1.el9", **alma),
    ]
    record = bulletin("ALSA-2023:1", ("AlmaLinux:9", "nodejs", "1:18.12.1-1.module_el9.1.0+16"))
    record |= {"summary": "Important: nodejs:18 security update", "related": ["CVE-2024-0001"]}
    (finding,) = found(packages, record)
    assert (finding.package.version, finding.severity) == ("1:18.9.0-1.module_el9.1.0+16", Severity.HIGH)
    assert finding.package.purl.endswith("?distro=almalinux-9&epoch=1")
    assert "`dnf upgrade --advisory=ALSA-2023:1`" in finding.remediation.steps[0]


def test_an_rpm_advisory_names_what_is_installed(found):
    alma = {"ecosystem": "AlmaLinux:9", "path": "var/lib/rpm/rpmdb.sqlite"}
    packages = [installed("openssl-libs", "1:3.0.7-1.el9", source="openssl", **alma)]
    assert found(packages, bulletin("ALSA-1", ("AlmaLinux:9", "openssl-libs", "1:3.0.7-2.el9")))
    assert not found(packages, bulletin("ALSA-1", ("AlmaLinux:9", "openssl", "1:3.0.7-2.el9")))


def test_alpines_origin_is_asked_for_and_apk_named(found):
    package = installed(
        "libcrypto3", "3.1.4-r1", ecosystem="Alpine:v3.18", path="lib/apk/db/installed", source="openssl"
    )
    record = bulletin("ALPINE-CVE-2024-0001", ("Alpine:v3.18", "openssl", "3.1.4-r5"), upstream=["CVE-2024-0001"])
    (finding,) = found([package], record)
    assert (
        finding.remediation.steps[0]
        == "Run `apk update && apk upgrade libcrypto3`: it brings openssl 3.1.4-r5 or later."
    )


def test_a_name_for_the_shell_is_quoted(found):
    package = installed("a;reboot", "1.0-1", source="a")
    (finding,) = found([package], bulletin("DSA-1-1", ("Debian:12", "a", "2.0-1")))
    assert "--only-upgrade 'a;reboot'`" in finding.remediation.steps[0]


def test_an_image_without_a_package_manager_is_built_anew(found):
    package = installed("tzdata", "2024a-0", path="var/lib/dpkg/status.d/tzdata")
    (finding,) = found([package], bulletin("DSA-1-1", ("Debian:12", "tzdata", "2024b-0")))
    assert finding.remediation.steps[0].startswith("Rebuild on a base image that has tzdata 2024b-0 or later")


def test_two_architectures_of_a_package_are_one_finding(found):
    packages = [installed("libc6", "2.36-9", source="glibc", arch=arch) for arch in ("amd64", "i386")]
    assert len(found(packages, bulletin("DSA-1-1", ("Debian:12", "glibc", "2.36-9+deb12u1")))) == 1


def test_a_scan_says_which_release_it_has_no_advisories_for(database):
    record = bulletin("DSA-1-1", ("Debian:12", "openssl", "3.0.14-1"))
    record["affected"][0]["package"]["ecosystem"] = "Debian"
    detector = PackageDetector(database(record))
    status = b"Package: openssl\nStatus: install ok installed\nVersion: 3.0.11-1\n"
    list(detector.detect(File("var/lib/dpkg/status", status), ()))
    list(detector.detect(File("etc/os-release", b"ID=debian\nVERSION_ID=13\n"), ()))
    list(detector.conclude())
    assert [(e.ruleset, e.why) for e in detector.exclusions()] == [
        ("packages/Debian", "no advisories for Debian:13: run `vallum db update`")
    ]
    assert "packages/Debian" not in {ruleset.name for ruleset in detector.rulesets()}
    assert "packages/Alpine" in {ruleset.name for ruleset in detector.rulesets()}
