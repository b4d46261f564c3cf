"""Lists of packages made to hurt, one format after another: large, odd, in circles. The answer comes soon, and is one."""

import json
import time
import zlib

import pytest

from vallum_engine.errors import BrokenData
from vallum_engine.model.file import File
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.sca.inventory import Inventory
from vallum_engine.sca.lockfiles import GRAPHS, format_of
from vallum_engine.sca.lockfiles.entry import MAX_ENTRIES
from vallum_engine.sca.origins import Origins

SECONDS = 20
"""Far above what any of these takes, far below what a quadratic reader would."""
MANY = 20_000


def lines(head, line, tail=""):
    return f"{head}{''.join(line.replace('#', str(n)) for n in range(MANY))}{tail}"


def objects(make):
    return json.dumps(make({f"a/p{n}": n for n in range(MANY)}))


LARGE = {
    "Gemfile.lock": lambda: lines("GEM\n  specs:\n", "    p# (1.#)\n      p0 (>= 1)\n"),
    "Gemfile": lambda: lines("", 'gem "p#", "1.#"\n'),
    "composer.lock": lambda: objects(
        lambda names: {
            "packages": [{"name": name, "version": "1", "require": names} for name in ("a/p0",)]
            + [{"name": name, "version": "1"} for name in names]
        }
    ),
    "composer.json": lambda: objects(lambda names: {"require": dict.fromkeys(names, "1.0")}),
    "packages.lock.json": lambda: objects(
        lambda names: {
            "dependencies": {
                "net8.0": {name: {"type": "Direct", "resolved": "1", "dependencies": {"a/p0": "1"}} for name in names}
            }
        }
    ),
    "obj/project.assets.json": lambda: objects(
        lambda names: {
            "libraries": {f"{name[2:]}/1": {"type": "package"} for name in names},
            "targets": {"net8.0": {f"{name[2:]}/1": {"dependencies": {"p0": "1"}} for name in names}},
        }
    ),
    "packages.config": lambda: lines("<packages>", '<package id="p#" version="1.#"/>\n', "</packages>"),
    "a.csproj": lambda: lines(
        "<Project><ItemGroup>", '<PackageReference Include="p#" Version="1.#"/>\n', "</ItemGroup></Project>"
    ),
    "paket.lock": lambda: lines("NUGET\n  remote: x\n", "    p# (1.#)\n      p0 (>= 1)\n"),
    "pom.xml": lambda: lines(
        "<project><dependencies>",
        "<dependency><groupId>g</groupId><artifactId>p#</artifactId></dependency>\n",
        "</dependencies></project>",
    ),
    "gradle.lockfile": lambda: lines("", "g:p#:1.#=a,b\n"),
    "gradle/verification-metadata.xml": lambda: lines(
        "<v><components>", '<component group="g" name="p#" version="1"/>', "</components></v>"
    ),
    "gradle/libs.versions.toml": lambda: lines("[libraries]\n", 'p# = "g:p#:1.#"\n'),
    "build.gradle": lambda: lines("", "api 'g:p#:1.#'\n"),
    "pubspec.lock": lambda: lines("packages:\n", '  p#:\n    version: "1.#"\n'),
    "Package.resolved": lambda: objects(
        lambda names: {
            "pins": [
                {"identity": name, "location": f"https://x.example/{name}", "state": {"version": "1"}} for name in names
            ]
        }
    ),
    "Podfile.lock": lambda: lines("PODS:\n", "  - p# (1.#):\n    - p0\n", "DEPENDENCIES:\n  - p1\n"),
    "conan.lock": lambda: objects(
        lambda names: {
            "graph_lock": {"nodes": {name: {"ref": f"{name[2:]}/1", "requires": ["a/p0"]} for name in names}}
        }
    ),
    "conanfile.txt": lambda: lines("[requires]\n", "p#/1.#\n"),
    "vcpkg.json": lambda: objects(
        lambda names: {"dependencies": list(names), "overrides": [{"name": name, "version": "1"} for name in names]}
    ),
}


@pytest.mark.parametrize("path", sorted(LARGE))
def test_a_large_list_is_read_in_time_with_its_ways(path):
    started = time.process_time()
    file = File(path, LARGE[path]().encode())
    detector = PackageDetector(None)
    detector.detect(file, ())
    list(detector.conclude())
    packages = detector.packages()
    assert len(packages) in (MANY, MANY + 1)
    if format_of(path) in GRAPHS:
        origins = Origins()
        origins.keep(file)
        origins.book(path, packages).origin(packages[-1].name, packages[-1].version)
    assert time.process_time() - started < SECONDS


SPACES, COLONS, OPENED = " " * 300_000, ":" * 300_000, "(" * 300_000


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param(
            "Gemfile.lock", f"GEM\n  specs:\n    a{OPENED}\n    a ({'1-' * 300_000})\n", id="bundler: brackets"
        ),
        pytest.param("Gemfile.lock", f"DEPENDENCIES\n  a{SPACES}(x)!\n", id="bundler: spaces"),
        pytest.param("Gemfile", f"gem{OPENED}'a'\ngem {chr(39) * 300_000}\ngroup {SPACES}do\n", id="gems: quotes"),
        pytest.param("x.gemspec", "s.add_dependency " + "%q<" * 100_000, id="gemspec: strings that never end"),
        pytest.param(
            "packages.config", f"<packages a='{SPACES}'><package id='{COLONS}'/></packages>", id="xml: attributes"
        ),
        pytest.param("a.csproj", f"<Project>{'<!-- ' * 100_000}", id="xml: comments within"),
        pytest.param(
            "b.csproj",
            "<Project><PropertyGroup>"
            + "".join(f"<P{n}>{f'$(P{n + 1})' * 90}</P{n}>" for n in range(200))
            + "</PropertyGroup><PackageReference Include='$(P0)' Version='$(P0)'/></Project>",
            id="msbuild: properties of properties",
        ),
        pytest.param(
            "pom.xml",
            f"<project><properties><a>{'${b}' * 200}</a><b>{'${a}' * 200}</b><c>{COLONS}</c></properties><dependencies>"
            + "<dependency><groupId>${a}</groupId><artifactId>${c}</artifactId></dependency>" * 2000
            + "</dependencies></project>",
            id="maven: properties of properties",
        ),
        pytest.param("paket.lock", f"NUGET\n    a (1){SPACES}- x\n    a{OPENED}\nGROUP{SPACES}x\n", id="paket: spaces"),
        pytest.param("gradle.lockfile", f"a:b:{'c=' * 300_000}\n", id="gradle: signs"),
        pytest.param("build.gradle", f"api '{COLONS}\napi 'a:{'b:' * 100_000}\napi{SPACES}'\n", id="gradle: colons"),
        pytest.param(
            "build.gradle", f"{'/* ' * 200_000}\ndef{SPACES}a = 'b\n{'a.' * 200_000} = 'x'\n", id="gradle: a name"
        ),
        pytest.param("build.gradle", f"def a = '1'\napi 'g:a:{'$a' * 200_000}'\n", id="gradle: variables"),
        pytest.param("gradle/libs.versions.toml", f"a = '''{SPACES}\n", id="catalogue: a string that never ends"),
        pytest.param("pubspec.lock", f"packages:\n  a:{SPACES}b{SPACES}c\n  {'a:' * 200_000}\n", id="pub: colons"),
        pytest.param("Package.resolved", json.dumps({"pins": [{"location": "a@" * 200_000}]}), id="swift: at signs"),
        pytest.param("Package.resolved", json.dumps({"pins": [{"location": "a." * 200_000}]}), id="swift: dots"),
        pytest.param("Podfile.lock", f"PODS:\n  - a{OPENED}\n", id="pods: brackets"),
        pytest.param("Podfile.lock", f"X:\n    :path: {SPACES}'{SPACES}x\n", id="pods: spaces"),
        pytest.param(
            "conan.lock", json.dumps({"requires": ["a/" * 200_000, "a/1" + "@" * 200_000]}), id="conan: slashes"
        ),
        pytest.param("conanfile.txt", f"[requires]\na/[{'[' * 200_000}\n{'a/' * 100_000}\n", id="conan: brackets"),
        pytest.param("META-INF/MANIFEST.MF", "A: b\r\n" + " c\r\n" * 200_000, id="jar: a line of many"),
        pytest.param("META-INF/maven/g/a/pom.properties", f"version{SPACES}=1{SPACES}x\n", id="jar: spaces"),
    ],
)
def test_an_odd_list_has_its_answer_in_time(path, text):
    started = time.process_time()
    detector = PackageDetector(None)
    try:
        detector.detect(File(path, text.encode()), ())
        list(detector.conclude())
        detector.exclusions()
    except BrokenData as error:
        assert str(error).startswith("line ")  # noqa: PT017 - either outcome will do, only not a hang
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        pytest.param("gradle.lockfile", "g:p:1=a\n" * (MAX_ENTRIES + 1), "More than", id="too many packages"),
        pytest.param(
            "packages.config", "<p>" + "<a/>" * 1_000_001 + "</p>", "more than 1,000,000 elements", id="elements"
        ),
        pytest.param(
            "composer.lock", '{"packages": [{"name": "\\u202e", "version": "1"}]}', "not printable", id="a name"
        ),
        pytest.param("Package.resolved", '{"pins": ' + "[" * 200, "a pin that is no object", id="a pin"),
        pytest.param("vcpkg.json", "[" * 100_000, "{ was expected", id="brackets"),
        pytest.param("pom.xml", "<project>" * 101, "nested more than 100 deep", id="deep"),
        pytest.param(
            "gradle/verification-metadata.xml", '<?xml version="1.0" encoding="x"?><a/>', "not valid XML", id="encoding"
        ),
    ],
)
def test_what_is_too_much_or_no_list_is_broken_data(path, text, says):
    with pytest.raises(BrokenData, match=says):
        PackageDetector(None).detect(File(path, text.encode()), ())


CIRCLE = {
    "Gemfile.lock": "GEM\n  specs:\n    a (1)\n      b\n    b (1)\n      a\nDEPENDENCIES\n  a\n",
    "packages.lock.json": '{"dependencies": {"n": {"a": {"type": "Direct", "resolved": "1", "dependencies": {"b": "1"}},'
    ' "b": {"type": "Transitive", "resolved": "1", "dependencies": {"a": "1"}}}}}',
    "Podfile.lock": "PODS:\n  - a (1):\n    - b\n  - b (1):\n    - a\nDEPENDENCIES:\n  - a\n",
}


@pytest.mark.parametrize("path", sorted(CIRCLE))
def test_packages_that_ask_for_each_other_have_their_ways(path):
    file = File(path, CIRCLE[path].encode())
    detector = PackageDetector(None)
    detector.detect(file, ())
    origins = Origins()
    origins.keep(file)
    origin = origins.book(path, detector.packages()).origin("b", "1")
    assert (origin.direct, origin.path) == (False, (path, "a 1", "b 1"))


FILES = 12_000
WISH = '[project]\nname = "x"\ndependencies = ["a"]\n'
POM = (
    "<project><parent><groupId>g</groupId><artifactId>p</artifactId><version>#</version></parent><groupId>g</groupId>"
    "<artifactId>p</artifactId><version>1</version><dependencies><dependency><groupId>g</groupId><artifactId>x</artifactId>"
    "</dependency></dependencies></project>"
)


def programs(count):
    roots = [{"name": "a", "version": "1", "root": True, "number": n} for n in range(count)]
    crates = [{"name": f"b{n}", "version": "1", "source": "crates.io"} for n in range(count)]
    return zlib.compress(json.dumps({"packages": [*roots, *crates]}).encode())


def many(path, text):
    return {path.replace("#", str(n)): text.replace("#", str(n)).encode() for n in range(FILES)}


@pytest.mark.parametrize(
    ("files", "count"),
    [
        pytest.param({"Dockerfile": lines("", "FROM scratch AS s#\n" * 2).encode()}, 0, id="docker: stages"),
        pytest.param({"t/dep-v0": programs(25_000)}, 25_000, id="rust: roots"),
        pytest.param({"Pipfile": lines("", '[t#]\na = "*"\n').encode()}, MANY, id="pipenv: tables"),
        pytest.param(
            {"pyproject.toml": lines("", '[tool.poetry.group.g#.dependencies]\na = "*"\n').encode()},
            MANY,
            id="poetry: groups",
        ),
        pytest.param(
            {"Cargo.lock": lines("", '[[package]]\nname = "m#"\n').encode()}
            | many("c/#/Cargo.toml", '[package]\nname = "x#"\n[dependencies]\na = "1"\n'),
            FILES,
            id="cargo: members and others",
        ),
        pytest.param(many("pylock.#.toml", "") | many("c/#/pyproject.toml", WISH), FILES, id="python: lockfiles"),
        pytest.param(many("a#/pom.xml", POM), FILES, id="maven: versions of one parent"),
    ],
)
def test_many_of_a_kind_are_told_apart_in_time(files, count):
    started = time.process_time()
    inventory = Inventory()
    for path, data in files.items():
        inventory.take(File(path, data))
    inventory.settle()
    assert len(inventory.packages()) == count
    assert time.process_time() - started < SECONDS
