"""What packages are called in code, whose code is whose, and which of it runs in production."""

import pytest

from vallum_engine.model.graph import Graph
from vallum_engine.sca.reach import facts
from vallum_engine.sca.reach.locks import Lock, leads
from vallum_engine.sca.reach.modules import Index, Naming, npm_package
from vallum_engine.sca.reach.scopes import Scopes, folder_of
from vallum_engine.sca.reach.settings import wanted
from vallum_engine.sca.reach.sides import Side, side
from vallum_engine.sca.reach.words import finder, may_name

PYTHON = {
    "another name": ("PyYAML", ("yaml",), True),
    "several": ("attrs", ("attr", "attrs"), True),
    "its own": ("requests", ("requests",), True),
    "its own, with a dash": ("charset_normalizer", ("charset_normalizer",), True),
    "a namespace": ("google-cloud-storage", ("google.cloud.storage",), True),
    "nobody knows": ("some-thing", ("some_thing", "some.thing", "something"), False),
    "nobody knows, with a prefix": ("python-thing", ("python_thing", "python.thing", "pythonthing", "thing"), False),
}
SPECIFIERS = {
    "a": "a",
    "a/b/c": "a",
    "@s/a": "@s/a",
    "@s/a/b": "@s/a",
    "@s": "",
    "@/a": "",
    "~/a": "",
    "#a": "",
    "./a": "",
    "/a": "",
    "": "",
    "node:fs": "",
    "https://a.example/b": "",
    "npm:a@1/b": "a",
    "npm:@s/a@1.2": "@s/a",
    "raw-loader!a/b?c": "a",
    "!!raw-loader!./a": "",
    "a?raw": "a",
}
SIDES = {
    "src/app.py": Side.PRODUCTION,
    "app/docs/api/views.py": Side.SUPPORT,
    "src/app/docs/views.py": Side.PRODUCTION,
    "packages/a/examples/b.js": Side.SUPPORT,
    "tests/a.py": Side.SUPPORT,
    "src/app/tests/a.py": Side.SUPPORT,
    "src/app/test_a.py": Side.SUPPORT,
    "src/app/testing.py": Side.PRODUCTION,
    "src/latest/a.py": Side.PRODUCTION,
    "conftest.py": Side.SUPPORT,
    "setup.py": Side.SUPPORT,
    "docs/conf.py": Side.SUPPORT,
    "examples/a.py": Side.SUPPORT,
    "scripts/a.py": Side.SUPPORT,
    "manage.py": Side.PRODUCTION,
    "venv/lib/python3.11/site-packages/a.py": Side.FOREIGN,
    ".tox/a/b.py": Side.FOREIGN,
    "a_pb2.py": Side.FOREIGN,
    "src/a.ts": Side.PRODUCTION,
    "src/__tests__/a.ts": Side.SUPPORT,
    "src/a.spec.tsx": Side.SUPPORT,
    "src/a.test.js": Side.SUPPORT,
    "src/a.stories.jsx": Side.SUPPORT,
    "webpack.config.js": Side.SUPPORT,
    ".eslintrc.cjs": Side.SUPPORT,
    "src/config.js": Side.PRODUCTION,
    "src/state-config.js": Side.PRODUCTION,
    "src/app.config.ts": Side.PRODUCTION,
    "webpack.prod.minimize.config.js": Side.SUPPORT,
    "src/test.ts": Side.PRODUCTION,
    "src/a.d.ts": Side.FOREIGN,
    "static/a.min.js": Side.FOREIGN,
    "node_modules/a/b.js": Side.FOREIGN,
    "lib/a.zip!/b.py": Side.FOREIGN,
    "a.go": Side.PRODUCTION,
    "a_test.go": Side.SUPPORT,
    "internal/testdata/a.go": Side.SUPPORT,
    "vendor/a/b.go": Side.FOREIGN,
    "api/a.pb.go": Side.FOREIGN,
    "cmd/a/main.go": Side.PRODUCTION,
    "src/main/java/com/example/demo/A.java": Side.PRODUCTION,
    "src/test/java/A.java": Side.SUPPORT,
    "src/integrationTest/java/A.java": Side.SUPPORT,
    "app/src/androidTest/A.kt": Side.SUPPORT,
    "src/com/example/ATest.java": Side.SUPPORT,
    "src/com/example/A.java": Side.PRODUCTION,
}
LANGUAGES = {"py": "python", "go": "golang", "java": "java", "kt": "java"}
FOLDERS = {
    "package-lock.json": "",
    "a/uv.lock": "a",
    "requirements/base.txt": "",
    "a/requirements/base.txt": "a",
    "a/gradle/verification-metadata.xml": "a",
    "venv/lib/python3.11/site-packages/a-1.dist-info/METADATA": "",
    "a/.venv/lib64/python3.11/site-packages/a-1.dist-info/METADATA": "a",
    "usr/lib/python3/dist-packages/a-1.egg-info/PKG-INFO": "",
    "a/node_modules/b/node_modules/c/package.json": "a",
}
SETTINGS = {
    "Procfile": True,
    "deploy/Dockerfile": True,
    "Dockerfile.web": True,
    "a.yml": True,
    "config/a.toml": True,
    "package.json": True,
    "tsconfig.base.json": True,
    "package-lock.json": False,
    "pyproject.toml": False,
    "setup.cfg": False,
    "requirements.txt": False,
    "README.md": False,
    "a.csv": False,
}


@pytest.mark.parametrize(("name", "names", "sure"), PYTHON.values(), ids=PYTHON.keys())
def test_python_modules(name, names, sure):
    found = Naming("PyPI").modules(name)
    assert (found.names, found.sure) == (names, sure)


def test_installed_metadata_knows_better():
    assert Naming("PyPI", {"some-thing": ("odd",)}).modules("Some.Thing").names == ("odd",)


@pytest.mark.parametrize("specifier", SPECIFIERS)
def test_specifiers_name_packages(specifier):
    assert npm_package(specifier) == SPECIFIERS[specifier]


def test_the_longest_name_wins():
    index = Index("Go", Naming("Go"), ["a.b/c", "a.b/c/v2"])
    assert [list(index.packages(path)) for path in ("a.b/c/d", "a.b/c/v2/d", "a.b/cd", "a.b")] == [
        ["a.b/c"],
        ["a.b/c/v2"],
        [],
        [],
    ]


def test_case_does_not_matter_in_python_alone():
    assert list(Index("PyPI", Naming("PyPI"), ["pillow"]).packages("PIL.Image")) == ["pillow"]
    assert list(Index("npm", Naming("npm"), ["left"]).packages("Left")) == []


def test_artifacts_of_one_group_are_told_apart():
    names = ["org.springframework:spring-web", "org.springframework:spring-webmvc", "org.thing:thing-core"]
    index = Index("Maven", Naming("Maven"), names)
    assert [
        list(index.packages(f"{name}.X")) for name in ("org.springframework.web.servlet", "org.thing.core", "org.thing")
    ] == [
        ["org.springframework:spring-webmvc"],
        ["org.thing:thing-core"],
        [],
    ]


@pytest.mark.parametrize("table", [facts.python(), facts.maven()], ids=["Python", "Java"])
def test_every_fact_has_names(table):
    assert all(names and all(part.isprintable() and part for part in names) for names in table.values())


def test_names_of_python_are_normalised():
    named = {*facts.python(), *facts.loaded("PyPI")}
    assert {name for name in named if name != name.lower() or "_" in name or "." in name} == set()


@pytest.mark.parametrize("path", SIDES)
def test_sides(path):
    assert side(path, LANGUAGES.get(path.rpartition(".")[2], "javascript")) is SIDES[path]


@pytest.mark.parametrize("path", FOLDERS)
def test_folders_of_projects(path):
    assert folder_of(path) == FOLDERS[path]


@pytest.mark.parametrize("path", SETTINGS)
def test_settings_that_may_name_a_package(path):
    assert wanted(path) is SETTINGS[path]


def test_a_project_without_code_is_for_the_code_above():
    scopes = Scopes({"a/lock": ["x"], "a/b/lock": ["x"], "c/lock": ["x"]}, ["a/b/m.py", "c.py"])
    assert [scopes.folder(path) for path in ("a/lock", "a/b/lock", "c/lock")] == ["a", "a/b", ""]
    assert [scopes.folder_of("x", path) for path in ("a/b/m.py", "a/n.py", "d/m.py")] == ["a/b", "a", ""]
    assert scopes.folder_of("y", "a/b/m.py") is None


def test_what_leads_where_is_walked_once():
    names = {"r": ("", ""), **{n: (f"p{n}", "1") for n in range(2000)}}
    wants = {"r": [0, 5], **{n: [n + 1, n, 0] for n in range(1999)}}
    lock = Lock("npm", Graph(names=names, wants=wants, roots=("r",)))
    found = leads(lock.graph, {5: "five"})
    assert (len(found), found[1999].seed, found[0].said) == (2000, 5, "five")
    assert lock.direct == {0, 5}


def test_words_are_whole_and_in_any_case():
    find = finder(["yaml", "@s/a", "a.b"], [rb"x\(y"])
    assert set(find(b"import YAML, '@s/a/b' a.b x(y")) == {0, 1, 2, 3}
    assert set(find(b"yamllint pyyaml a_b")) == set()
    assert set(finder([], [])(b"a")) == set()


MAY_NAME = {
    "an import": ("python", "import yaml", True),
    "one of several": ("python", "import os, yaml", True),
    "from": ("python", "from yaml.x import y", True),
    "a continued line": ("python", "from a \\\n  import b, \\\n  yaml", True),
    "a text": ("python", "apps = [\n  'yaml',\n]", True),
    "a name": ("python", "x = yaml.load(y)\nyaml = 1\n", False),
    "after a slash": ("python", "# see /yaml", False),
    "a specifier": ("javascript", 'require("yaml")', True),
    "a specifier with a loader": ("javascript", "require('raw!yaml')", True),
    "a name of JavaScript": ("javascript", "yaml.load(x)", False),
    "a path of Go": ("golang", "import `yaml`", True),
    "a name of Go": ("golang", "yaml.Load(x)", False),
    "a name of Java": ("java", "x yaml", True),
    "more than are looked at": ("python", "yaml " * 301, True),
    "nowhere": ("python", "x", False),
}


@pytest.mark.parametrize(("language", "text", "expected"), MAY_NAME.values(), ids=MAY_NAME.keys())
def test_where_a_word_may_name_a_package(language, text, expected):
    assert may_name(text.encode(), b"yaml", language) is expected
