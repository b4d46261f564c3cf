"""The plan of small projects with lockfiles: which way each package takes, and that the way leads out."""

import json

import pytest
from sca.planning.projects import patched, planned, rules

from vallum_engine.model.plan import Way
from vallum_engine.sca.advisories import Meta, open_database
from vallum_engine.sca.build import build

META = Meta(built_at="2026-01-01T00:00:00Z", source="0" * 16)

MANIFEST = {"name": "shop", "dependencies": {"way": "^1.0.0"}}


def npm(left="1.5.0", asked="^1.0.0", **more):
    """A project that has `left` through `way`."""
    return {
        "name": "shop",
        "lockfileVersion": 3,
        "packages": {
            "": {"dependencies": {"way": "^1.0.0"}},
            "node_modules/left": {"version": left},
            "node_modules/way": {"version": "1.0.0", "dependencies": {"left": asked}},
            **more,
        },
    }


def the_step(made):
    (step,) = made.steps
    return step


def test_a_range_that_lets_it_in_needs_the_lockfile_only(database, record):
    advisories = database(record("GHSA-1", spans=[("0", "1.6.0")]), record("GHSA-2", spans=[("0", "1.5.7")]))
    made = planned(advisories, {"a/package-lock.json": npm(), "a/package.json": MANIFEST})
    step = the_step(made)
    assert (step.way, step.to, step.within, step.command) == (Way.RENEW, "1.6.0", True, "npm update left")
    assert (step.direct, step.versions, step.major) == (False, ("1.5.0",), False)
    assert [each.rule for each in step.ends] == ["GHSA-1", "GHSA-2"]
    assert made.patches == ()


def test_a_range_that_keeps_it_out_is_overruled_where_the_manifest_can(database, record):
    texts = {"package-lock.json": npm(), "package.json": MANIFEST}
    made = planned(database(record("GHSA-1")), texts)
    step = the_step(made)
    assert (step.way, step.to, step.within, step.major, step.parents) == (Way.OVERRIDE, "2.0.0", False, True, ("way",))
    assert step.say[0] == "way 1.0.0 asks for '^1.0.0': that keeps 2.0.0 out."
    assert json.loads(patched(made, texts)["package.json"]) == {**MANIFEST, "overrides": {"left": "^2.0.0"}}
    assert made.after == (("package-lock.json", "npm install"),)


def test_where_it_cannot_the_parent_is_named_and_no_version_invented(database, record):
    made = planned(database(record("GHSA-1")), {"package-lock.json": npm()})
    step = the_step(made)
    assert (step.way, step.parents, step.command, step.changes) == (Way.PARENT, ("way",), "", ())
    assert "only the registry knows" in step.say[-1]
    (parent,) = made.parents
    assert (parent.name, parent.keeps, parent.listing) == ("way", ("left 2.0.0",), "npm view way versions")


def test_what_the_project_asks_for_is_raised_and_what_others_ask_for_overruled(database, record):
    lock = npm()
    lock["packages"][""]["dependencies"]["left"] = "~1.5.0"
    texts = {"package-lock.json": lock, "package.json": {"dependencies": {"left": "~1.5.0", "way": "^1.0.0"}}}
    made = planned(database(record("GHSA-1")), texts)
    after = json.loads(patched(made, texts)["package.json"])
    assert after == {"dependencies": {"left": "~2.0.0", "way": "^1.0.0"}, "overrides": {"left": "$left"}}


def test_of_several_versions_only_the_vulnerable_one_is_overruled(database, record):
    other = {"node_modules/old/node_modules/left": {"version": "0.9.0"}, "node_modules/old": {"version": "1.0.0"}}
    texts = {"package-lock.json": npm(**other), "package.json": MANIFEST}
    made = planned(database(record("GHSA-1", spans=[("1.0.0", "2.0.0")])), texts)
    assert json.loads(patched(made, texts)["package.json"])["overrides"] == {"left@1.5.0": "^2.0.0"}


def test_a_manifest_that_was_edited_before_leaves_the_lockfile_to_be_renewed(database, record):
    advisories = database(record("GHSA-1"))
    texts = {"package-lock.json": npm(), "package.json": MANIFEST}
    once = patched(planned(advisories, texts), texts)
    again = planned(advisories, once)
    assert again.patches == ()
    assert (the_step(again).way, the_step(again).command) == (Way.RENEW, "npm install")
    raised = {
        "package-lock.json": npm(),
        "package.json": {"dependencies": {"left": "^2.0.0", "way": "^1.0.0"}},
    }
    raised["package-lock.json"]["packages"]["node_modules/way"]["dependencies"] = {}
    step = the_step(planned(advisories, raised))
    assert (step.way, step.command) == (Way.RENEW, "npm install")
    assert step.say == ("The manifests ask for it already: only package-lock.json is renewed.",)


def test_the_heaviest_comes_first_and_the_rest_can_be_left_out(database, record):
    severity = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]
    advisories = database(record("GHSA-1"), record("GHSA-2"), record("GHSA-3", "way", severity=severity))
    texts = {"package-lock.json": npm(), "package.json": MANIFEST}
    made = planned(advisories, texts)
    assert [step.name for step in made.steps] == ["way", "left"]
    assert b"overrides" in made.patches[0].after
    first = planned(advisories, texts, most=1)
    assert ([step.name for step in first.steps], first.left) == (["way"], 1)
    assert b"overrides" not in first.patches[0].after


def test_no_fix_yet_is_said_plainly(database, record):
    advisories = database(record("GHSA-1", spans=[("0", None)]), record("GHSA-2", spans=[("0", "1.6.0")]))
    step = the_step(planned(advisories, {"package-lock.json": npm()}))
    assert (step.to, [each.rule for each in step.ends], [each.rule for each in step.remains]) == (
        "1.6.0",
        ["GHSA-2"],
        ["GHSA-1"],
    )
    alone = planned(database(record("GHSA-1", spans=[("0", None)])), {"package-lock.json": npm()})
    assert alone.steps == ()
    (unfixed,) = alone.unfixed
    assert "No fixed version of left is known" in unfixed.say


def test_what_is_malicious_is_to_be_taken_out(database, record):
    (unfixed,) = planned(
        database(record("MAL-2026-1", spans=[("0", None)])), {"requirements.txt": "", "package-lock.json": npm()}
    ).unfixed
    assert unfixed.findings[0].malware


YARN = """# yarn lockfile v1


left@^1.0.0:
  version "1.5.0"

way@^1.0.0:
  version "1.0.0"
  dependencies:
    left "^1.0.0"
"""
POETRY = """[[package]]
name = "left"
version = "1.5.0"

[[package]]
name = "way"
version = "1.0.0"

[package.dependencies]
Left = "{0}"
"""
GEMFILE = """GEM
  remote: https://gems.example/
  specs:
    left (1.5.0)
    way (1.0.0)
      left ({0})

PLATFORMS
  ruby

DEPENDENCIES
  way
"""
COMPOSER = {
    "packages": [
        {"name": "a/left", "version": "1.5.0"},
        {"name": "a/way", "version": "1.0.0", "require": {"a/left": "{0}"}},
    ]
}
CARGO = """[[package]]
name = "shop"
version = "0.1.0"
dependencies = ["way"]

[[package]]
name = "left"
version = "1.5.0"
source = "registry+https://crates.example"

[[package]]
name = "way"
version = "1.0.0"
source = "registry+https://crates.example"
dependencies = ["left"]
"""
PNPM = """lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      way:
        specifier: ^1.0.0
        version: 1.0.0

packages:

  left@1.5.0:
    resolution: {integrity: sha512-a}

  way@1.0.0:
    resolution: {integrity: sha512-b}

snapshots:

  left@1.5.0: {}

  way@1.0.0:
    dependencies:
      left: 1.5.0
"""


NUGET = {
    "version": 1,
    "dependencies": {
        "net8.0": {
            "way": {"type": "Direct", "resolved": "1.0.0", "dependencies": {"left": "1.0.0"}},
            "left": {"type": "Transitive", "resolved": "1.5.0"},
        }
    },
}
GRADLE = "org.left:left:1.5.0=compileClasspath\nempty=\n"
UPDATE = "composer update --with-all-dependencies a/left"
PHP = {"composer.lock": json.dumps(COMPOSER).replace("{0}", "^1.2")}
RUBY = {"Gemfile.lock": GEMFILE.format("~> 1.2")}


@pytest.mark.parametrize(
    ("ecosystem", "name", "lock", "fixed", "way", "command"),
    [
        ("npm", "left", {"yarn.lock": YARN}, "1.6.0", Way.RENEW, ""),
        ("npm", "left", {"yarn.lock": YARN}, "2.0.0", Way.PARENT, ""),
        ("npm", "left", {"yarn.lock": YARN, "package.json": MANIFEST}, "2.0.0", Way.OVERRIDE, ""),
        ("npm", "left", {"pnpm-lock.yaml": PNPM, "package.json": MANIFEST}, "1.6.0", Way.OVERRIDE, ""),
        ("PyPI", "left", {"poetry.lock": POETRY.format(">=1.0")}, "2.0.0", Way.RENEW, "poetry update left"),
        ("PyPI", "left", {"poetry.lock": POETRY.format("^1.0")}, "2.0.0", Way.PARENT, ""),
        ("RubyGems", "left", RUBY, "1.6.0", Way.RENEW, "bundle update --conservative left"),
        ("RubyGems", "left", RUBY, "2.0.0", Way.PARENT, ""),
        ("Packagist", "a/left", PHP, "1.6.0", Way.RENEW, UPDATE),
        ("Packagist", "a/left", PHP, "2.0.0", Way.PARENT, ""),
        (
            "NuGet",
            "left",
            {"packages.lock.json": NUGET},
            "2.0.0",
            Way.OVERRIDE,
            "dotnet add package left --version 2.0.0",
        ),
        ("Maven", "org.left:left", {"gradle.lockfile": GRADLE}, "2.0.0", Way.OVERRIDE, ""),
        ("crates.io", "left", {"Cargo.lock": CARGO}, "1.6.0", Way.RENEW, "cargo update -p left@1.5.0 --precise 1.6.0"),
        ("crates.io", "left", {"Cargo.lock": CARGO}, "2.0.0", Way.PARENT, ""),
    ],
)
def test_the_way_by_lockfile(database, record, ecosystem, name, lock, fixed, way, command):
    advisories = database(record("GHSA-1", name, ecosystem=ecosystem, spans=[("0", fixed)]))
    made = planned(advisories, lock)
    step = the_step(made)
    assert (step.way, step.command, step.to) == (way, command, fixed)
    if way is Way.PARENT:
        assert [parent.rpartition("/")[2] for parent in step.parents] == ["way"]
    if way is Way.OVERRIDE and ecosystem == "npm":
        key = {"yarn.lock": "resolutions", "pnpm-lock.yaml": "pnpm"}[next(iter(lock))]
        assert key in json.loads(patched(made, lock)["package.json"])


def test_installed_trees_are_told_of_in_words(database, record):
    texts = {"node_modules/left/package.json": {"name": "left", "version": "1.5.0"}}
    step = the_step(planned(database(record("GHSA-1")), texts))
    assert (step.way, step.changes, step.command) == (Way.OTHER, (), "")
    assert "Replace the left 1.5.0 that lies at node_modules/left/package.json with 2.0.0" in step.say[0]


def test_what_lies_installed_below_its_lockfile_needs_no_step_of_its_own(database, record):
    installed = {"a/node_modules/left/package.json": {"name": "left", "version": "1.5.0"}}
    texts = {"a/package-lock.json": npm(), "a/package.json": MANIFEST, **installed}
    assert the_step(planned(database(record("GHSA-1")), texts)).file == "a/package-lock.json"
    elsewhere = {"b/package-lock.json": npm(), "b/package.json": MANIFEST, **installed}
    assert len(planned(database(record("GHSA-1")), elsewhere).steps) == 2


def test_what_a_distribution_built_from_one_source_is_one_step(tmp_path, record):
    entry = "Package: {0}\nStatus: install ok installed\nSource: left\nVersion: 1.5.0\nArchitecture: amd64\n\n"
    texts = {
        "etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
        "var/lib/dpkg/status": entry.format("left-bin") + entry.replace("Source: left\n", "").format("left"),
    }
    bulletin = record("DSA-1", ecosystem="Debian:12", spans=())
    bulletin["affected"][0]["ranges"] = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}]
    build([("Debian", bulletin)], tmp_path / "debian.db", meta=META)
    with open_database(tmp_path / "debian.db") as advisories:
        step = the_step(planned(advisories, texts))
    assert (step.way, step.name, step.versions, step.to) == (Way.OTHER, "left", ("1.5.0",), "2.0.0")
    assert "--only-upgrade left left-bin" in step.say[0]


def test_a_bill_of_materials_is_told_of_in_words(database, record):
    component = {"type": "library", "name": "left", "version": "1.5.0", "purl": "pkg:npm/left@1.5.0"}
    texts = {"bom.json": {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [component]}}
    step = the_step(planned(database(record("GHSA-1")), texts))
    assert (step.way, step.to, step.changes) == (Way.OTHER, "2.0.0", ())


def test_a_version_that_is_itself_affected_says_so(database, record):
    advisories = database(record("GHSA-1", spans=[("0", "1.6.0")]), record("GHSA-2", spans=[("1.6.0", None)]))
    texts = {"requirements.txt": "", "package-lock.json": npm()}
    assert rules(advisories, texts) == ["GHSA-1"]
    made = planned(advisories, texts)
    assert made.steps == ()
    assert [each.rule for each in made.unfixed[0].findings] == ["GHSA-1"]
    assert made.unfixed[0].say == (
        "Every version that ends it is itself held by another advisory: 1.6.0 ends this one alone."
    )


def test_pnpm_reads_overrides_where_its_version_reads_them(database, record):
    advisories = database(record("GHSA-1"))
    texts = {"pnpm-lock.yaml": PNPM, "package.json": {**MANIFEST, "packageManager": "pnpm@11.2.0"}}
    step = the_step(planned(advisories, texts))
    assert (step.way, step.changes) == (Way.OVERRIDE, ())
    assert "Write 'left': '^2.0.0' below `overrides:` in pnpm-workspace.yaml" in step.say[0]
    texts["pnpm-workspace.yaml"] = "packages: []\n"
    made = planned(advisories, texts)
    assert patched(made, texts)["pnpm-workspace.yaml"] == b"packages: []\n\noverrides:\n  'left': '^2.0.0'\n"
    assert made.after == (("pnpm-lock.yaml", "pnpm install --no-frozen-lockfile"),)
    texts["package.json"]["packageManager"] = "pnpm@9.0.0"
    assert [patch.path for patch in planned(advisories, texts).patches] == ["package.json"]


UV = """\
version = 1
[manifest]
members = ["shop", "till"]
[[package]]
name = "shop"
version = "0"
source = {{ virtual = "." }}
{shop}
[[package]]
name = "till"
version = "0"
source = {{ editable = "till" }}
{till}
[[package]]
name = "left"
version = "1.5.0"
source = {{ registry = "https://index.example/simple" }}
"""
ASKS = 'dependencies = [{ name = "left" }]'


def project(name, *asked):
    return f'[project]\nname = "{name}"\nversion = "0"\ndependencies = {json.dumps(asked)}\n'


@pytest.mark.parametrize(
    ("shop", "till", "way", "command"),
    [
        pytest.param(["left"], [], Way.RENEW, "uv lock --upgrade-package left==2.0.0", id="any version"),
        pytest.param(["left>=1"], [], Way.RAISE, "uv add 'left>=2.0.0'", id="a range of the project"),
        pytest.param([], ["left"], Way.RENEW, "uv lock --upgrade-package left==2.0.0", id="any version, of a member"),
        pytest.param([], ["left>=1"], Way.RAISE, "uv add --project till 'left>=2.0.0'", id="a range of a member"),
        pytest.param(["left>=1"], ["left>=1"], Way.RAISE, "", id="ranges of both"),
    ],
)
def test_a_command_of_uv_writes_where_the_package_is_asked_for(database, record, shop, till, way, command):
    lock = UV.format(shop=ASKS if shop else "", till=ASKS if till else "")
    texts = {"uv.lock": lock, "pyproject.toml": project("shop", *shop), "till/pyproject.toml": project("till", *till)}
    step = the_step(planned(database(record("PYSEC-1", ecosystem="PyPI", affected={}, spans=[("0", "2.0.0")])), texts))
    assert (step.way, step.to, step.command) == (way, "2.0.0", command)


def test_a_command_of_npm_writes_into_the_member_that_asks(database, record):
    member = {"name": "till", "dependencies": {"left": "~1.5.0"}}
    packages = {"": {"workspaces": ["till"]}, "till": member, "node_modules/left": {"version": "1.5.0"}}
    texts = {"package-lock.json": {"lockfileVersion": 3, "packages": packages}, "till/package.json": member}
    texts["package.json"] = {"workspaces": ["till"]}
    step = the_step(planned(database(record("GHSA-1")), texts))
    assert (step.way, step.command) == (Way.RAISE, "npm install --workspace till 'left@~2.0.0'")


def test_what_goes_by_another_name_is_raised_by_the_diff_alone(database, record):
    lock = '# yarn lockfile v1\n\n"old@npm:left@^1.0.0":\n  version "1.5.0"\n'
    texts = {"yarn.lock": lock, "package.json": {"dependencies": {"old": "npm:left@^1.0.0"}}}
    made = planned(database(record("GHSA-1")), texts)
    assert (the_step(made).way, the_step(made).command) == (Way.RAISE, "")
    assert json.loads(patched(made, texts)["package.json"])["dependencies"] == {"old": "npm:left@^2.0.0"}


def test_requirements_that_are_read_with_others_are_raised_with_them(database, record):
    texts = {"constraints.txt": "left==1.5.0\n", "requirements.txt": "-c constraints.txt\nleft>=1,<1.6\n"}
    made = planned(database(record("PYSEC-1", ecosystem="PyPI", spans=[("0", "2.0.0")])), texts)
    assert the_step(made).way is Way.RAISE
    after = patched(made, texts)
    assert after["constraints.txt"] == b"left==2.0.0\n"
    assert after["requirements.txt"].splitlines()[0] == b"-c constraints.txt"
    assert b"<1.6" not in after["requirements.txt"]


@pytest.mark.parametrize("written", ["catalog:", "catalog:old"])
def test_what_a_catalog_says_is_raised_there_by_hand(database, record, written):
    lock = f"""\
lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      left:
        specifier: '{written}'
        version: 1.5.0
packages:
  left@1.5.0:
    resolution: {{integrity: sha512-AAAA}}
snapshots:
  left@1.5.0: {{}}
"""
    texts = {"pnpm-lock.yaml": lock, "package.json": {"dependencies": {"left": written}}}
    step = the_step(planned(database(record("GHSA-1")), texts))
    assert step.command == ""
    assert f"asks for left by what stands elsewhere ('{written}'): raise it there" in step.say[0]


def test_a_range_for_any_version_needs_no_word(database, record):
    step = the_step(
        planned(
            database(record("PYSEC-1", ecosystem="PyPI", spans=[("0", "2.0.0")])),
            {"uv.lock": UV.format(shop=ASKS, till=""), "pyproject.toml": project("shop", "left")},
        )
    )
    assert step.say == ("Every range that asks for it lets 2.0.0 in: only uv.lock is renewed.",)


@pytest.mark.parametrize(
    "line",
    [
        "left @ https://files.example/left-1.5.0-py3-none-any.whl",
        "./wheels/left-1.5.0-py3-none-any.whl",
        "https://files.example/left-1.5.0-py3-none-any.whl",
    ],
)
def test_the_address_of_a_file_is_found_and_not_edited(database, record, line):
    advisories = database(record("PYSEC-1", ecosystem="PyPI", spans=[("0", "2.0.0")]))
    made = planned(advisories, {"requirements.txt": f"{line}\n"})
    assert (the_step(made).way, the_step(made).to, made.patches) == (Way.OTHER, "2.0.0", ())


@pytest.mark.parametrize(
    ("members", "head", "command"),
    [
        pytest.param(["till"], "# yarn lockfile v1", "yarn --cwd till upgrade 'left@^2.0.0'", id="classic: one member"),
        pytest.param(["shop", "till"], "# yarn lockfile v1", "", id="classic: two members"),
        pytest.param([""], "# yarn lockfile v1", "yarn upgrade 'left@^2.0.0'", id="classic: the project"),
    ],
)
def test_a_command_of_yarn_runs_where_the_package_is_asked_for(database, record, members, head, command):
    texts = {"yarn.lock": f'{head}\n\nleft@^1.0.0:\n  version "1.5.0"\n', "package.json": {"workspaces": ["*"]}}
    for member in members:
        texts[f"{member}/package.json" if member else "package.json"] = {"dependencies": {"left": "^1.0.0"}}
    step = the_step(planned(database(record("GHSA-1")), texts))
    assert (step.way, step.command) == (Way.RAISE, command)


@pytest.mark.parametrize(
    ("asked", "command"),
    [
        pytest.param('left = "1.5"', "cargo add left@2.0.0", id="by its name"),
        pytest.param('old = { package = "left", version = "1.5" }', "", id="by another name"),
    ],
)
def test_cargo_is_not_told_to_add_what_is_asked_for_by_another_name(database, record, asked, command):
    lock = '[[package]]\nname = "shop"\nversion = "0.1.0"\ndependencies = ["left"]\n'
    lock += '[[package]]\nname = "left"\nversion = "1.5.0"\nsource = "registry+https://index.example"\n'
    texts = {"Cargo.lock": lock, "Cargo.toml": f'[package]\nname = "shop"\n[dependencies]\n{asked}\n'}
    step = the_step(planned(database(record("RUSTSEC-1", ecosystem="crates.io")), texts))
    assert (step.way, step.command, len(step.changes)) == (Way.RAISE, command, 1)
