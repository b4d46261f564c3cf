"""How packages came in, by the lockfiles that have manifests beside them, and by those of the smaller ecosystems."""

import json
import time
from pathlib import Path

import pytest
from sca.lockfiles import YARN_1, YARN_4, told_of

from vallum_engine.errors import BrokenData
from vallum_engine.model.file import File
from vallum_engine.sca.inventory import Inventory
from vallum_engine.sca.lockfiles import GRAPHS, format_of
from vallum_engine.sca.origins import Origins

EXAMPLES = Path(__file__).parent / "examples"
SECONDS = 10

MIX_EXS = """\
defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop, deps: deps()]
  defp deps, do: {}
end
"""


CARGO = """\
[[package]]
name = "shop"
version = "0.1.0"
dependencies = ["tool", "way 1.0.0"]
[[package]]
name = "tool"
version = "1.0.0"
source = "registry"
dependencies = ["left"]
[[package]]
name = "way"
version = "1.0.0"
source = "registry"
[[package]]
name = "left"
version = "1.5.0"
source = "registry"
"""
CARGO_TOML = """\
[package]
name = "shop"
[dependencies]
way = "1"
[dev-dependencies]
tool = "1"
way = "1"
"""
POETRY = """\
[[package]]
name = "Way"
version = "1.0.0"
[package.dependencies]
Left = ">=1"
[[package]]
name = "left"
version = "1.5.0"
[[package]]
name = "tool"
version = "1.0.0"
groups = ["test"]
"""
POETRY_TOML = """\
[tool.poetry]
name = "shop"
[tool.poetry.dependencies]
way = "^1"
[tool.poetry.group.test.dependencies]
tool = "*"
left = "*"
"""
COMPOSER = {
    "packages": [
        {"name": "a/way", "version": "1.0.0", "require": {"a/left": "^1"}},
        {"name": "a/left", "version": "1.5.0"},
    ]
}
GEMS = """\
GEM
  specs:
    left (1.5.0)
    tool (1.0.0)
    way (1.0.0)
      left (~> 1.0)

DEPENDENCIES
  left
  tool
  way
"""
PIPENV = {"default": {"left": {"version": "==1.5.0"}, "way": {"version": "==1.0.0"}}}
MANIFEST = {"name": "shop", "dependencies": {"way": "^1.0.0"}, "devDependencies": {"tool": "^1", "left": "~1.5.0"}}


@pytest.mark.parametrize(
    ("files", "name", "version", "expected"),
    [
        pytest.param(
            {"yarn.lock": YARN_1, "package.json": MANIFEST},
            "way",
            "1.0.0",
            (True, False, ("shop", "way 1.0.0")),
            id="yarn 1",
        ),
        pytest.param(
            {"yarn.lock": YARN_1, "package.json": MANIFEST},
            "left",
            "1.5.0",
            (True, False, ("shop", "way 1.0.0", "left 1.5.0")),
            id="yarn 1: to develop with, and by what runs",
        ),
        pytest.param(
            {"yarn.lock": YARN_1, "package.json": {"devDependencies": {"tool": "^1"}}},
            "@scope/tool",
            "1.0.0",
            (True, True, ("yarn.lock", "@scope/tool 1.0.0")),
            id="yarn 1: to develop with, of a project without a name",
        ),
        pytest.param(
            {
                "yarn.lock": YARN_1,
                "package.json": {"name": "all", "workspaces": ["apps/*"]},
                "apps/shop/package.json": MANIFEST,
            },
            "way",
            "1.0.0",
            (True, False, ("shop", "way 1.0.0")),
            id="yarn 1: by a member",
        ),
        pytest.param(
            {"Cargo.lock": CARGO, "Cargo.toml": CARGO_TOML},
            "left",
            "1.5.0",
            (False, True, ("shop", "tool 1.0.0", "left 1.5.0")),
            id="cargo: to develop with",
        ),
        pytest.param(
            {"Cargo.lock": CARGO, "Cargo.toml": "[workspace]", "a/Cargo.toml": CARGO_TOML},
            "way",
            "1.0.0",
            (True, False, ("shop", "way 1.0.0")),
            id="cargo: a member's, to run",
        ),
        pytest.param(
            {"poetry.lock": POETRY, "pyproject.toml": POETRY_TOML},
            "left",
            "1.5.0",
            (True, False, ("shop", "Way 1.0.0", "left 1.5.0")),
            id="poetry: to develop with, and by what runs",
        ),
        pytest.param(
            {"poetry.lock": POETRY, "pyproject.toml": POETRY_TOML},
            "tool",
            "1.0.0",
            (True, True, ("shop", "tool 1.0.0")),
            id="poetry: to develop with",
        ),
        pytest.param(
            {"Pipfile.lock": PIPENV, "Pipfile": '[packages]\nWay = "*"'}, "way", "1.0.0", (True, False, ()), id="pipenv"
        ),
        pytest.param(
            {"composer.lock": COMPOSER, "composer.json": {"require": {"a/Way": "^1", "a/left": "^1"}}},
            "a/left",
            "1.5.0",
            (True, False, ("composer.lock", "a/left 1.5.0")),
            id="composer: asked for by another too",
        ),
        pytest.param(
            {"composer.lock": COMPOSER, "composer.json": {"require": {"a/Way": "^1"}}},
            "a/left",
            "1.5.0",
            (False, False, ("composer.lock", "a/way 1.0.0", "a/left 1.5.0")),
            id="composer: not asked for",
        ),
        pytest.param(
            {"Gemfile.lock": GEMS, "Gemfile": 'gem "way"\ngem "tool", group: :test\ngem "left", group: :test\n'},
            "left",
            "1.5.0",
            (True, False, ("Gemfile.lock", "way 1.0.0", "left 1.5.0")),
            id="bundler: to develop with, and by what runs",
        ),
        pytest.param(
            {"Gemfile.lock": GEMS, "Gemfile": 'gem "way"\ngem "tool", group: :test\n'},
            "tool",
            "1.0.0",
            (True, True, ("Gemfile.lock", "tool 1.0.0")),
            id="bundler: to develop with",
        ),
        pytest.param(
            {"Pipfile.lock": PIPENV, "Pipfile": '[packages]\nWay = "*"'},
            "left",
            "1.5.0",
            (False, False, ()),
            id="pipenv: not asked for",
        ),
        pytest.param(
            {"yarn.lock": YARN_4, "package.json": {"name": "shop", "devDependencies": {"way": "^1"}}},
            "left",
            "1.5.0",
            (False, True, ("shop", "way 1.0.0", "left 1.5.0")),
            id="yarn 4: to develop with",
        ),
        pytest.param(
            {"yarn.lock": YARN_4, "package.json": {"name": "shop", "dependencies": {"way": "^1"}}},
            "left",
            "1.5.0",
            (False, False, ("shop", "way 1.0.0", "left 1.5.0")),
            id="yarn 4: to run",
        ),
    ],
)
def test_a_manifest_says_what_is_asked_for_and_what_to_develop_with(files, name, version, expected):
    assert told_of(files, name, version) == expected


def example(path):
    """An example's content, to be read by its own name."""
    return {Path(path).name: (EXAMPLES / path).read_text()}


@pytest.mark.parametrize(
    ("files", "name", "version", "expected"),
    [
        pytest.param(
            example("bun/bun.lock"), "left", "1.5.0", (False, False, ("all", "way 1.0.0", "left 1.5.0")), id="bun"
        ),
        pytest.param(
            example("bun/bun.lock"), "left", "2.0.0", (True, False, ("shop", "left 2.0.0")), id="bun: by a member"
        ),
        pytest.param(
            example("bun/bun.lock"),
            "left",
            "1.9.0",
            (False, True, ("all", "tool 1.0.0", "@scope/core 2.0.0", "left 1.9.0")),
            id="bun: to develop with",
        ),
        pytest.param(
            example("denolock/deno.lock"),
            "left",
            "1.5.0",
            (False, None, ("deno.lock", "way 1.0.0", "react 18.2.0", "left 1.5.0")),
            id="deno",
        ),
        pytest.param(
            example("denolock/deno.lock"),
            "@std/internal",
            "1.0.1",
            (False, None, ("deno.lock", "@std/path 1.0.2", "@std/internal 1.0.1")),
            id="deno: of JSR",
        ),
        pytest.param(
            example("denolock/v3/deno.lock"), "left", "1.5.0", (None, None, ()), id="deno 3 says not what is asked for"
        ),
        pytest.param(
            example("mix/mix.lock"),
            "mime_types",
            "1.5.0",
            (None, None, ("mix.lock", "phoenix 1.7.0-rc.0", "plug 1.11.1", "mime_types 1.5.0")),
            id="mix",
        ),
        pytest.param(
            example("mix/mix.lock")
            | {"mix.exs": MIX_EXS.format('[{:plug, "~> 1.11"}, {:phoenix, "~> 1.7", only: [:dev, :test]}]')},
            "plug",
            "1.11.1",
            (True, False, ("shop", "plug 1.11.1")),
            id="mix with its manifest",
        ),
        pytest.param(
            example("mix/mix.lock") | {"mix.exs": MIX_EXS.format('[{:phoenix, "~> 1.7", only: [:dev, :test]}]')},
            "plug",
            "1.11.1",
            (False, True, ("shop", "phoenix 1.7.0-rc.0", "plug 1.11.1")),
            id="mix: for development alone",
        ),
        pytest.param(example("mix/mix.lock"), "telemetry", "0.4.2", (None, None, ()), id="mix: perhaps by an option"),
        pytest.param(
            example("gleam/manifest.toml"),
            "gleam_stdlib",
            "0.34.0",
            (False, None, ("manifest.toml", "gleeunit 1.0.0", "gleam_stdlib 0.34.0")),
            id="gleam",
        ),
        pytest.param(
            example("gleam/manifest.toml") | example("gleamtoml/gleam.toml"),
            "gleam_stdlib",
            "0.34.0",
            (False, True, ("shop", "gleeunit 1.0.0", "gleam_stdlib 0.34.0")),
            id="gleam with its manifest",
        ),
        pytest.param(
            example("renv/renv.lock"),
            "mime",
            "0.7",
            (None, None, ("renv.lock", "BSgenome 1.68.0", "mime 0.7")),
            id="renv",
        ),
        pytest.param(
            example("julia/Manifest.toml"),
            "OrderedCollections",
            "1.4.1",
            (None, None, ("Manifest.toml", "Unregistered", "DataStructures 0.17.0", "OrderedCollections 1.4.1")),
            id="julia",
        ),
        pytest.param(
            example("julia/Manifest.toml") | example("juliaproject/Project.toml"),
            "OrderedCollections",
            "1.4.1",
            (False, False, ("Shop", "DataStructures 0.17.0", "OrderedCollections 1.4.1")),
            id="julia with its manifest",
        ),
        pytest.param(example("rebar/rebar.lock"), "cowlib", "2.11.0", (False, None, ()), id="rebar"),
    ],
)
def test_a_lockfile_says_how_a_package_came_in(files, name, version, expected):
    assert told_of(files, name, version) == expected


def strange_files():
    for folder in sorted(EXAMPLES.iterdir()):
        if folder.name in GRAPHS:
            for file in sorted(folder.rglob("*")):
                if file.is_file() and file.name != "expected.json":
                    yield pytest.param(file, file.relative_to(folder).as_posix(), id=str(file.relative_to(EXAMPLES)))


@pytest.mark.parametrize(("file", "path"), list(strange_files()))
def test_every_example_that_is_read_has_a_graph_however_it_is_cut(file, path):
    data = file.read_bytes()
    assert format_of(path) in GRAPHS
    for length in sorted({len(data) * tenth // 10 for tenth in range(11)}):
        inventory = Inventory()
        origins = Origins(inventory.asking)
        cut = File(path, data[:length])
        try:
            inventory.take(cut)
        except BrokenData:
            continue
        origins.keep(cut)
        inventory.settle()
        for own, packages in inventory.by_path.items():
            book = origins.book(own, packages)
            assert all(book.origin(package.name, package.version) is not None for package in packages)


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        pytest.param(
            "bun.lock",
            json.dumps(
                {
                    "workspaces": {"": {"dependencies": {"a": "*"}}},
                    "packages": {
                        "a": ["a@1", "", {"dependencies": {f"d{n}": "*" for n in range(50_000)}}],
                        "x/" * 100_000 + "b": ["b@1", "", {"dependencies": {f"d{n}": "*" for n in range(50_000)}}],
                    },
                }
            ),
            "a",
            id="bun: a place of letters that asks for much",
        ),
        pytest.param(
            "mix.lock",
            "%{"
            + "".join(f'"p{n}": {{:hex, :p{n}, "1", "", [], [{{:p{(n + 1) % 9999}, "1", []}}]}},' for n in range(9_999))
            + "}",
            "p1",
            id="mix: a ring",
        ),
        pytest.param(
            "renv.lock",
            json.dumps(
                {
                    "Packages": {
                        f"p{n}": {"Version": "1", "Source": "CRAN", "Requirements": [f"p{m}" for m in range(200)]}
                        for n in range(2_000)
                    }
                }
            ),
            "p1",
            id="renv: each asks for two hundred",
        ),
    ],
)
def test_a_lockfile_made_to_hurt_has_its_graph_in_time(path, text, name):
    started = time.process_time()
    told_of({path: text}, name, "1")
    assert time.process_time() - started < SECONDS
