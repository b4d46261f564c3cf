"""Package URLs as other tools write them, and the package that each names."""

import pytest

from vallum_engine.model.naming import purl
from vallum_engine.sbom.purls import MOST, Named, read

DEB = "3.0.11-1~deb12u2"


@pytest.mark.parametrize(
    ("text", "spelled", "ecosystem", "name", "version"),
    [
        pytest.param("pkg:npm/%40a/b@1.0.0", "", "npm", "@a/b", "1.0.0", id="npm: a scope"),
        pytest.param("pkg:pypi/flask-login@1.0", "Flask_Login", "PyPI", "Flask_Login", "1.0", id="pypi: as it is spelled"),
        pytest.param("pkg:pypi/flask-login@1.0", "Other", "PyPI", "flask-login", "1.0", id="pypi: another name"),
        pytest.param("pkg:maven/g/a@1?type=jar", "a", "Maven", "g:a", "1", id="maven: a qualifier"),
        pytest.param("pkg:golang/github.com/x/y@v1.2.3", "github.com/X/y", "Go", "github.com/X/y", "1.2.3", id="go: letters"),
        pytest.param(
            "pkg:golang/github.com/x/y@v3.2.1#v3", "github.com/X/y/v3", "Go", "github.com/X/y/v3", "3.2.1", id="go: syft's subpath"
        ),
        pytest.param("pkg:golang/a.b/c@v1#d/e", "c", "Go", "a.b/c", "1", id="go: a package within the module"),
        pytest.param("pkg:deb/debian/a@1%3A2?distro=debian-12.5", "a", "Debian:12", "a", "1:2", id="debian: a point release"),
        pytest.param("pkg:deb/debian/a@1?distro=bookworm", "a", "Debian:12", "a", "1", id="debian: a code name"),
        pytest.param("pkg:deb/debian/a@1", "a", "Debian", "a", "1", id="debian: no release"),
        pytest.param("pkg:deb/ubuntu/a@1?distro=ubuntu-22.04", "a", "Ubuntu:22.04:LTS", "a", "1", id="ubuntu: a long one"),
        pytest.param("pkg:deb/ubuntu/a@1?distro=ubuntu-23.10", "a", "Ubuntu:23.10", "a", "1", id="ubuntu: a short one"),
        pytest.param("pkg:deb/ubuntu/a@1?distro=jammy", "a", "Ubuntu:22.04:LTS", "a", "1", id="ubuntu: a code name"),
        pytest.param("pkg:apk/alpine/a@1-r0?distro=3.18.4", "a", "Alpine:v3.18", "a", "1-r0", id="alpine: a number alone"),
        pytest.param("pkg:apk/wolfi/a@1-r0?distro=wolfi-20230201", "a", "Wolfi", "a", "1-r0", id="wolfi: no release"),
        pytest.param(
            "pkg:rpm/redhat/a@1-1.el9?epoch=2&distro=redhat-9.3", "a", "Red Hat:enterprise_linux:9", "a", "2:1-1.el9", id="rpm: an epoch"
        ),
        pytest.param("pkg:rpm/redhat/a@1-1?epoch=0&distro=rhel-9", "a", "Red Hat:enterprise_linux:9", "a", "1-1", id="rpm: epoch 0"),
        pytest.param("pkg:rpm/rocky/a@1-1?distro=rocky-9.1", "a", "Rocky Linux:9", "a", "1-1", id="rocky"),
        pytest.param("pkg:rpm/amzn/a@1-1?distro=amzn-2023", "a", "Amazon Linux:2023", "a", "1-1", id="amazon"),
        pytest.param("pkg:rpm/opensuse/a@1-1?distro=opensuse-leap-15.4", "a", "openSUSE:Leap 15.4", "a", "1-1", id="openSUSE"),
        pytest.param(
            "pkg:rpm/suse/a@1-1?distro=sles-15.5", "a", "SUSE:Linux Enterprise Server 15 SP5", "a", "1-1", id="SUSE"
        ),
        pytest.param("pkg:generic/x/a@1", "a", "generic", "x/a", "1", id="of nobody's"),
    ],
)  # fmt: skip
def test_a_package_url_names_its_package(text, spelled, ecosystem, name, version):
    found = read(text, spelled)
    assert (found.ecosystem, found.name, found.version) == (ecosystem, name, version)


def test_the_source_package_is_told_as_syft_tells_it():
    found = read(f"pkg:deb/debian/libssl3@{DEB}?arch=amd64&upstream=openssl%40{DEB}&distro=debian-12")
    assert found == Named(
        ecosystem="Debian:12", name="libssl3", version=DEB, arch="amd64", source="openssl", source_version=DEB
    )
    assert read("pkg:deb/debian/a@1?upstream=b&distro=debian-12").source == "b"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("left@1.0.0", id="no scheme"),
        pytest.param("pkg:npm", id="no name"),
        pytest.param("pkg:npm/" + "a" * MOST, id="without end"),
    ],
)
def test_what_is_no_package_url_names_nothing(text):
    assert read(text, "left") is None


OURS = (
    (
        "Debian:12",
        "Alpine:v3.18",
        "Ubuntu:22.04:LTS",
        "Ubuntu:23.10",
        "Red Hat:enterprise_linux:9",
        "Rocky Linux:9",
        "AlmaLinux:9",
    ),
    (
        "npm",
        "PyPI",
        "crates.io",
        "Maven",
        "RubyGems",
        "NuGet",
        "Packagist",
        "Hex",
        "Pub",
        "Wolfi",
        "Amazon Linux:2023",
        "Fedora:40",
    ),
)


@pytest.mark.parametrize("ecosystem", [name for names in OURS for name in names])
def test_what_we_write_is_read_as_what_it_was(ecosystem):
    name = "g:a" if ecosystem == "Maven" else "a"
    found = read(purl(ecosystem, name, "1:2.0-1", arch="amd64"), name)
    assert (found.ecosystem, found.name, found.version) == (ecosystem, name, "1:2.0-1")
