"""Files that are understood with others: projects and what is above them, and manifests beside their lockfile."""

import json
import time
import zipfile

import pytest

from vallum_engine.model.file import File
from vallum_engine.pipeline import scan
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.sources import archive
from vallum_engine.triggers import collect


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


PARENT = """\
<project>
  <groupId>com.shop</groupId><artifactId>parent</artifactId><version>1</version>
  <properties><kit>1.2.0</kit></properties>
  <dependencyManagement><dependencies>
    <dependency><groupId>com.acme</groupId><artifactId>kit</artifactId><version>${kit}</version></dependency>
    <dependency><groupId>com.shop</groupId><artifactId>bom</artifactId><version>1</version><type>pom</type><scope>import</scope></dependency>
  </dependencies></dependencyManagement>
</project>"""
BOM = """\
<project>
  <groupId>com.shop</groupId><artifactId>bom</artifactId><version>1</version>
  <properties><core>3.0</core></properties>
  <dependencyManagement><dependencies>
    <dependency><groupId>com.acme</groupId><artifactId>core</artifactId><version>${core}</version><scope>test</scope></dependency>
  </dependencies></dependencyManagement>
</project>"""
CHILD = """\
<project>
  <parent><groupId>com.shop</groupId><artifactId>parent</artifactId><version>1</version></parent>
  <artifactId>child</artifactId>
  <dependencies>
    <dependency><groupId>com.acme</groupId><artifactId>kit</artifactId></dependency>
    <dependency><groupId>com.acme</groupId><artifactId>core</artifactId></dependency>
    <dependency><groupId>${project.groupId}</groupId><artifactId>near</artifactId><version>${project.version}</version></dependency>
  </dependencies>
</project>"""


def test_a_pom_has_the_versions_and_scopes_of_its_parents_and_of_what_they_import():
    found = scanned({"pom.xml": PARENT, "deep/bom/pom.xml": BOM, "child/pom.xml": CHILD}).packages()
    assert [(p.location.path, p.name, p.version, p.groups) for p in found] == [
        ("child/pom.xml", "com.acme:kit", "1.2.0", ()),
        ("child/pom.xml", "com.acme:core", "3.0", ("test",)),
        ("child/pom.xml", "com.shop:near", "1", ()),
    ]


@pytest.mark.parametrize(
    ("place", "relative"),
    [
        pytest.param("a/b/pom.xml", "", id="by its coordinates"),
        pytest.param("a/build/pom.xml", "<relativePath>../build</relativePath>", id="by a folder"),
        pytest.param("a/build/parent.xml/pom.xml", "<relativePath>../nowhere.xml</relativePath>", id="by a wrong path"),
    ],
)
def test_a_parent_is_found_by_its_path_and_by_its_coordinates(place, relative):
    child = CHILD.replace("<version>1</version></parent>", f"<version>1</version>{relative}</parent>")
    assert ("a/child/pom.xml", "com.acme:kit", "1.2.0") in listed({place: PARENT, "a/child/pom.xml": child})


def test_a_child_gives_its_parent_s_properties_another_value():
    child = CHILD.replace("<dependencies>", "<properties><kit>2.0.0</kit></properties><dependencies>", 1)
    assert ("child/pom.xml", "com.acme:kit", "2.0.0") in listed({"pom.xml": PARENT, "child/pom.xml": child})


def test_what_a_pom_leaves_open_is_said():
    off = "<profiles><profile><dependencies/></profile></profiles></project>"
    detector = scanned({"child/pom.xml": CHILD.replace("</project>", off)})
    assert [(e.why, e.covered) for e in detector.exclusions() if e.path] == [
        ("2 entries without a version to compare (not pinned, or from Git, a URL or a folder)", True),
        ("the parent lies elsewhere, so versions that it gives are not known: 2", True),
        ("profiles that may be on or off are left out: 9", True),
    ]


def test_poms_that_are_each_other_s_parents_and_imports_are_read():
    def pom(own, other):
        return (
            f"<project><parent><groupId>g</groupId><artifactId>{other}</artifactId><version>1</version></parent>"
            f"<groupId>g</groupId><artifactId>{own}</artifactId><version>1</version><dependencyManagement><dependencies>"
            f"<dependency><groupId>g</groupId><artifactId>{other}</artifactId><version>1</version><scope>import</scope>"
            "</dependency></dependencies></dependencyManagement><dependencies><dependency><groupId>g</groupId>"
            "<artifactId>x</artifactId></dependency></dependencies></project>"
        )

    assert listed({"a/pom.xml": pom("a", "b"), "b/pom.xml": pom("b", "a")}) == {
        ("a/pom.xml", "g:x", ""),
        ("b/pom.xml", "g:x", ""),
    }


def test_many_poms_that_import_each_other_are_read_in_time():
    imports = "".join(
        f"<dependency><groupId>g</groupId><artifactId>p{n}</artifactId><version>1</version><scope>import</scope></dependency>"
        for n in range(60)
    )
    poms = {
        f"{n}/pom.xml": f"<project><groupId>g</groupId><artifactId>p{n}</artifactId><version>1</version>"
        f"<dependencyManagement><dependencies>{imports}</dependencies></dependencyManagement><dependencies>"
        "<dependency><groupId>g</groupId><artifactId>x</artifactId></dependency></dependencies></project>"
        for n in range(60)
    }
    started = time.process_time()
    assert len(listed(poms)) == 60
    assert time.process_time() - started < 20


KIT = "version=1.2.0\ngroupId=com.acme\nartifactId=kit\n"
MANIFEST = "Implementation-Vendor-Id: com.acme\nImplementation-Title: kit\nImplementation-Version: 1.2\n"


def test_a_jar_is_named_by_the_best_of_what_it_holds():
    files = {
        "META-INF/MANIFEST.MF": MANIFEST,
        "META-INF/maven/com.acme/kit/pom.properties": KIT,
        "META-INF/maven/com.acme/kit/pom.xml": "<project><artifactId>kit</artifactId></project>",
        "other/META-INF/MANIFEST.MF": MANIFEST,
        "odd/META-INF/MANIFEST.MF": "Implementation-Title: The Kit\nBundle-Version: 1.2\n",
    }
    detector = scanned(files)
    assert {(p.location.path, p.name, p.version) for p in detector.packages()} == {
        ("META-INF/maven/com.acme/kit/pom.properties", "com.acme:kit", "1.2.0"),
        ("other/META-INF/MANIFEST.MF", "com.acme:kit", "1.2"),
    }
    assert [e.path for e in detector.exclusions() if e.path] == ["odd/META-INF/MANIFEST.MF"]


def test_a_jar_is_scanned_as_an_archive(tmp_path):
    path = tmp_path / "kit.jar"
    with zipfile.ZipFile(path, "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", MANIFEST)
        jar.writestr("com/acme/Kit.class", b"\xca\xfe\xba\xbe\0\0")
        jar.writestr("META-INF/maven/com.acme/kit/pom.properties", KIT)
    detector = PackageDetector(None)
    report = scan(archive.read(str(path)), [detector], triggers=collect([detector]).fallback())
    assert [(p.name, p.version) for p in report.packages] == [("com.acme:kit", "1.2.0")]


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
            {
                "build.gradle": "api 'g:a:1.0'",
                "gradle/libs.versions.toml": '[libraries]\na = "g:a:1.0"',
                "gradle.lockfile": "g:a:1.1=x",
            },
            {("gradle.lockfile", "g:a", "1.1")},
            id="gradle",
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


SUMS = """\
code.example/left v1.2.0 h1:AAAA=
code.example/left v1.2.0/go.mod h1:AAAA=
code.example/deep v0.3.0/go.mod h1:AAAA=
code.example/deep v0.3.2 h1:AAAA=
code.example/far v0.1.0/go.mod h1:AAAA=
"""


def module(*lines):
    return "\n".join(["module code.example/shop", *lines, "require code.example/left v1.2.0", ""])


@pytest.mark.parametrize(
    "go",
    [
        pytest.param("go 1.16", id="before modules were pruned"),
        pytest.param("go 1.9", id="one digit"),
        pytest.param("", id="no version, which means 1.16"),
    ],
)
def test_before_go_117_the_sums_tell_what_the_modules_bring(go):
    detector = scanned({"go.mod": module(go), "go.sum": SUMS})
    found = {(p.location.path, p.name, p.version, p.direct) for p in detector.packages() if p.name != "stdlib"}
    assert found == {("go.mod", "code.example/left", "1.2.0", True), ("go.sum", "code.example/deep", "0.3.2", False)}
    assert not [each for each in detector.exclusions() if "go.sum" in each.why]


@pytest.mark.parametrize("go", ["go 1.17", "go 1.21.0", "go 1.23rc1", "go 2.0"])
def test_from_go_117_on_the_module_file_tells_all(go):
    files = {"go.mod": module(go), "go.sum": SUMS}
    assert {path for path, _, _ in listed(files)} == {"go.mod"}


def test_an_old_module_file_alone_says_what_is_not_known():
    told = [each.why for each in scanned({"go.mod": module("go 1.16")}).exclusions() if each.path == "go.mod"]
    assert [why for why in told if "no go.sum lies beside it" in why]
    told = [each.why for each in scanned({"go.mod": "module code.example/shop\n"}).exclusions()]
    assert not [why for why in told if "go.sum" in why]
