"""How packages came in by the lockfiles of RubyGems, Packagist, NuGet, CocoaPods and Conan."""

import pytest

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
NUGET = """{"dependencies": {"net8.0": {
  "Way": {"type": "Direct", "resolved": "1.0.0", "dependencies": {"LEFT": "1.0.0"}},
  "Left": {"type": "Transitive", "resolved": "1.5.0"},
  "Near": {"type": "Project", "dependencies": {"Far": "1.0.0"}},
  "Far": {"type": "Transitive", "resolved": "1.0.0"}
}}}"""
ASSETS = """{
  "targets": {"net8.0": {
    "Way/1.0.0": {"dependencies": {"Left": "1.0.0"}},
    "Near/1.0.0": {"type": "project", "dependencies": {"Far": "1.0.0"}}
  }},
  "libraries": {"Way/1.0.0": {"type": "package"}, "Left/1.5.0": {"type": "package"},
    "Far/1.0.0": {"type": "package"}, "Near/1.0.0": {"type": "project"}},
  "projectFileDependencyGroups": {"net8.0": ["Way >= 1.0.0", "Near >= 1.0.0"]}
}"""
DEPS = """{
  "targets": {"net8.0": {
    "shop/1.0.0": {"dependencies": {"Way": "1.0.0"}},
    "Way/1.0.0": {"dependencies": {"Left": "1.0.0"}}
  }},
  "libraries": {"shop/1.0.0": {"type": "project"}, "Way/1.0.0": {"type": "package"}, "Left/1.5.0": {"type": "package"}}
}"""
PAKET = """\
NUGET
  remote: https://nuget.example/
    Way (1.0.0)
      Left (>= 1.0)
    Left (1.5.0)
GROUP Test
NUGET
    Left (1.9.0)
"""
SAMPLES = {
    "Gemfile.lock": GEMFILE,
    "Podfile.lock": PODS,
    "composer.lock": COMPOSER,
    "conan.lock": CONAN,
    "packages.lock.json": NUGET,
    "obj/project.assets.json": ASSETS,
    "Shop.deps.json": DEPS,
    "paket.lock": PAKET,
}


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
        pytest.param(
            "packages.lock.json",
            "Left",
            "1.5.0",
            (False, None, ("packages.lock.json", "Way 1.0.0", "Left 1.5.0")),
            id="nuget",
        ),
        pytest.param(
            "packages.lock.json",
            "Far",
            "1.0.0",
            (False, None, ("packages.lock.json", "Near", "Far 1.0.0")),
            id="nuget: by another project",
        ),
        pytest.param(
            "obj/project.assets.json",
            "Left",
            "1.5.0",
            (False, None, ("obj/project.assets.json", "Way 1.0.0", "Left 1.5.0")),
            id="restored",
        ),
        pytest.param("Shop.deps.json", "Left", "1.5.0", (False, None, ("shop", "Way 1.0.0", "Left 1.5.0")), id="built"),
        pytest.param("paket.lock", "Way", "1.0.0", (True, False, ("paket.lock", "Way 1.0.0")), id="paket"),
        pytest.param("paket.lock", "Left", "1.9.0", (True, True, ("paket.lock", "Left 1.9.0")), id="paket, for tests"),
    ],
)
def test_a_lockfile_says_how_a_package_came_in(path, name, version, expected):
    assert told(path, SAMPLES[path], name, version) == expected
