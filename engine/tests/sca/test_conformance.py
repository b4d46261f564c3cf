"""Lockfile formats against what their examples say: ours beside this file, and the large set of ../shared."""

import json
import os
from pathlib import Path

import pytest

from vallum_engine.errors import BrokenData
from vallum_engine.model.file import File
from vallum_engine.model.package import Package
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.sca.lockfiles import ECOSYSTEMS, NAMES, PATTERNS, extractor, format_of
from vallum_engine.sca.systems.databases import TAILS

HERE = Path(__file__).parent
EXAMPLES = HERE / "examples"
DATA = Path(os.environ.get("VALLUM_TEST_DATA") or HERE.parents[3] / "shared/data") / "lockfiles"

DIFFERENT = {
    "dotnet/csproj/testdata/emptyversion": "it leaves out what has no version; here it stands without one",
    "dotnet/csproj/testdata/noversion": "it leaves out what has no version; here it stands without one",
    "dotnet/depsjson/testdata/nopackagename": "it lists the project itself, which nobody publishes",
    "dotnet/nugetcpm/testdata/emptyversion": "it leaves out what has no version; here it stands without one",
    "dotnet/nugetcpm/testdata/noversion": "it leaves out what has no version; here it stands without one",
    "dotnet/packagesconfig/testdata/valid": "it does not tell what is for development",
    "dotnet/paketlock/testdata/paket.lock": "it lists files of GitHub's repositories, which no ecosystem publishes",
    "cpp/conanlock/testdata/one-package-dev.v1.revisions.json": "it gives what is needed to build alone no group",
    "os/apk/testdata/no-origin": "it leaves out what names no origin; here it counts under its own name",
    "containers/dockercomposeimage/testdata/docker-compose-1.yml": "its test sets the variables of the environment",
    "elixir/mixlock/testdata/valid": "it takes checksums for commits",
    "erlang/mixlock/testdata/many.lock": "it takes checksums for commits",
    "erlang/mixlock/testdata/two-packages.lock": "it takes checksums for commits",
    "gleam/gleamtoml/testdata/deps-and-dev-deps.toml": "it takes a range for a version",
    "gleam/gleamtoml/testdata/only-deps.toml": "it takes a range for a version",
    "golang/vendormodules/testdata/valid/vendor/modules.txt": "it cuts a name short, and lists a module that a folder stands for",
    "javascript/denojson/testdata/deno.json": "it takes a range for the version it begins with",
    "misc/githubactions/testdata/edge_cases.yaml": "it takes tags that move and branches for versions, and no image",
    "javascript/packagejson/testdata/package-with-deps.json": "it takes ranges of an installed package for versions",
    "javascript/packagejson/testdata/vscode-extension-only-required.json": "it takes it for an extension of VS Code",
    "haskell/cabal/testdata/valid_2": "it knows pins with any. before the name alone",
    "julia/manifesttoml/testdata/git-dependency-with-commit.toml": "it takes the hash of a tree for a commit",
    "r/renvlock/testdata/with-bioconductor.lock": "it leaves out Bioconductor",
    "java/gradleverificationmetadataxml/testdata/multiple-versions.xml": "it lists versions of which metadata alone was fetched",
    "java/pomxml/testdata/ambiguous-interpolation.xml": "it gives no line where two entries are one package",
    "javascript/packagelockjson/testdata/same-package-different-groups.v1.json": "it joins a package's groups to the least",
    "javascript/yarnlock/testdata/exclude-root.v2.lock": "it lists workspace members, which nobody publishes",
    "python/pipfilelock/testdata/multiple-packages.json": "it lists a package of two sections once",
    "python/pipfilelock/testdata/no-version.json": "it leaves out packages from Git; here they stand without a version",
    "python/requirements/testdata/example.txt": "it takes a lower bound for a version, and follows the included file",
    "python/requirements/testdata/per_req_options.txt": "it keeps text that pip refuses as part of a version",
    "python/uvlock/testdata/names-outside-package-block.lock": "its test asserts nothing about packages",
    "python/uvlock/testdata/two-packages.lock": "its test asserts nothing about packages",
    "python/pyprojecttoml/testdata/extras_syntax.toml": "it takes a lower bound for a version",
    "python/pyprojecttoml/testdata/optional_deps.toml": "it takes a lower bound for a version",
    "rust/cargotoml/testdata/git-dependency-with-commit.toml": "it lists the package itself",
    "rust/cargotoml/testdata/git-dependency-with-pr.toml": "it lists the package itself",
    "rust/cargotoml/testdata/two-dependencies.toml": "it lists the package itself, and takes a range for a version",
    "sbom/spdx/testdata/descendant_of.spdx.json": "it leaves out what descends from another package",
    "sbom/spdx/testdata/external_refs.spdx.json": "it leaves out the namespace of a generic package",
    "sbom/spdx/testdata/multi_descendant.spdx.json": "it leaves out what descends from another package",
    "sbom/spdx/testdata/sbom.spdx": "it names what has no package URL by its CPE",
    "rust/cargolock/testdata/package-with-comments.lock": "it does not assert the commit",
}
"""Where we differ from osv-scalibr's own assertions on purpose, and why."""

ENDINGS = {"/csproj/": ".csproj", "/depsjson/": ".deps.json"}
"""What a test's name lacks to be found by it."""

FOLDERS = {
    "/requirements/": "requirements/",
    "/packagejson/": "node_modules/left/",
    "/githubactions/": ".github/workflows/",
}
"""Where osv-scalibr's test files are to stand: it takes every package.json for an installed package."""


RUNS = "requires"
"""What osv-scalibr calls the group of what Conan needs to run; here that is no group."""


def extract(path, data):
    return [entry for entry in extractor(format_of(path))(File(path, data)) if isinstance(entry, Package)]


def plain(package):
    row = {"name": package.name, "version": package.version, "line": package.location.line}
    if package.groups:
        row["groups"] = list(package.groups)
    if package.commit:
        row["commit"] = package.commit
    if package.direct is not None:
        row["direct"] = package.direct
    more = ("requested", "source", "source_version", "arch", "module", "licence")
    row |= {key: value for key in more if (value := getattr(package, key))}
    if package.ecosystem != ECOSYSTEMS[format_of(package.location.path)]:
        row["ecosystem"] = package.ecosystem
    return row


def example_files():
    for folder in sorted(EXAMPLES.iterdir()):
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.name != "expected.json":
                yield pytest.param(file, id=str(file.relative_to(EXAMPLES)))


@pytest.mark.parametrize("file", list(example_files()))
def test_an_example_gives_what_its_folder_says(file):
    folder = EXAMPLES / file.relative_to(EXAMPLES).parts[0]
    path = file.relative_to(folder).as_posix()
    expected = json.loads((folder / "expected.json").read_text())[path]
    assert format_of(path) == folder.name
    if "broken" in expected:
        with pytest.raises(BrokenData) as caught:
            extract(path, file.read_bytes())
        assert str(caught.value).startswith(expected["broken"])
    else:
        assert [plain(package) for package in extract(path, file.read_bytes())] == expected["packages"]


def test_every_format_has_an_example_and_an_ecosystem():
    formats = {*NAMES.values(), *PATTERNS.values(), *TAILS.values()}
    assert {folder.name for folder in EXAMPLES.iterdir()} == formats == set(ECOSYSTEMS)


def shared_cases():
    if not DATA.is_dir():
        yield pytest.param(None, marks=pytest.mark.skip(reason="no ../shared"), id="no ../shared")
        return
    for case in json.loads((DATA / "expected.json").read_bytes())["files"]:
        path = present_as(case)
        if format_of(path):
            short = case["file"].removeprefix("language/")
            yield pytest.param(case, id=f"{short} (differs: {DIFFERENT[short]})" if short in DIFFERENT else short)


def present_as(case):
    folder = next((own for part, own in FOLDERS.items() if part in case["file"]), "")
    ending = next((own for part, own in ENDINGS.items() if part in case["file"]), "")
    return folder + case["present_as"] + ending


def row(name, version, groups, commit, line):
    return name, version, tuple(sorted(groups)), commit, line


def through_the_detector(case):
    """The packages of a file with the files that it needs beside it, as a scan would list them."""
    detector = PackageDetector(None)
    path = present_as(case)
    detector.detect(File(path, (DATA / case["file"]).read_bytes()), ())
    for needed in case.get("needs", ()):
        if format_of(Path(needed).name):
            detector.detect(File(Path(needed).name, (DATA / needed).read_bytes()), ())
    list(detector.conclude())
    return [package for package in detector.packages() if package.location.path == path]


@pytest.mark.parametrize("case", list(shared_cases()))
def test_the_shared_lockfiles_give_what_is_asserted_of_them(case):
    if case.get("expect") == "error":
        with pytest.raises(BrokenData, match=r"^line \d+: .*\. \S"):
            extract(present_as(case), (DATA / case["file"]).read_bytes())
        return
    lines = any("line" in package for package in case["packages"])
    expected = {
        row(p["name"], p["version"], [g for g in p.get("groups", ()) if g != RUNS], p.get("commit", ""), p.get("line"))
        for p in case["packages"]
    }
    found = {
        row(p.name, p.version, p.groups, p.commit, p.location.line if lines else None)
        for p in through_the_detector(case)
    }
    if case["file"].removeprefix("language/") in DIFFERENT:
        assert found != expected, "the difference is gone: take the entry out of DIFFERENT"
    else:
        assert found == expected


@pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared")
def test_the_real_lockfiles_give_their_packages():
    checked = 0
    for case in json.loads((DATA / "real/expected.json").read_bytes())["files"]:
        path = case["file"]
        if format_of(path):
            found = {(p.name, p.version) for p in extract(path, (DATA / "real" / path).read_bytes())}
            expected = {(name, version) for name, version in case["packages"]}
            if format_of(path) == "gemfile":  # it lists a gem once for each platform; advisories know versions only
                expected = {(name, version.partition("-")[0]) for name, version in expected}
            assert {f for f in found if f[0] != "stdlib"} == expected, path
            checked += 1
    assert checked >= 10


@pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared")
def test_sums_alone_give_every_module_that_is_built():
    """Beside them are what tests of those modules need: seven here."""
    folder = DATA / "real/gitleaks+gitleaks"
    summed = {(p.name, p.version) for p in extract("go.sum", (folder / "go.sum").read_bytes())}
    built = {(p.name, p.version) for p in extract("go.mod", (folder / "go.mod").read_bytes()) if p.name != "stdlib"}
    assert built <= summed
    assert len(summed - built) == 7
