"""How packages came in by the lockfiles of RubyGems, Packagist, NuGet, CocoaPods and Conan."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vallum_engine.errors import BrokenData
from vallum_engine.model.file import File
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles import extractor, format_of
from vallum_engine.sca.origins import Origins

EVERY = ("shop", "way 1.0.0", "left 1.5.0")
GEMFILE = """\
PATH
  remote: .
  specs:
    shop (0.1.0)
      way (~> 1.0)

GEM
  remote: https://gems.example/
  specs:
    left (1.5.0)
    left (1.5.0-java)
    round (1.0.0)
      round
    way (1.0.0)
      left (>= 1)

DEPENDENCIES
  shop!
"""
COMPOSER = """{
    "packages": [
        {"name": "acme/way", "version": "1.0.0", "require": {"acme/LEFT": "^1.0", "psr/any": "*", "php": "*"}},
        {"name": "acme/left", "version": "1.5.0"},
        {"name": "acme/any", "version": "1.0.0", "provide": {"psr/any": "1.0"}}
    ],
    "packages-dev": [{"name": "acme/tool", "version": "1.0.0", "require": {"acme/left": "*"}}]
}"""
PODS = """\
PODS:
  - left/Core (1.5.0)
  - way (1.0.0):
    - left/Core (~> 1)
DEPENDENCIES:
  - way
"""
CONAN = """{"graph_lock": {"nodes": {
  "0": {"ref": "shop/0.1", "path": "conanfile.py", "requires": ["1"], "build_requires": ["3"]},
  "1": {"ref": "way/1.0.0", "requires": ["2"]},
  "2": {"ref": "left/1.5.0", "requires": ["1"]},
  "3": {"ref": "tool/1.0.0", "requires": ["4", "2"]},
  "4": {"ref": "left/1.9.0"}
}}}"""
SAMPLES = {"Gemfile.lock": GEMFILE, "Podfile.lock": PODS, "composer.lock": COMPOSER, "conan.lock": CONAN}


def told(path, text, name, version):
    """What a finding about this package would say: direct, dev, path."""
    file = File(path, text.encode())
    packages = [entry for entry in extractor(format_of(path))(file) if isinstance(entry, Package)]
    origins = Origins()
    origins.keep(file)
    origin = origins.book(path, packages).origin(name, version)
    return origin.direct, origin.dev, origin.path


@pytest.mark.parametrize(
    ("path", "name", "version", "expected"),
    [
        pytest.param("Gemfile.lock", "left", "1.5.0", (False, None, EVERY), id="bundler"),
        pytest.param("Gemfile.lock", "way", "1.0.0", (True, None, EVERY[:2]), id="bundler: of the project's own gem"),
        pytest.param("Gemfile.lock", "round", "1.0.0", (False, None, ()), id="bundler: by itself alone"),
        pytest.param(
            "composer.lock",
            "acme/left",
            "1.5.0",
            (None, False, ("composer.lock", "acme/way 1.0.0", "acme/left 1.5.0")),
            id="composer",
        ),
        pytest.param(
            "composer.lock",
            "acme/any",
            "1.0.0",
            (None, False, ("composer.lock", "acme/way 1.0.0", "acme/any 1.0.0")),
            id="composer: by what it stands for",
        ),
        pytest.param(
            "composer.lock",
            "acme/tool",
            "1.0.0",
            (True, True, ("composer.lock", "acme/tool 1.0.0")),
            id="composer, dev",
        ),
        pytest.param("Podfile.lock", "left", "1.5.0", (False, None, ("Podfile.lock", *EVERY[1:])), id="cocoapods"),
        pytest.param("conan.lock", "left", "1.5.0", (False, False, ("conan.lock", *EVERY[1:])), id="conan"),
        pytest.param(
            "conan.lock",
            "left",
            "1.9.0",
            (False, True, ("conan.lock", "tool 1.0.0", "left 1.9.0")),
            id="conan, to build",
        ),
    ],
)
def test_a_lockfile_says_how_a_package_came_in(path, name, version, expected):
    assert told(path, SAMPLES[path], name, version) == expected


JUNK = st.sampled_from(
    [
        "",
        "{}",
        "[]",
        "1",
        '"',
        "'",
        ":",
        "\n",
        "left",
        "@",
        "/",
        "null",
        "true",
        "[1, {}]",
        "  ",
        "=\n",
        "(",
        "- ",
        "</",
    ]
)


@settings(max_examples=600, deadline=None)
@given(
    path=st.sampled_from(sorted(SAMPLES)),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), JUNK), max_size=4),
)
def test_a_damaged_lockfile_that_is_read_has_a_graph(path, cuts):
    text = SAMPLES[path]
    for where, length, junk in cuts:
        at = int(where * len(text))
        text = text[:at] + junk + text[at + length :]
    file = File(path, text.encode())
    try:
        packages = [entry for entry in extractor(format_of(path))(file) if isinstance(entry, Package)]
    except BrokenData:
        return
    origins = Origins()
    origins.keep(file)
    read = origins.book(path, packages)
    for package in packages:
        assert all(step.isprintable() for step in read.origin(package.name, package.version).path)
