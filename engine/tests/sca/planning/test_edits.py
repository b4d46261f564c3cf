"""Manifests before and after: one version changes, and not a letter beside it; a scan then finds nothing."""

import pytest
from sca.planning.projects import patched, planned, rules

from vallum_engine.model.plan import Way

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <!-- <version>1.5.0</version> -->
  <groupId>a</groupId><artifactId>b</artifactId><version>1.5.0</version>
  <properties>
    <left.version>{property}</left.version>
  </properties>
  <dependencies>
    <dependency>
      <groupId>org.left</groupId>
      <artifactId>left</artifactId>
      <version>{version}</version><!-- 1.5.0 -->
      <exclusions><exclusion><groupId>x</groupId><artifactId>y</artifactId></exclusion></exclusions>
    </dependency>
  </dependencies>
</project>
"""
PROPS = (
    '<Project>\r\n  <ItemGroup>\r\n    <PackageVersion Include="left" Version="{0}" />\r\n  </ItemGroup>\r\n</Project>'
)
CSPROJ = '<Project>\n  <ItemGroup>\n    <PackageReference Include="left" Version="{0}" />\n  </ItemGroup>\n</Project>\n'

CATALOGUE = (
    '[versions]\nl = "1.5.0"\nm = "1.5.0"\n[libraries]\nleft = { module = "org.left:left", version.ref = "l" }\n'
)
CONFIG = '<packages>\n  <package id="left" version="1.5.0" targetFramework="net48" />\n</packages>\n'
WORKFLOW = "jobs:\n  a:\n    steps:\n      - uses: a/left@v1.5.0 # why\n"
COMMIT = f"steps:\n  - uses: a/left@{'a' * 40} # v1.5.0\n"
LINES = '\ufeff{\r\n\t"devDependencies": {\r\n\t\t"left": "=1.5.0"\r\n\t}\r\n}'
PINS = "# 1.5.0\nleft[a]==1.5.0 ; python_version > '3'  # left 1.5.0\nright"
LISTED = '[project]\nname = "x"\ndependencies = [\n  "left ==1.5.0",  # 1.5.0\n]\n'
TABLE = "[tool.poetry.dependencies.left]\nextras = ['a']\nversion = '1.5.0'\n"
INLINE = '[dependencies]\nleft = { version = "=1.5.0", features = ["1.5.0"] }\n'
CRATE = '[dependencies.left]\ndefault-features = false\nversion = "=1.5.0"\n'
REPLACED = "module x\n\nrequire other v1.5.0\nrequire right v1.0.0\nreplace right => left v1.5.0\n"
GEMS = "gem 'other', '1.5.0'\ngem \"left\", '1.5.0', require: false # 1.5.0\n"
VARIABLE = 'val left = "1.5.0"\ndependencies {\n  api("org.left:left:$left")\n}\n'
GRADLE = "dependencies {\n  implementation 'org.left:left:1.5.0' // 1.5.0\n}\n"
CASES = [
    pytest.param("npm", "package.json", '{"dependencies": {"left": "1.5.0"}, "x": "1.5.0"}', id="npm, one line"),
    pytest.param("npm", "package.json", LINES, id="npm, mark and line ends"),
    pytest.param("npm", "package.json", '{"dependencies": {"l": "npm:left@1.5.0"}}', id="npm, alias"),
    pytest.param("PyPI", "requirements.txt", PINS, id="pip"),
    pytest.param("PyPI", "requirements.txt", "a==1\rleft == 1.5.0\r", id="pip, old line ends"),
    pytest.param("PyPI", "pyproject.toml", LISTED, id="PEP 621"),
    pytest.param(
        "PyPI", "pyproject.toml", '[tool.poetry.dependencies]\nleft = "1.5.0"\npython = "^3.9"\n', id="Poetry"
    ),
    pytest.param("PyPI", "pyproject.toml", TABLE, id="Poetry, table"),
    pytest.param("PyPI", "Pipfile", '[packages]\nleft = {version = "==1.5.0", extras = ["a"]}\n', id="Pipenv"),
    pytest.param("PyPI", "setup.cfg", "[options]\ninstall_requires =\n    left==1.5.0\n", id="setup.cfg"),
    pytest.param("crates.io", "Cargo.toml", INLINE, id="Cargo"),
    pytest.param("crates.io", "Cargo.toml", CRATE, id="Cargo, table"),
    pytest.param("Go", "go.mod", "module x\n\nrequire (\n\tleft v1.5.0 // indirect\n\tother v1.5.0\n)\n", id="Go"),
    pytest.param("Go", "go.mod", REPLACED, id="Go, replaced"),
    pytest.param("RubyGems", "Gemfile", GEMS, id="Bundler"),
    pytest.param("Packagist", "composer.json", '{"require": {"php": "1.5.0", "a/left": "1.5.0"}}', id="Composer"),
    pytest.param("Maven", "pom.xml", POM.format(property="1.5.0", version="1.5.0"), id="Maven"),
    pytest.param("Maven", "pom.xml", POM.format(property="1.5.0", version="${left.version}"), id="Maven, property"),
    pytest.param("Maven", "build.gradle", GRADLE, id="Gradle"),
    pytest.param("Maven", "build.gradle.kts", VARIABLE, id="Gradle, variable"),
    pytest.param("Maven", "gradle/libs.versions.toml", CATALOGUE, id="catalogue"),
    pytest.param("NuGet", "a/x.csproj", CSPROJ.format("1.5.0"), id="MSBuild"),
    pytest.param("NuGet", "packages.config", CONFIG, id="packages.config"),
    pytest.param("GitHub Actions", ".github/workflows/ci.yml", WORKFLOW, id="workflow"),
]
NAMES = {"Maven": "org.left:left", "Packagist": "a/left", "GitHub Actions": "a/left"}


@pytest.mark.parametrize(("ecosystem", "path", "text"), CASES)
def test_one_version_changes_and_the_finding_ends(database, record, ecosystem, path, text):
    advisories = database(record("GHSA-1", NAMES.get(ecosystem, "left"), ecosystem=ecosystem))
    assert rules(advisories, {path: text}) == ["GHSA-1"]
    made = planned(advisories, {path: text})
    (step,) = made.steps
    assert (step.way, step.to, [each.rule for each in step.ends]) == (Way.RAISE, "2.0.0", ["GHSA-1"])
    (patch,) = made.patches
    assert len(patch.after) == len(patch.before)
    differing = [at for at, (old, new) in enumerate(zip(patch.before, patch.after, strict=True)) if old != new]
    assert (len(differing), differing[-1] - differing[0]) == (2, 2), "1.5 became 2.0"
    assert rules(advisories, patched(made, {path: text})) == []


def test_a_central_version_is_raised_where_it_stands(database, record):
    advisories = database(record("GHSA-1", ecosystem="NuGet"))
    texts = {
        "Directory.Packages.props": PROPS.format("1.5.0"),
        "a/x.csproj": CSPROJ.format("").replace(' Version=""', ""),
        "b/y.csproj": CSPROJ.format("").replace(' Version=""', ""),
    }
    assert rules(advisories, texts) == ["GHSA-1"]
    made = planned(advisories, texts)
    assert [patch.path for patch in made.patches] == ["Directory.Packages.props"]
    assert made.patches[0].after == PROPS.format("2.0.0").encode()
    assert rules(advisories, patched(made, texts)) == []


def test_a_version_that_a_parent_manages_is_raised_in_the_parent(database, record):
    advisories = database(record("GHSA-1", "org.left:left", ecosystem="Maven"))
    managed = "<dependencyManagement>{}</dependencyManagement>"
    own = "<dependencies><dependency><groupId>org.left</groupId><artifactId>left</artifactId>{}</dependency></dependencies>"
    parent = "<parent><groupId>g</groupId><artifactId>p</artifactId><version>1.5.0</version></parent>"
    texts = {
        "pom.xml": "<project><groupId>g</groupId><artifactId>p</artifactId><version>1.5.0</version>\n"
        + managed.format(own.format("<version>1.5.0</version>"))
        + "</project>",
        "web/pom.xml": f"<project>{parent}<artifactId>w</artifactId>{own.format('')}</project>",
    }
    assert rules(advisories, texts) == ["GHSA-1"]
    made = planned(advisories, texts)
    assert [patch.path for patch in made.patches] == ["pom.xml"]
    assert made.patches[0].after.count(b"1.5.0") == 1, "the parent's own version stays"
    assert rules(advisories, patched(made, texts)) == []


def test_two_packages_by_one_property_get_the_higher_version(database, record):
    advisories = database(
        record("GHSA-1", "g:one", ecosystem="Maven"),
        record("GHSA-2", "g:two", ecosystem="Maven", spans=[("0", "3.0.0")]),
    )
    each = "<dependency><groupId>g</groupId><artifactId>{}</artifactId><version>${{v}}</version></dependency>"
    text = (
        "<project>\n<properties><v>1.5.0</v></properties>\n<dependencies>\n"
        + "\n".join(map(each.format, ("one", "two")))
        + "\n</dependencies></project>"
    )
    made = planned(advisories, {"pom.xml": text})
    assert made.patches[0].after == text.replace("1.5.0", "3.0.0").encode()
    assert rules(advisories, patched(made, {"pom.xml": text})) == []


@pytest.mark.parametrize(
    ("ecosystem", "path", "text"),
    [
        pytest.param(
            "PyPI", "requirements.txt", "left==1.5.0 \\\n    --hash=sha256:00\n", id="a digest of the very file"
        ),
        pytest.param("PyPI", "requirements.txt", b"left==1.5.0\n# caf\xc3\xa9 \xed\xa0\x80", id="no text"),
        pytest.param("npm", "package.json", '{"dependencies": {"left": "\\u0031.5.0"}}', id="written in escapes"),
        pytest.param("GitHub Actions", ".github/workflows/ci.yml", COMMIT, id="a commit"),
        pytest.param("Maven", "pom.xml", POM.format(property="1.5", version="${left.version}.0"), id="put together"),
    ],
)
def test_what_is_not_certain_is_said_and_not_edited(database, record, ecosystem, path, text):
    advisories = database(record("GHSA-1", NAMES.get(ecosystem, "left"), ecosystem=ecosystem))
    made = planned(advisories, {path: text})
    assert made.patches == ()
    for step in made.steps:
        assert step.way is Way.OTHER
        assert any("not edited" in say for say in step.say)


def test_requirements_that_a_tool_writes_name_it(database, record):
    advisories = database(record("GHSA-1", ecosystem="PyPI"))
    head = (
        "# This file was autogenerated by uv via the following command:\n#    uv pip compile a.in -o requirements.txt\n"
    )
    pinned, hashed = "left==1.5.0\n    # via way\n", "left==1.5.0 \\\n    --hash=sha256:00\n"
    for body, edited in ((pinned, 1), (hashed, 0)):
        made = planned(advisories, {"requirements.txt": head + body})
        assert len(made.patches) == edited
        assert "`uv pip compile --upgrade-package left==2.0.0 …`. Where the file" in made.steps[0].say[-1]


def test_what_requirements_pin_is_raised_in_the_manifest_beside_them(database, record):
    advisories = database(record("GHSA-1", ecosystem="PyPI"))
    texts = {
        "requirements.txt": "left==1.5.0\n",
        "pyproject.toml": '[project]\nname = "x"\ndependencies = ["left~=1.5.0"]\n',
    }
    made = planned(advisories, texts)
    assert patched(made, texts)["pyproject.toml"] == texts["pyproject.toml"].replace("~=1.5.0", "~=2.0.0").encode()
    assert rules(advisories, patched(made, texts)) == []
