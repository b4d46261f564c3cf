"""How packages came in, by each format's lockfile: small ones, real ones beside what npm says itself, and broken ones."""

import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sca.lockfiles import YARN_1, YARN_4, told_of

from vallum_engine.errors import BrokenData
from vallum_engine.model.file import File
from vallum_engine.model.finding import PackageRef
from vallum_engine.model.graph import Ways
from vallum_engine.model.package import Package
from vallum_engine.pipeline import scan
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.sca.lockfiles import GRAPHS, extractor, format_of, grapher
from vallum_engine.sca.origins import Origins
from vallum_engine.triggers import collect

HERE = Path(__file__).parent
DATA = Path(os.environ.get("VALLUM_TEST_DATA") or HERE.parents[3] / "shared/data") / "lockfiles"
SECONDS = 10
EVERY = ("shop", "way 1.0.0", "left 1.5.0")

NPM_3 = {
    "name": "shop",
    "packages": {
        "": {"dependencies": {"way": "*"}, "devDependencies": {"tool": "*"}},
        "node_modules/way": {"version": "1.0.0", "dependencies": {"left": "^1"}},
        "node_modules/way/node_modules/left": {"version": "1.5.0"},
        "node_modules/left": {"version": "1.9.0", "dev": True},
        "node_modules/tool": {"version": "1.0.0", "dev": True, "dependencies": {"left": "*", "tool": "*"}},
    },
}
NPM_1 = {
    "name": "shop",
    "dependencies": {
        "way": {
            "version": "1.0.0",
            "requires": {"left": "^1"},
            "dependencies": {"left": {"version": "1.5.0"}},
        },
        "left": {"version": "1.9.0", "dev": True},
        "tool": {"version": "1.0.0", "dev": True, "requires": {"left": "*"}},
    },
}
WORKSPACES = {
    "packages": {
        "": {"name": "all", "workspaces": ["apps/*"]},
        "apps/shop": {"name": "shop", "dependencies": {"way": "*"}},
        "node_modules/shop": {"resolved": "apps/shop", "link": True},
        "node_modules/way": {"version": "1.0.0", "dependencies": {"left": "*"}},
        "node_modules/left": {"version": "1.5.0"},
    }
}
PNPM_9 = """\
lockfileVersion: '9.0'
importers:
  apps/shop:
    dependencies:
      way:
        specifier: ^1
        version: 1.0.0(left@1.5.0)
    devDependencies:
      tool:
        specifier: ^1
        version: 1.0.0
packages:
  left@1.5.0:
    resolution: {integrity: a}
  left@1.9.0:
    resolution: {integrity: a}
  tool@1.0.0:
    resolution: {integrity: a}
  way@1.0.0:
    resolution: {integrity: a}
snapshots:
  left@1.5.0: {}
  left@1.9.0: {}
  tool@1.0.0:
    dependencies:
      short: left@1.9.0
  way@1.0.0(left@1.5.0):
    dependencies:
      left: 1.5.0
"""
PNPM_5 = """\
lockfileVersion: 5.4
dependencies:
  way: 1.0.0
devDependencies:
  tool: 1.0.0
packages:
  /left/1.5.0:
    dev: false
  /left/1.9.0_react@1.0.0:
    dev: true
  /tool/1.0.0:
    dev: true
    dependencies:
      left: 1.9.0_react@1.0.0
  /way/1.0.0:
    dependencies:
      left: 1.5.0
    dev: false
"""
CARGO = """\
[[package]]
name = "shop"
version = "0.1.0"
dependencies = ["way"]
[[package]]
name = "way"
version = "1.0.0"
source = "registry"
dependencies = ["left 1.5.0"]
[[package]]
name = "left"
version = "1.5.0"
source = "registry"
[[package]]
name = "left"
version = "1.9.0"
source = "registry"
"""
POETRY = """\
[[package]]
name = "Way"
version = "1.0.0"
groups = ["main"]
[package.dependencies]
Left = {version = ">=1", markers = "python_version > '3'"}
extra = {version = "*", optional = true}
[[package]]
name = "left"
version = "1.5.0"
groups = ["main"]
[[package]]
name = "tool"
version = "1.0.0"
groups = ["test"]
[[package]]
name = "extra"
version = "1.0.0"
optional = true
groups = ["main"]
"""
PDM = """\
[[package]]
name = "way"
version = "1.0.0"
groups = ["default"]
dependencies = ["Left<2,>=1; python_version > '3'"]
[[package]]
name = "left"
version = "1.5.0"
groups = ["default"]
[[package]]
name = "tool"
version = "1.0.0"
groups = ["dev"]
"""
UV = """\
[[package]]
name = "shop"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "way" }]
[package.dev-dependencies]
dev = [{ name = "tool" }]
[[package]]
name = "way"
version = "1.0.0"
dependencies = [{ name = "left", version = "1.5.0" }]
[[package]]
name = "left"
version = "1.5.0"
[[package]]
name = "left"
version = "1.9.0"
[[package]]
name = "tool"
version = "1.0.0"
dependencies = [{ name = "left", version = "1.9.0" }]
"""
GO = """\
module example.com/shop
require example.com/way v1.0.0
require example.com/left v1.5.0 // indirect
"""
PIPENV = {"default": {"left": {"version": "==1.5.0"}}, "develop": {"tool": {"version": "==1.0.0"}}}


def told(path, text, name, version):
    """What a finding about this package would say: direct, dev, path."""
    return told_of({path: text}, name, version)


@pytest.mark.parametrize(
    ("path", "text", "name", "version", "expected"),
    [
        pytest.param("package-lock.json", NPM_3, "left", "1.5.0", (False, False, EVERY), id="npm 3"),
        pytest.param(
            "package-lock.json",
            NPM_3,
            "left",
            "1.9.0",
            (False, True, ("shop", "tool 1.0.0", "left 1.9.0")),
            id="npm 3, dev",
        ),
        pytest.param(
            "package-lock.json", NPM_3, "tool", "1.0.0", (True, True, ("shop", "tool 1.0.0")), id="npm 3, asked"
        ),
        pytest.param("package-lock.json", WORKSPACES, "left", "1.5.0", (False, False, EVERY), id="npm 3, a workspace"),
        pytest.param("package-lock.json", NPM_1, "left", "1.5.0", (None, False, EVERY), id="npm 1"),
        pytest.param(
            "package-lock.json",
            NPM_1,
            "left",
            "1.9.0",
            (None, True, ("shop", "tool 1.0.0", "left 1.9.0")),
            id="npm 1, dev",
        ),
        pytest.param("a/yarn.lock", YARN_1, "left", "1.5.0", (None, None, ("a/yarn.lock", *EVERY[1:])), id="yarn 1"),
        pytest.param(
            "a/yarn.lock", YARN_1, "way", "1.0.0", (True, None, ("a/yarn.lock", "way 1.0.0")), id="yarn 1, asked"
        ),
        pytest.param("yarn.lock", YARN_4, "left", "1.5.0", (False, None, EVERY), id="yarn 4"),
        pytest.param("pnpm-lock.yaml", PNPM_9, "left", "1.5.0", (False, False, ("apps/shop", *EVERY[1:])), id="pnpm 9"),
        pytest.param(
            "pnpm-lock.yaml",
            PNPM_9,
            "left",
            "1.9.0",
            (False, True, ("apps/shop", "tool 1.0.0", "left 1.9.0")),
            id="pnpm 9, by an alias, dev",
        ),
        pytest.param(
            "pnpm-lock.yaml", PNPM_5, "left", "1.5.0", (False, False, ("pnpm-lock.yaml", *EVERY[1:])), id="pnpm 5"
        ),
        pytest.param(
            "pnpm-lock.yaml",
            PNPM_5,
            "left",
            "1.9.0",
            (False, True, ("pnpm-lock.yaml", "tool 1.0.0", "left 1.9.0")),
            id="pnpm 5, dev",
        ),
        pytest.param("Cargo.lock", CARGO, "left", "1.5.0", (False, None, EVERY), id="cargo"),
        pytest.param("Cargo.lock", CARGO, "left", "1.9.0", (False, None, ()), id="cargo: nobody asks"),
        pytest.param(
            "poetry.lock",
            POETRY,
            "left",
            "1.5.0",
            (None, False, ("poetry.lock", "Way 1.0.0", "left 1.5.0")),
            id="poetry",
        ),
        pytest.param(
            "poetry.lock", POETRY, "tool", "1.0.0", (True, True, ("poetry.lock", "tool 1.0.0")), id="poetry, dev"
        ),
        pytest.param("poetry.lock", POETRY, "extra", "1.0.0", (None, False, ()), id="poetry: perhaps by an extra"),
        pytest.param("pdm.lock", PDM, "left", "1.5.0", (None, False, ("pdm.lock", *EVERY[1:])), id="pdm"),
        pytest.param("pdm.lock", PDM, "tool", "1.0.0", (True, True, ("pdm.lock", "tool 1.0.0")), id="pdm, dev"),
        pytest.param("uv.lock", UV, "left", "1.5.0", (False, False, EVERY), id="uv"),
        pytest.param("uv.lock", UV, "left", "1.9.0", (False, True, ("shop", "tool 1.0.0", "left 1.9.0")), id="uv, dev"),
        pytest.param(
            "go.mod",
            GO,
            "example.com/way",
            "1.0.0",
            (True, None, ("example.com/shop", "example.com/way 1.0.0")),
            id="go",
        ),
        pytest.param("go.mod", GO, "example.com/left", "1.5.0", (False, None, ()), id="go, indirect"),
        pytest.param("Pipfile.lock", PIPENV, "tool", "1.0.0", (None, True, ()), id="pipenv, dev"),
        pytest.param("Pipfile.lock", PIPENV, "left", "1.5.0", (None, False, ()), id="pipenv"),
        pytest.param("requirements.txt", "left==1.5.0", "left", "1.5.0", (None, None, ()), id="pip"),
    ],
)
def test_a_lockfile_says_how_a_package_came_in(path, text, name, version, expected):
    assert told(path, text, name, version) == expected


def report_of(advisories, *files):
    detector = PackageDetector(advisories)
    return scan(files, [detector], triggers=collect([detector]).fallback())


def test_a_finding_tells_the_way_and_is_the_same_finding_by_another(database, record):
    data = database(record("GHSA-1"))
    far = File("package-lock.json", json.dumps(NPM_3).encode())
    near = json.loads(far.data)
    near["packages"][""]["dependencies"] = {"way": "*", "left": "*"}
    near["packages"]["node_modules/left"]["version"] = "1.5.0"
    near["packages"].pop("node_modules/way/node_modules/left")
    before = [f for f in report_of(data, far).findings if f.package.version == "1.5.0"]
    (after,) = report_of(data, File("package-lock.json", json.dumps(near).encode())).findings
    assert [(f.package.direct, f.package.dev, f.package.path) for f in before] == [(False, False, EVERY)]
    assert (after.package.direct, after.package.path) == (True, ("shop", "left 1.5.0"))
    assert after.fingerprint == before[0].fingerprint


def test_of_several_lockfiles_the_nearest_way_in_production_is_told(database, record):
    dev = json.loads(json.dumps(NPM_3).replace("1.9.0", "1.5.0"))
    dev["packages"].pop("node_modules/way")
    files = [
        File(f"{folder}/package-lock.json", json.dumps(lock).encode()) for folder, lock in (("a", dev), ("b", NPM_3))
    ]
    package = next(f.package for f in report_of(database(record("GHSA-1")), *files).findings if len(f.locations) > 1)
    assert (package.direct, package.dev, package.path) == (False, False, EVERY)


def test_lockfiles_beyond_what_is_kept_are_named(database, record):
    file = File("package-lock.json", json.dumps(NPM_3).encode())
    origins = Origins(most=len(file.data) - 1)
    origins.keep(file)
    findings = report_of(database(record("GHSA-1")), file).findings
    packages = {file.path: list(extractor("npm")(file))}
    told = list(origins.told(findings, packages))
    assert origins.beyond == [file.path]
    assert {(f.package.path, f.package.direct) for f in told} == {((), False)}


def test_nothing_is_kept_where_nothing_can_be_found():
    origins = Origins()
    origins.keep(File("requirements.txt", b"left==1.5.0"))
    assert list(origins.told([], {})) == []
    assert origins.beyond == []


REAL = "real/OWASP+NodeGoat/package-lock.json", "real/panva+jose/package-lock.json"


@pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared")
@pytest.mark.parametrize("name", REAL)
def test_what_npm_marks_as_development_has_only_ways_of_development(name):
    data = (DATA / name).read_bytes()
    ways = Ways(grapher("npm")(File(name, data)), project="")
    entries = json.loads(data)["packages"]
    for place, entry in entries.items():
        if place:
            origin = ways.of_key(place)
            assert origin.dev is (entry.get("dev") is True), place
            assert origin.path, place


@pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared")
def test_every_package_of_a_real_lockfile_has_a_way():
    checked = 0
    for case in json.loads((DATA / "real/expected.json").read_bytes())["files"]:
        path, form = case["file"], format_of(case["file"])
        if form not in GRAPHS:
            continue
        file = File(path, (DATA / "real" / path).read_bytes())
        ways = Ways(grapher(form)(file), project=path)
        entries = list(extractor(form)(file))
        asked = {(entry.name, entry.version) for entry in entries if entry.direct}
        for entry in entries:
            origin = ways.of(entry.name, entry.version)
            assert bool(origin.path) is (form != "gomod" or bool(entry.direct)), entry
            assert entry.direct is None or bool(origin.direct) is ((entry.name, entry.version) in asked), entry
            checked += 1
    assert checked > 3000


@pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared")
def test_the_shared_lockfiles_have_groups_that_agree():
    checked = 0
    for case in json.loads((DATA / "expected.json").read_bytes())["files"]:
        form = format_of(case["present_as"])
        if form not in {"npm", "pnpm"} or case.get("expect") == "error":
            continue
        file = File(case["present_as"], (DATA / case["file"]).read_bytes())
        book = Origins()
        book.keep(file)
        read = book.book(file.path, list(extractor(form)(file)))
        for package in case["packages"]:
            if "dev" in package.get("groups", ()) and "optional" not in package["groups"]:
                assert read.origin(package["name"], package["version"]).dev is True, (case["file"], package)
                checked += 1
    assert checked > 10


SAMPLES = {
    "package-lock.json": json.dumps(NPM_3),
    "npm-shrinkwrap.json": json.dumps(NPM_1),
    "yarn.lock": YARN_1 + YARN_4,
    "pnpm-lock.yaml": PNPM_9 + PNPM_5,
    "Cargo.lock": CARGO,
    "poetry.lock": POETRY,
    "pdm.lock": PDM,
    "uv.lock": UV,
    "go.mod": GO,
}
JUNK = st.sampled_from(
    ["", "{}", "[]", "1", '"', "'", ":", "\n", "left", "@", "/", "null", "true", "[1, {}]", "  ", "=\n"]
)


@settings(max_examples=400, deadline=None)
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
        origin = read.origin(package.name, package.version)
        ref = origin.on(PackageRef(purl="", ecosystem=package.ecosystem, name=package.name, version=package.version))
        assert all(step.isprintable() for step in ref.path)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["left", "1.5.0", "*", ""]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["left", "way", ""]), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["version", "requires", "dependencies", "devDependencies", "peerDependencies", "link", "name", "resolved", "dev"]
)
ENTRIES = st.dictionaries(NAMES, ANYTHING, max_size=4) | ANYTHING
PLACES = st.sampled_from(
    ["", "apps/a", "node_modules/left", "node_modules/", "node_modules/way/node_modules/left", "node_modules/way", "/"]
)


@settings(max_examples=400, deadline=None)
@given(
    lock=st.fixed_dictionaries(
        {}, optional={"packages": st.dictionaries(PLACES, ENTRIES), "dependencies": ENTRIES, "name": ANYTHING}
    )
)
def test_an_npm_lockfile_of_anything_that_is_read_has_a_graph(lock):
    file = File("package-lock.json", json.dumps(lock).encode())
    try:
        packages = [entry for entry in extractor("npm")(file) if isinstance(entry, Package)]
    except BrokenData:
        return
    ways = Ways(grapher("npm")(file), project="")
    for package in packages:
        ways.of(package.name, package.version)


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        pytest.param(
            "yarn.lock",
            'a@1:\n  version "1"\n  dependencies:\n    b' + " " * 200_000 + '"1"0\n',
            "a",
            id="yarn: spaces before what is no value",
        ),
        pytest.param(
            "package-lock.json",
            json.dumps(
                {
                    "packages": {
                        "": {"dependencies": {"a": "*"}},
                        "node_modules/a": {"version": "1"},
                        "node_modules/x/" * 100_000 + "node_modules/b": {
                            "version": "1",
                            "dependencies": {f"d{n}": "*" for n in range(100_000)},
                        },
                    }
                }
            ),
            "a",
            id="npm: a place of megabytes that asks for much",
        ),
        pytest.param(
            "package-lock.json",
            json.dumps({"dependencies": {"a": {"version": "1", "requires": {f"d{n}": "*" for n in range(100_000)}}}}),
            "a",
            id="npm 1: a hundred thousand wants",
        ),
        pytest.param(
            "poetry.lock",
            "".join(
                f'[[package]]\nname = "a"\nversion = "{n}"\n[package.dependencies]\na = "*"\n' for n in range(1, 3_000)
            ),
            "a",
            id="poetry: thousands of one name that ask for it",
        ),
    ],
)
def test_a_lockfile_made_to_hurt_has_its_graph_in_time(path, text, name):
    started = time.process_time()
    told(path, text, name, "1")
    assert time.process_time() - started < SECONDS
