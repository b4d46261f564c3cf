"""Version order: the specifications' own tables, and `packaging` as the oracle for PyPI."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version

from vallum_engine.sca.versions import ORDERS, order
from vallum_engine.sca.versions.numbers import number

SEMVER = [
    "0.0.0-0",
    "0.0.0",
    "0.0.1",
    "0.1.0",
    "0.239.0",
    "0.240.0",
    "0.255.0",
    "0.256.0",
    "0.65535.0",
    "0.65536.0",
    "1.0.0-0",
    "1.0.0-2",
    "1.0.0-11",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-alpha-1",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.9.0",
    "1.10.0",
    "1.11.0",
    "2.0.0",
    "2.1.0",
    "2.1.1",
    "99999999999999999999999.999999999999999999.99999999999999999",
]

GO = [
    "v0.0.0-20170915032832-14c0d48ead0c",
    "v0.0.0-20210630005230-0f9fa26af87c",
    "v0.0.1",
    "v1.2.3-pre",
    "v1.2.3-pre.0.20191109021931-daa7c04131f5",
    "v1.2.3",
    "v1.2.4-0.20191109021931-daa7c04131f5",
    "v1.2.4",
    "v2.0.0+incompatible",
    "v2.0.1",
]

GO_RELEASES = [
    "1.20.0-0",
    "go1.20beta1",
    "go1.20rc1",
    "1.20rc2",
    "1.20rc10",
    "1.20",
    "1.20.1",
    "go1.21.0-0",
    "1.21rc2",
    "1.21.0",
    "1.21.3",
]

PEP440 = [
    "1.dev0",
    "1.0.dev456",
    "1.0a1",
    "1.0a2.dev456",
    "1.0a12.dev456",
    "1.0a12",
    "1.0b1.dev456",
    "1.0b2",
    "1.0b2.post345.dev456",
    "1.0b2.post345",
    "1.0rc1.dev456",
    "1.0rc1",
    "1.0",
    "1.0+abc.5",
    "1.0+abc.7",
    "1.0+5",
    "1.0.post456.dev34",
    "1.0.post456",
    "1.0.15",
    "1.1.dev1",
    "2013.10",
    "1!0.1",
]


# https://learn.microsoft.com/nuget/concepts/package-versioning
NUGET = [
    "1.0.1-aaa",
    "1.0.1-alpha",
    "1.0.1-alpha.2",
    "1.0.1-alpha.10",
    "1.0.1-Beta",
    "1.0.1-open",
    "1.0.1-rc.2147483647",
    "1.0.1-rc.2147483648",
    "1.0.1-zzz",
    "1.0.1",
    "1.0.1.1",
    "1.0.2.0-a",
    "1.0.2",
    "1.00.10",
]
# pub_semver's documentation: like semantic versioning, and a build comes after none.
PUB = ["1.0.0-dev", "1.0.0-dev+1", "1.0.0", "1.0.0+1", "1.0.0+2", "1.0.0+10", "1.0.0+a", "1.0.0+a.1", "1.0.1-0"]
# R's ?numeric_version: by number, and the longer after what it begins with.
CRAN = ["0.9", "1.0", "1.0-0", "1.0.1", "1.0-2", "1.0-10", "1.2.8", "1.10", "1.10.0.1", "2014.7"]
CABAL = ["0", "0.0", "0.1", "0.1.0", "0.1.0.0", "0.2", "0.10", "1", "1.0", "1.0.9", "1.0.10", "2023.1"]
CONAN = ["1.0", "1.1.0-rc1", "1.1.0", "1.1.1", "1.1.1a", "1.1.1k", "1.1.1t", "1.1.10", "3.0"]
TAGS = ["v1.0.0-beta", "1.0.0", "v1.0.1", "V1.10.0", "v2"]
OPAM = ["0~", "0", "1.0~beta", "1.0~beta1", "1.0", "1.0-1", "1.0.1", "1.0.10", "v0.9", "v0.10"]


@pytest.mark.parametrize(
    ("ecosystem", "ascending"),
    [
        pytest.param("NuGet", NUGET, id="NuGet: four numbers, labels whatever their case"),
        pytest.param("Pub", PUB, id="Pub: builds count"),
        pytest.param("Julia", PUB, id="Julia: builds count"),
        pytest.param("CRAN", CRAN, id="CRAN: numbers alone"),
        pytest.param("Bioconductor", CRAN, id="Bioconductor: as CRAN"),
        pytest.param("Hackage", CABAL, id="Hackage: numbers alone"),
        pytest.param("GHC", CABAL, id="GHC: as Hackage"),
        pytest.param("ConanCenter", CONAN, id="Conan: letters after numbers are later"),
        pytest.param("GitHub Actions", TAGS, id="actions: tags with a v"),
        pytest.param("SwiftURL", TAGS, id="Swift: tags with a v"),
        pytest.param("opam", OPAM, id="opam: as dpkg orders an upstream version"),
        pytest.param("Hex", SEMVER, id="Hex agrees with semver"),
        pytest.param("crates.io", SEMVER, id="semver: precedence as item 11 of the specification tells it"),
        pytest.param("npm", SEMVER, id="npm agrees with semver"),
        pytest.param("Go", SEMVER, id="Go agrees with semver"),
        pytest.param("Go", GO, id="Go: pseudo-versions stand before what they lead to"),
        pytest.param("Go", GO_RELEASES, id="Go's own releases, betas and candidates first"),
        pytest.param("PyPI", PEP440, id="PyPI: the summary of PEP 440"),
    ],
)
def test_a_table_ascends(ecosystem, ascending):
    key = order(ecosystem)
    for low, high in pairwise(ascending):
        assert key(low) < key(high), (low, high)


@pytest.mark.parametrize(
    ("ecosystem", "one", "other"),
    [
        pytest.param("crates.io", "1.0.0+a", "1.0.0+b.7", id="build metadata does not count"),
        pytest.param("crates.io", "1", "1.0.0", id="short forms are filled up"),
        pytest.param("crates.io", "1.2-rc", "1.2.0-rc", id="short forms with a prerelease"),
        pytest.param("npm", " =v1.2.3", "1.2.3", id="npm: leading marks"),
        pytest.param("npm", "1.2.3beta.2", "1.2.3-beta.2", id="npm: a missing hyphen"),
        pytest.param("Go", "v2.0.0+incompatible", "2.0.0", id="Go: incompatible is no other version"),
        pytest.param("Go", "go1.21rc2", "1.21.0-rc.2", id="Go: a release candidate"),
        pytest.param("Go", "1.21", "go1.21.0", id="Go: the language version"),
        pytest.param("NuGet", "1.0.0.0", "1", id="NuGet: missing numbers are zero"),
        pytest.param("NuGet", "1.0.0-RC.1+sha", "1.0-rc.1", id="NuGet: neither case nor build"),
        pytest.param("CRAN", "1.2-3", "1.2.3", id="CRAN: a hyphen is a dot"),
        pytest.param("Maven", "1.0.RELEASE", "1", id="Maven: words for a release"),
        pytest.param("Maven", "1-a1", "1-alpha-1", id="Maven: short words before digits"),
        pytest.param("Packagist", "v1.0", "1.0.0.0", id="Composer: four numbers"),
        pytest.param("Packagist", "1.0-b2", "1.0.0beta2", id="Composer: short words for stages"),
        pytest.param("RubyGems", "1.0.0", "1", id="RubyGems: zeros at the end"),
        pytest.param("RubyGems", "1.0-rc1", "1.pre.rc1", id="RubyGems: a hyphen"),
        pytest.param("PyPI", "v1.0-Alpha_1", "1a1", id="PyPI: spellings"),
        pytest.param("PyPI", "1.0-1", "1.post1", id="PyPI: the short post release"),
        pytest.param("PyPI", "1.0.0+Ubuntu-1", "1+ubuntu.1", id="PyPI: local labels"),
        pytest.param("PyPI", "1.0pre", "1.0rc0", id="PyPI: implied numbers"),
    ],
)
def test_two_spellings_are_one_version(ecosystem, one, other):
    key = order(ecosystem)
    assert key(one) is not None
    assert key(one) == key(other)


@pytest.mark.parametrize("ecosystem", ["Go", "PyPI", "crates.io", "npm"])
@pytest.mark.parametrize(
    "version",
    [
        pytest.param("", id="nothing"),
        pytest.param("latest", id="a word"),
        pytest.param("1.2.3-", id="an empty prerelease"),
        pytest.param("1..2", id="an empty part"),
        pytest.param("1.0.0 || 2", id="a range"),
        pytest.param("१.0.0", id="digits of another script"),
        pytest.param("9" * 5000, id="more digits than any version has"),
        pytest.param("1.0.0\n", id="a line break at the end"),
    ],
)
def test_what_is_no_version_has_no_key(ecosystem, version):
    if version.endswith("\n") and ecosystem in {"npm", "PyPI"}:
        assert order(ecosystem)(version) == order(ecosystem)(version.strip())
    else:
        assert order(ecosystem)(version) is None


@pytest.mark.parametrize(
    ("ecosystem", "version"),
    [
        pytest.param("Debian", "1:", id="dpkg: an epoch alone"),
        pytest.param("Debian", "a:1", id="dpkg: an epoch that is no number"),
        pytest.param("Debian", "1-", id="dpkg: an empty revision"),
        pytest.param("Debian", "1.0_1", id="dpkg: a character it does not take"),
        pytest.param("Debian", "1.0 ~rc1", id="dpkg: a blank"),
        pytest.param("Alpine", "latest", id="apk: a word"),
        pytest.param("Alpine", "1.0_foo", id="apk: a suffix nobody knows"),
        pytest.param("Alpine", "1.0-1", id="apk: a build without its r"),
        pytest.param("Red Hat", "", id="rpm: nothing"),
        pytest.param("Red Hat", "1 2", id="rpm: a blank"),
        pytest.param("Packagist", "dev-main", id="Composer: a branch has no order"),
        pytest.param("Hackage", "1.0-2", id="Hackage: a hyphen"),
        pytest.param("NuGet", "1.0.0.0.0", id="NuGet: five numbers"),
        pytest.param("Maven", "1 2", id="Maven: a blank"),
        pytest.param("GitHub Actions", "main", id="actions: a branch"),
    ],
)
def test_an_order_refuses_what_its_program_refuses(ecosystem, version):
    assert order(ecosystem)(version) is None


@pytest.mark.parametrize("ecosystem", sorted(ORDERS))
@pytest.mark.parametrize(
    "version", ["", "1\n2", "1" * 5000, "1." * 9000 + "x", "\u0967.0", "~" * 9000, "a\x00b"], ids=ascii
)
def test_whatever_stands_there_is_a_key_or_none(ecosystem, version):
    found = order(ecosystem)(version)
    assert found is None or isinstance(found, bytes)


@given(st.integers(min_value=0, max_value=10**60), st.integers(min_value=0, max_value=10**60))
def test_numbers_sort_as_bytes_like_numbers(one, other):
    assert (number(str(one)) < number(str(other))) == (one < other)


_SMALL = st.integers(min_value=0, max_value=400).map(str)
_STAGE = st.one_of(st.just(""), st.builds("{}{}".format, st.sampled_from(["a", "b", "rc", ".alpha", "-pre"]), _SMALL))
_LOCAL = st.lists(st.sampled_from(["1", "10", "9", "a", "b7", "ubuntu"]), max_size=3).map(
    lambda parts: "+" + ".".join(parts) if parts else ""
)
PYPI_VERSIONS = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["", "", "1!", "0!"]),
    st.lists(st.sampled_from(["0", "00", "1", "2", "10", "300"]), min_size=1, max_size=4).map(".".join),
    _STAGE,
    st.one_of(st.just(""), st.builds(".post{}".format, _SMALL), st.builds("-{}".format, _SMALL)),
    st.one_of(st.just(""), st.builds(".dev{}".format, _SMALL)),
    _LOCAL,
)


@given(PYPI_VERSIONS, PYPI_VERSIONS)
def test_pypi_order_is_that_of_packaging(one, other):
    key = order("PyPI")
    try:
        expected = (Version(one) > Version(other)) - (Version(one) < Version(other))
    except InvalidVersion:
        return
    assert (key(one) > key(other)) - (key(one) < key(other)) == expected


@given(st.text(alphabet="0123456789.!abrcvpostdev-_+ ", max_size=14))
def test_pypi_reads_what_packaging_reads(text):
    try:
        Version(text)
    except InvalidVersion:
        assert order("PyPI")(text) is None
    else:
        assert order("PyPI")(text) is not None


_IDENTIFIER = st.one_of(st.integers(0, 300).map(str), st.text(alphabet="abz-AZ09", min_size=1, max_size=3))
SEMVERS = st.tuples(
    st.tuples(*[st.integers(0, 300)] * 3),
    st.lists(_IDENTIFIER.filter(lambda part: not (part.isdecimal() and part != str(int(part)))), max_size=3),
)


def _naive(version):
    """Precedence as the specification words it, on Python values."""
    core, prerelease = version
    return core, not prerelease, [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in prerelease]


@given(SEMVERS, SEMVERS)
def test_semver_order_is_that_of_the_wording(one, other):
    key = order("crates.io")
    left, right = (key(".".join(map(str, core)) + ("-" + ".".join(pre) if pre else "")) for core, pre in (one, other))
    assert (left > right) - (left < right) == (_naive(one) > _naive(other)) - (_naive(one) < _naive(other))
