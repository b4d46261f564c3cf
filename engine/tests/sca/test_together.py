"""Files that are understood with others: projects and what is above them, and manifests beside their lockfile."""

import json

import pytest

from vallum_engine.model.file import File
from vallum_engine.sca.detector import PackageDetector


def scanned(files):
    detector = PackageDetector(None)
    for path, text in files.items():
        detector.detect(File(path, text.encode()), ())
    list(detector.conclude())
    return detector


def listed(files):
    return {(p.location.path, p.name, p.version) for p in scanned(files).packages()}


CENTRAL = '<Project><ItemGroup><PackageVersion Include="Acme.Kit" Version="$(Kit)"/></ItemGroup></Project>'
PROPERTIES = "<Project><PropertyGroup><Kit>1.2.0</Kit></PropertyGroup></Project>"
SHOP = '<Project><ItemGroup><PackageReference Include="acme.kit"/></ItemGroup></Project>'


def test_a_project_has_the_versions_that_stand_above_it():
    files = {"Directory.Packages.props": CENTRAL, "Directory.Build.props": PROPERTIES, "src/shop/shop.csproj": SHOP}
    assert listed(files) == {("src/shop/shop.csproj", "acme.kit", "1.2.0")}


def test_the_nearest_file_above_a_project_speaks_first():
    files = {
        "Directory.Packages.props": CENTRAL,
        "Directory.Build.props": PROPERTIES,
        "old/Directory.Build.props": PROPERTIES.replace("1.2.0", "0.9.0"),
        "old/shop.csproj": SHOP,
        "new/shop.csproj": SHOP,
    }
    assert listed(files) == {("old/shop.csproj", "acme.kit", "0.9.0"), ("new/shop.csproj", "acme.kit", "1.2.0")}


def test_pins_that_no_project_is_there_to_ask_for_are_listed_themselves():
    files = {"a/Directory.Packages.props": CENTRAL.replace("$(Kit)", "1.2.0"), "b/shop.csproj": SHOP}
    assert ("a/Directory.Packages.props", "Acme.Kit", "1.2.0") in listed(files)


LOCK = json.dumps({"dependencies": {"net8.0": {"Acme.Kit": {"type": "Direct", "resolved": "1.3.0"}}}})


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"a/shop.csproj": SHOP, "a/packages.lock.json": LOCK},
            {("a/packages.lock.json", "Acme.Kit", "1.3.0")},
            id="nuget",
        ),
        pytest.param(
            {"a/shop.csproj": SHOP, "packages.lock.json": LOCK},
            {("packages.lock.json", "Acme.Kit", "1.3.0"), ("a/shop.csproj", "acme.kit", "")},
            id="nuget: another project's",
        ),
        pytest.param(
            {
                "composer.json": '{"require": {"a/b": "^1"}}',
                "composer.lock": '{"packages": [{"name": "a/b", "version": "1.1"}]}',
            },
            {("composer.lock", "a/b", "1.1")},
            id="composer",
        ),
        pytest.param(
            {
                "composer.lock": '{"packages": [{"name": "a/b", "version": "1.1"}]}',
                "vendor/composer/installed.json": '{"packages": [{"name": "a/b", "version": "1.1"}]}',
            },
            {("composer.lock", "a/b", "1.1")},
            id="composer: installed",
        ),
        pytest.param(
            {"Gemfile": 'gem "rack"', "Gemfile.lock": "GEM\n  specs:\n    rack (2.2.3)\n"},
            {("Gemfile.lock", "rack", "2.2.3")},
            id="bundler",
        ),
        pytest.param(
            {"conanfile.txt": "[requires]\nzlib/[>1]", "conan.lock": '{"requires": ["zlib/1.3"]}'},
            {("conan.lock", "zlib", "1.3")},
            id="conan",
        ),
    ],
)
def test_a_manifest_beside_its_lockfile_does_not_count(files, expected):
    assert listed(files) == expected


def test_a_manifest_counts_where_its_lockfile_is_broken():
    detector = PackageDetector(None)
    detector.detect(File("Gemfile", b'gem "rack", "2.2.3"'), ())
    with pytest.raises(Exception, match="no section"):
        detector.detect(File("Gemfile.lock", b"{}"), ())
    list(detector.conclude())
    assert [p.version for p in detector.packages()] == ["2.2.3"]


def test_a_file_that_cannot_be_understood_costs_itself_only():
    long = SHOP.replace("acme.kit", "a" * 2000)
    detector = scanned({"a/a.csproj": long, "b/b.csproj": SHOP})
    assert [p.location.path for p in detector.packages()] == ["b/b.csproj"]
    (gap,) = [e for e in detector.exclusions() if e.path == "a/a.csproj"]
    assert (gap.covered, gap.why[:6]) == (False, "line 1")


def test_what_nobody_publishes_advisories_for_is_listed_and_said():
    detector = scanned({"Podfile.lock": "PODS:\n  - Kit (1.0)\n"})
    assert [(e.why, e.covered) for e in detector.exclusions()] == [
        ("nobody publishes advisories for CocoaPods: listed only", True)
    ]
    assert "packages/CocoaPods" not in {ruleset.name for ruleset in detector.rulesets()}
