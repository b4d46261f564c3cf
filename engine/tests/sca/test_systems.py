"""Operating systems: which distribution a tree is, and whose packages its databases list."""

import pytest

from vallum_engine.model.distributions import family, keyed, purl
from vallum_engine.model.file import File
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.sca.systems import databases, release

DPKG = b"Package: libssl3\nStatus: install ok installed\nSource: openssl\nVersion: 3.0.11-1\nArchitecture: amd64\n"


@pytest.mark.parametrize(
    ("text", "ecosystem"),
    [
        pytest.param('ID=debian\nVERSION_ID="12"\n', "Debian:12", id="debian"),
        pytest.param("ID=debian\nVERSION_CODENAME=trixie\n", "Debian:13", id="debian testing has a name only"),
        pytest.param("ID=debian\nVERSION_CODENAME=sid\n", "Debian", id="debian unstable"),
        pytest.param(
            'ID=ubuntu\nVERSION_ID="22.04"\nVERSION="22.04.3 LTS (Jammy)"\n', "Ubuntu:22.04:LTS", id="ubuntu lts"
        ),
        pytest.param('ID=ubuntu\nVERSION_ID="23.10"\nVERSION="23.10 (Mantic)"\n', "Ubuntu:23.10", id="ubuntu interim"),
        pytest.param("ID=alpine\nVERSION_ID=3.18.4\n", "Alpine:v3.18", id="alpine"),
        pytest.param("ID=alpine\nVERSION_ID=3.19_alpha20230901\n", "Alpine:edge", id="alpine edge"),
        pytest.param('ID="almalinux"\nVERSION_ID="9.3"\n', "AlmaLinux:9", id="almalinux"),
        pytest.param('ID="rocky"\nVERSION_ID="8.9"\n', "Rocky Linux:8", id="rocky"),
        pytest.param('ID="rhel"\nVERSION_ID="9.3"\n', "Red Hat:enterprise_linux:9", id="red hat"),
        pytest.param(
            'ID="centos"\nVERSION_ID="7"\nNAME="CentOS Linux"\n', "Red Hat:enterprise_linux:7", id="centos linux"
        ),
        pytest.param('ID="centos"\nVERSION_ID="9"\nNAME="CentOS Stream"\n', "CentOS:9 Stream", id="centos stream"),
        pytest.param('ID="sles"\nVERSION_ID="15.5"\n', "SUSE:Linux Enterprise Server 15 SP5", id="suse"),
        pytest.param("ID='opensuse-leap'\nVERSION_ID='15.5'\n", "openSUSE:Leap 15.5", id="leap, in single quotes"),
        pytest.param(
            'ID=openEuler\nVERSION_ID="22.03"\nVERSION="22.03 (LTS-SP1)"\n', "openEuler:22.03-LTS-SP1", id="openeuler"
        ),
        pytest.param("ID=wolfi\nVERSION_ID=20230201\n", "Wolfi", id="wolfi has no releases"),
        pytest.param("ID=kali\nVERSION_ID=2024.1\n", "kali:2024.1", id="one that OSV has not"),
    ],
)
def test_a_release_file_gives_an_ecosystem(text, ecosystem):
    assert release.read(File("etc/os-release", text.encode())).ecosystem == ecosystem


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe\x00" * 9, id="binary"),
        pytest.param(b"NAME=Debian\n", id="no id"),
        pytest.param(b"ID=" + b"\n" * 9, id="an empty id"),
        pytest.param(b"A=" + b"x" * (1 << 20) + b"\nID=debian\n", id="an id beyond what is read"),
    ],
)
def test_a_file_that_names_no_distribution_is_none(data):
    assert release.read(File("etc/os-release", data)) is None


def test_a_release_file_may_hold_anything_and_is_shown_safely():
    found = release.read(File("etc/os-release", b'ID=x\nPRETTY_NAME="\x1b[31m' + b"y" * 9000 + b'"\n'))
    assert found.name.isprintable()
    assert len(found.name) < 300


@pytest.mark.parametrize(
    ("path", "root"),
    [
        pytest.param("etc/os-release", "", id="of the tree"),
        pytest.param("rootfs/usr/lib/os-release", "rootfs/", id="of a tree in it"),
        pytest.param("usr/share/netc/os-release", None, id="of nothing"),
        pytest.param("docs/os-release", None, id="a document"),
    ],
)
def test_a_release_file_speaks_for_a_root(path, root):
    assert release.root_of(path) == root


@pytest.mark.parametrize(
    ("path", "form", "root"),
    [
        pytest.param("var/lib/dpkg/status", "dpkg", "", id="dpkg"),
        pytest.param("a/b/var/lib/dpkg/status.d/base", "dpkg", "a/b/", id="distroless"),
        pytest.param("usr/lib/apk/db/installed", "apk", "", id="apk, merged into usr"),
        pytest.param("x/lib/apk/db/installed", "apk", "x/", id="apk"),
    ],
)
def test_a_database_belongs_to_a_root(path, form, root):
    assert (databases.format_of(path), databases.root_of(path)) == (form, root)


@pytest.mark.parametrize(
    "path", ["status", "myvar/lib/dpkg/status", "var/lib/dpkg/status.d/base.md5sums", "db/installed", "x/status.d/y"]
)
def test_another_file_is_no_database(path):
    assert databases.format_of(path) == ""


def scanned(*files):
    detector = PackageDetector(None)
    for path, data in files:
        assert detector.wants(path)
        list(detector.detect(File(path, data), ()))
    list(detector.conclude())
    return detector


def test_each_root_of_a_tree_has_its_own_distribution():
    detector = scanned(
        ("a/var/lib/dpkg/status", DPKG),
        ("a/etc/os-release", b"ID=debian\nVERSION_ID=12\n"),
        ("b/usr/lib/os-release", b"ID=ubuntu\nVERSION_ID=23.10\n"),
        ("b/var/lib/dpkg/status", DPKG),
    )
    assert [(p.ecosystem, p.location.path[0]) for p in detector.packages()] == [
        ("Debian:12", "a"),
        ("Ubuntu:23.10", "b"),
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_the_administrators_release_file_speaks_before_the_vendors(order):
    files = [
        ("etc/os-release", b"ID=debian\nVERSION_ID=12\n"),
        ("usr/lib/os-release", b"ID=debian\nVERSION_ID=11\n"),
        ("var/lib/dpkg/status", DPKG),
    ]
    assert {p.ecosystem for p in scanned(*files[::order]).packages()} == {"Debian:12"}


def test_packages_of_a_distribution_that_nobody_names_are_listed_and_said_not_to_be_checked():
    detector = scanned(("var/lib/dpkg/status", DPKG))
    assert [(p.ecosystem, p.source) for p in detector.packages()] == [("Debian", "openssl")]
    (gap,) = detector.exclusions()
    assert (gap.path, gap.ruleset, gap.covered) == ("var/lib/dpkg/status", "packages/Debian", False)
    assert "os-release" in gap.why


def test_a_distribution_without_advisories_is_said():
    detector = scanned(("var/lib/dpkg/status", DPKG), ("etc/os-release", b"ID=kali\nVERSION_ID=2024.1\n"))
    (gap,) = detector.exclusions()
    assert gap.why == "there are no advisories for kali:2024.1 that Vallum reads: not checked"


@pytest.mark.parametrize(
    ("ecosystem", "expected"),
    [
        pytest.param("Debian:12", ("Debian", "Debian:12"), id="a release counts"),
        pytest.param("Ubuntu:22.04:LTS", ("Ubuntu", "Ubuntu:22.04:LTS"), id="with what stands behind it"),
        pytest.param(
            "Red Hat:enterprise_linux:9::appstream", ("Red Hat", "Red Hat:enterprise_linux:9"), id="a repository not"
        ),
        pytest.param("Maven:https://repo.example.org", ("Maven", "Maven"), id="nor where a package is published"),
        pytest.param("npm", ("npm", "npm"), id="nothing to part"),
    ],
)
def test_what_advisories_are_kept_under(ecosystem, expected):
    assert (family(ecosystem), keyed(ecosystem)) == expected


@pytest.mark.parametrize(
    ("ecosystem", "version", "arch", "expected"),
    [
        pytest.param(
            "Debian:12", "1:2.0+b1", "amd64", "pkg:deb/debian/x@1%3A2.0%2Bb1?arch=amd64&distro=debian-12", id="deb"
        ),
        pytest.param(
            "Alpine:v3.18", "1.0-r1", "x86_64", "pkg:apk/alpine/x@1.0-r1?arch=x86_64&distro=alpine-3.18", id="apk"
        ),
        pytest.param(
            "Red Hat:enterprise_linux:9",
            "1:3-1.el9",
            "",
            "pkg:rpm/redhat/x@3-1.el9?distro=redhat-9&epoch=1",
            id="rpm with an epoch",
        ),
        pytest.param("Debian", "", "", "pkg:deb/debian/x", id="nothing known"),
        pytest.param("npm", "1", "", "", id="no distribution"),
    ],
)
def test_the_package_url_of_a_distributions_package(ecosystem, version, arch, expected):
    assert purl(ecosystem, "x", version, arch) == expected
