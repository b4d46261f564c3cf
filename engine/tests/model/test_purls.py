"""Package URLs that ask for a package: what they cover, and what they leave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_engine.model.naming import PURL_TYPES, purl
from vallum_engine.model.purls import asked

PARTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/@?#:"), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("wish", "package", "covers"),
    [
        pytest.param("pkg:npm/left", "pkg:npm/left@1.0.0", True, id="any version"),
        pytest.param("pkg:npm/left@1.0.0", "pkg:npm/left@1.0.0", True, id="this version"),
        pytest.param("pkg:npm/left@1.0.1", "pkg:npm/left@1.0.0", False, id="another version"),
        pytest.param("pkg:npm/%40a/left", "pkg:npm/@a/left@1.0.0", True, id="a scope written as one likes"),
        pytest.param("pkg:npm/b/left", "pkg:npm/%40a/left@1.0.0", False, id="another scope"),
        pytest.param("pkg:npm/JSONStream", "pkg:npm/jsonstream@1.0.0", False, id="npm knows case"),
        pytest.param("pkg:pypi/Zope_Interface", "pkg:pypi/zope-interface@5", True, id="PyPI does not"),
        pytest.param("pkg:golang/github.com/A/B@1.2.0", "pkg:golang/github.com/a/b@v1.2.0", True, id="Go's v and case"),
        pytest.param(
            "pkg:deb/debian/curl", "pkg:deb/debian/curl@7.1?arch=amd64&distro=debian-12", True, id="less said"
        ),
        pytest.param(
            "pkg:deb/debian/curl?arch=arm64", "pkg:deb/debian/curl@7.1?arch=amd64", False, id="another machine"
        ),
        pytest.param(
            "pkg:deb/debian/curl?distro=debian-12.5",
            "pkg:deb/debian/curl@7.1?distro=debian-12",
            True,
            id="a point release",
        ),
        pytest.param(
            "pkg:apk/alpine/curl?distro=alpine-3.17.1",
            "pkg:apk/alpine/curl@1?distro=alpine-3.18",
            False,
            id="a release",
        ),
        pytest.param("pkg:deb/ubuntu/curl", "pkg:deb/debian/curl@7.1", False, id="another distribution"),
        pytest.param("pkg:rpm/redhat/a@1-2?epoch=1", "pkg:rpm/redhat/a@1-2?epoch=1", True, id="an epoch"),
        pytest.param("pkg:rpm/redhat/a@1-2", "pkg:rpm/redhat/a@1-2?epoch=1", False, id="no epoch"),
        pytest.param("pkg:rpm/redhat/a@1-2?epoch=0", "pkg:rpm/redhat/a@1-2", True, id="an epoch of nothing"),
        pytest.param("pkg:deb/debian/a?arch=amd64", "pkg:deb/debian/a@1", False, id="more asked than is known"),
        pytest.param("pkg:npm/left?vcs_url=x", "pkg:npm/left@1", True, id="what tells no packages apart"),
    ],
)
def test_what_is_covered(wish, package, covers):
    assert asked(wish).covers(asked(package)) is covers


@pytest.mark.parametrize(
    "text", ["", "left", "pkg:", "pkg:npm", "pkg:npm/", "pkg:npm/@", "urn:a:b", "pkg:npm/" + "a" * 2_000]
)
def test_what_is_none(text):
    assert asked(text) is None


@given(st.sampled_from(sorted(PURL_TYPES)), PARTS, PARTS, PARTS)
def test_a_package_is_covered_by_its_own_url_with_and_without_version_and_by_no_other_name(
    ecosystem, name, version, other
):
    this = asked(purl(ecosystem, name, version))
    assert this.covers(this)
    assert asked(purl(ecosystem, name, "")).covers(this)
    if asked(purl(ecosystem, other, "")).name != this.name:
        assert not asked(purl(ecosystem, other, "")).covers(this)
    if asked(purl(ecosystem, name, other)).version != this.version:
        assert not asked(purl(ecosystem, name, other)).covers(this)
