"""What the files of a tree say of each other: which lockfile answers which manifest, and what stays a wish."""

import json
import time

import pytest

from vallum_engine.model.file import File
from vallum_engine.sca.inventory import Inventory

LOCK = {"packages": {"": {}, "node_modules/way": {"version": "1.0.0"}, "apps/shop": {"name": "shop"}}}
BERRY = """\
"shop@workspace:apps/shop":
  version: 0.0.0-use.local
  resolution: "shop@workspace:apps/shop"
"""
PNPM = """\
lockfileVersion: '9.0'
importers:
  .: {}
  apps/shop:
    dependencies: {}
packages: {}
"""
MIX = "def project do\n  [app: :m, deps: deps()]\nend\ndefp deps do\n  {}\nend"
SHOP = {"name": "shop", "dependencies": {"way": "^1.0.0"}}


def taken(files):
    """Inventory of files by path, settled."""
    inventory = Inventory()
    for path, content in files.items():
        data = content if isinstance(content, str) else json.dumps(content)
        inventory.take(File(path, data.encode()))
    inventory.settle()
    return inventory


def wishes(inventory):
    return [(p.location.path, p.name, p.requested) for p in inventory.packages() if not p.version]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"package-lock.json": LOCK, "package.json": SHOP}, id="the lockfile beside it"),
        pytest.param({"yarn.lock": "", "package.json": SHOP}, id="an empty lockfile beside it"),
        pytest.param({"package-lock.json": LOCK, "apps/shop/package.json": SHOP}, id="npm: a member"),
        pytest.param({"yarn.lock": BERRY, "apps/shop/package.json": SHOP}, id="yarn 4: a member"),
        pytest.param({"pnpm-lock.yaml": PNPM, "apps/shop/package.json": SHOP}, id="pnpm: a member"),
        pytest.param(
            {"yarn.lock": "", "package.json": {"workspaces": ["apps/*"]}, "apps/shop/package.json": SHOP},
            id="yarn 1: a member by its root's pattern",
        ),
        pytest.param(
            {"yarn.lock": "", "package.json": {"workspaces": ["a/**/shop"]}, "a/b/c/shop/package.json": SHOP},
            id="yarn 1: a member by a deep pattern",
        ),
    ],
)
def test_a_manifest_that_is_locked_is_answered(files):
    inventory = taken(files)
    assert wishes(inventory) == []
    lock = next(path for path in files if "lock" in path)
    assert [own for own in inventory.asking(lock) if own.wants == (("way", "^1.0.0"),) and own.name == "shop"]
    assert not list(inventory.exclusions())


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"apps/shop/package.json": SHOP}, id="no lockfile"),
        pytest.param({"package-lock.json": LOCK, "other/shop/package.json": SHOP}, id="no member"),
        pytest.param(
            {"apps/shop/deeper/package-lock.json": LOCK, "apps/shop/package.json": SHOP}, id="a lockfile below"
        ),
        pytest.param(
            {"apps/package-lock.json": LOCK, "apps/shop/package.json": SHOP}, id="a member's folder, elsewhere"
        ),
        pytest.param(
            {"uv.lock": "", "apps/shop/package.json": SHOP, "package.json": {}}, id="a lockfile of another kind"
        ),
        pytest.param(
            {"package.json": {"workspaces": ["apps/*"]}, "apps/shop/package.json": SHOP},
            id="a workspace without a lockfile",
        ),
    ],
)
def test_a_manifest_that_nobody_locks_is_a_list_of_wishes(files):
    inventory = taken(files)
    (path,) = (path for path in files if path.endswith("shop/package.json"))
    assert wishes(inventory) == [(path, "way", "^1.0.0")]
    (note,) = inventory.exclusions()
    assert (note.path, note.ruleset, note.covered) == (path, "packages/npm", True)
    assert note.why.startswith("1 packages asked for by range, and locked nowhere: not checked. Commit a lockfile")


@pytest.mark.parametrize(
    ("lock", "manifest"),
    [
        pytest.param(
            ("uv.lock", '[[package]]\nname = "m"\nsource = { editable = "packages/m" }\n'),
            ("packages/m/pyproject.toml", '[project]\nname = "m"\ndependencies = ["a"]'),
            id="uv: a member",
        ),
        pytest.param(
            ("Cargo.lock", '[[package]]\nname = "m"\nversion = "0.1.0"\n'),
            ("crates/m/Cargo.toml", '[package]\nname = "m"\n[dependencies]\na = "1"'),
            id="cargo: a member by its name",
        ),
        pytest.param(("Pipfile.lock", "{}"), ("Pipfile", '[packages]\na = "*"'), id="pipenv"),
        pytest.param(
            ("pdm.lock", ""), ("setup.cfg", "[options]\ninstall_requires = a"), id="setup.cfg beside a lockfile"
        ),
        pytest.param(("composer.lock", "{}"), ("composer.json", '{"require-dev": {"a/b": "*"}}'), id="composer"),
        pytest.param(("mix.lock", "%{}"), ("mix.exs", MIX.format('[{:a, ">= 0.0.0"}]')), id="mix"),
        pytest.param(("conan.lock", "{}"), ("conanfile.txt", "[requires]\na/[*]"), id="conan"),
        pytest.param(("gems.locked", ""), ("a.gemspec", 's.add_dependency "a"'), id="gems"),
        pytest.param(
            ("requirements.txt", "A==1.0"), ("pyproject.toml", '[project]\ndependencies = ["a"]'), id="pinned"
        ),
    ],
)
def test_lockfiles_of_other_ecosystems_answer_too(lock, manifest):
    assert wishes(taken(dict([lock, manifest]))) == []
    alone = taken(dict([manifest]))
    ((path, name, asked),) = wishes(alone)
    any_version = {"crates/m/Cargo.toml": "1", "mix.exs": ">= 0.0.0"}.get(manifest[0], "*")
    assert (path, name[:1], asked.strip("[]")) == (manifest[0], "a", any_version)
    (note,) = alone.exclusions()
    assert "asked for by range, and locked nowhere: not checked. Commit " in note.why


def test_an_umbrellas_lockfile_answers_its_applications():
    files = {
        "mix.exs": 'def project do\n  [apps_path: "apps"]\nend',
        "apps/shop/mix.exs": MIX.format('[{:a, "~> 1.0"}, {:b, in_umbrella: true}]'),
        "other/mix.exs": MIX.format('[{:c, "~> 1.0"}]'),
    }
    assert wishes(taken({**files, "mix.lock": "%{}"})) == [("other/mix.exs", "c", "~> 1.0")]
    assert len(wishes(taken(files))) == 2


def test_what_a_mix_file_works_out_is_noted_and_never_guessed():
    manifest = MIX.format(
        '[\n{:a, "~> 1.0"},\n{:b, @range},\n{:c, "~> 1.0"} | more()\n] ++ if(x, do: [{:d, "~> 1.0"}])'
    )
    inventory = taken({"mix.exs": manifest})
    assert wishes(inventory) == [("mix.exs", "a", "~> 1.0")]
    whys = [note.why for note in inventory.exclusions() if note.covered]
    assert "what mix.exs works out when it runs is not read: 7, 8, 9" in whys


def test_what_requirements_do_not_pin_stays_a_wish():
    files = {"requirements.txt": "a==1.0\nb>1", "setup.py": "setup(install_requires=['a', 'b', 'c'])"}
    assert wishes(taken(files)) == [("requirements.txt", "b", ">1"), ("setup.py", "b", "*"), ("setup.py", "c", "*")]


def test_an_exact_version_in_a_manifest_is_one():
    inventory = taken({"package.json": {"dependencies": {"left": "1.5.0"}}})
    assert [(p.name, p.version) for p in inventory.packages()] == [("left", "1.5.0")]
    assert inventory.met == {"npm"}
    assert not list(inventory.exclusions())


def test_a_manifest_of_ranges_alone_needs_no_data():
    assert taken({"package.json": SHOP}).met == set()


def test_a_binary_lockfile_of_bun_says_that_it_is_not_read_unless_another_lockfile_is_there():
    (gap,) = taken({"bun.lockb": "bun-lockfile-format-v0", "package.json": SHOP}).exclusions()
    assert (gap.path, gap.ruleset, gap.covered) == ("bun.lockb", "packages/npm", False)
    assert gap.why.startswith("Bun's binary lockfile")
    assert "`bun install --save-text-lockfile" in gap.why
    assert not list(taken({"bun.lockb": "bun-lockfile-format-v0", "bun.lock": "{}"}).exclusions())


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (2, 1, 0)])
def test_what_speaks_for_a_file_may_itself_be_spoken_for(order):
    lock = b'{"lockfileVersion": 3, "packages": {"node_modules/left": {"version": "1.0.0"}}}'
    files = [
        File("package-lock.json", lock),
        File("bun.lockb", b"#!/usr/bin/env bun\n\0", binary=True),
        File("npm-shrinkwrap.json", lock),
    ]
    inventory = Inventory()
    for number in order:
        inventory.take(files[number])
    inventory.settle()
    assert list(inventory.by_path) == ["npm-shrinkwrap.json"]
    assert list(inventory.exclusions()) == []


def test_within_an_installed_package_no_other_file_counts():
    inventory = taken({"node_modules/left/package.json": {"name": "left", "version": "1.5.0"}})
    assert [p.name for p in inventory.packages()] == ["left"]


def test_patterns_of_members_are_looked_at_in_time():
    inventory = Inventory()
    deep = "a/" * 40
    pattern = "**/" * 40 + "*a*a*a*b"
    files = {"yarn.lock": "", "package.json": {"workspaces": [f"{pattern}{n}" for n in range(50_000)]}}
    files |= {f"{deep}{n}/package.json": SHOP for n in range(50)}
    started = time.process_time()
    for path, content in files.items():
        inventory.take(File(path, (content if isinstance(content, str) else json.dumps(content)).encode()))
    inventory.settle()
    assert time.process_time() - started < 10
    assert len(wishes(inventory)) == 50


def test_a_pubspec_is_answered_by_the_lockfile_beside_it():
    lock = 'packages:\n  way:\n    dependency: transitive\n    source: hosted\n    version: "1.0.0"\n'
    wish = "name: shop\ndependencies:\n  way: ^1.0.0\n"
    inventory = taken({"a/pubspec.lock": lock, "a/pubspec.yaml": wish, "b/pubspec.yaml": wish})
    assert [(p.location.path, p.name, p.version) for p in inventory.packages()] == [
        ("a/pubspec.lock", "way", "1.0.0"),
        ("b/pubspec.yaml", "way", ""),
    ]
    assert [each.why for each in inventory.exclusions() if "`dart pub get`" in each.why]
