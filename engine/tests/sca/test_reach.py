"""Whether code imports what is vulnerable: made projects, one thing each."""

import io
import json

import pytest
from sca.reached import NPM, Twice, reachability

from vallum_engine import wire
from vallum_engine.model import plain
from vallum_engine.model.finding import Location, Reach
from vallum_engine.pipeline import scan
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.triggers import EMPTY

UV = """\
version = 1
[[package]]
name = "shop"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "pyyaml" }, { name = "requests" }]
[package.dev-dependencies]
dev = [{ name = "pillow" }]
[[package]]
name = "pyyaml"
version = "1.0.0"
source = { registry = "r" }
[[package]]
name = "requests"
version = "1.0.0"
source = { registry = "r" }
dependencies = [{ name = "urllib3" }]
[[package]]
name = "urllib3"
version = "1.0.0"
source = { registry = "r" }
[[package]]
name = "pillow"
version = "1.0.0"
source = { registry = "r" }
"""
COMPILED = """\
left==1.0.0
    # via -r requirements.in
requests==1.0.0
    # via -r requirements.in
urllib3==1.0.0
    # via requests
"""
GO = """\
module example.org/shop

require (
	example.org/left v1.0.0
	example.org/left/v2 v2.0.0
	example.org/deep v1.0.0 // indirect
)
"""
POM = """<project><groupId>g</groupId><artifactId>shop</artifactId><version>1</version><dependencies>
<dependency><groupId>com.fasterxml.jackson.core</groupId><artifactId>jackson-databind</artifactId><version>1.0.0</version></dependency>
<dependency><groupId>org.yaml</groupId><artifactId>snakeyaml</artifactId><version>1.0.0</version><scope>test</scope></dependency>
</dependencies></project>"""
ECOSYSTEM = {"npm": "npm", "uv.lock": "PyPI", "requirements.txt": "PyPI", "go.mod": "Go", "pom.xml": "Maven"}


@pytest.fixture
def told(record, database):
    """Return what is said of a package of a tree, which is vulnerable in every version."""

    def ask(files, name, *, ecosystem, skipped=()):
        made = database(record("CVE-1", name, ecosystem=ecosystem, spans=(("0", None),)))
        return reachability(made, files, skipped=skipped)

    return ask


def both(said):
    return said.verdict.value, said.sentence


NODE = {
    "imported": ({"src/a.ts": "\nimport x from 'left'"}, "left", "imported", "Imported at src/a.ts:2."),
    "required": ({"index.js": "require('left/file')"}, "left", "imported", "Imported at index.js:1."),
    "by what needs it": (
        {"src/a.js": "require('way')"},
        "deep",
        "imported",
        "way 1.0.0, which needs it, is imported at src/a.js:1.",
    ),
    "a transitive one by its own name": ({"a.js": "require('deep')"}, "deep", "imported", "Imported at a.js:1."),
    "at many places": (
        {f"{n}.js": "require('left')" for n in "abcdefg"},
        "left",
        "imported",
        "Imported at a.js:1, b.js:1, c.js:1 and further places.",
    ),
    "by tests alone": (
        {"a.js": "", "test/a.js": "require('left')"},
        "left",
        "tests",
        "Only tests or tooling import it: test/a.js:1.",
    ),
    "by a test beside the code": (
        {"src/a.ts": "", "src/a.spec.ts": "import 'left'"},
        "left",
        "tests",
        "Only tests or tooling import it: src/a.spec.ts:1.",
    ),
    "by tests, through what needs it": (
        {"a.js": "", "webpack.config.js": "require('way')"},
        "deep",
        "tests",
        "Only tests or tooling import way 1.0.0, which needs it: webpack.config.js:1.",
    ),
    "nowhere": ({"a.js": "x()"}, "left", "not_imported", "No code here imports it, or a package that needs it."),
    "nowhere, nor what needs it": (
        {"a.js": ""},
        "deep",
        "not_imported",
        "No code here imports it, or a package that needs it.",
    ),
    "a type alone": (
        {"a.ts": "import type { A } from 'left'"},
        "left",
        "not_imported",
        "No code here imports it, or a package that needs it.",
    ),
    "another that begins so": (
        {"a.js": "require('left-pad'); require('@s/left')"},
        "left",
        "not_imported",
        "No code here imports it, or a package that needs it.",
    ),
    "an alias of an own file": (
        {
            "a.ts": "import x from 'left'; import y from 'left/deep'",
            "tsconfig.json": '{ "compilerOptions": { "paths": { "left": ["./src/left.ts"], "left/*": ["./src/*"] } } }',
        },
        "left",
        "not_imported",
        "No code here imports it, or a package that needs it.",
    ),
    "for development": (
        {"a.js": "require(name)"},
        "wrench",
        "not_imported",
        "No code here imports it, or a package that needs it. It is there for development alone.",
    ),
    "for development and used": ({"src/a.js": "import 'tool'"}, "tool", "imported", "Imported at src/a.js:1."),
    "worked out at run time": (
        {"a.js": "\nrequire(name)"},
        "left",
        "unknown",
        "Not known to be imported: a.js:2 loads code by names that are worked out at run time.",
    ),
    "worked out by tests": (
        {"a.js": "", "test/a.js": "require(name)"},
        "left",
        "not_imported",
        "No code here imports it, or a package that needs it.",
    ),
    "worked out, and by tests": (
        {"a.js": "require(name)", "test/a.js": "require('left')"},
        "left",
        "unknown",
        "Not known to be imported: a.js:1 loads code by names that are worked out at run time. Tests or tooling import it at test/a.js:1.",
    ),
    "in a text": ({"a.js": "use('left')"}, "left", "unknown", "Not known to be imported: a.js:1 names it."),
    "in a script that starts": (
        {"a.js": "", "package.json": '{\n"scripts": {\n"start": "left --port 80"}}'},
        "left",
        "unknown",
        "Not known to be imported: package.json:3 names it.",
    ),
    "in a script that tests": (
        {
            "a.js": "",
            "package.json": '{"scripts": {"test": "left"}, "dependencies": {"left": "*", "way": "*"}, "devDependencies": {"tool": "*"}}',
        },
        "left",
        "not_imported",
        "No code here imports it, or a package that needs it.",
    ),
    "in settings of one's own": (
        {"a.js": "", "package.json": '{"shop": {"plug-ins": {"left": "*"}}, "jest": {"preset": "way"}}'},
        "left",
        "unknown",
        "Not known to be imported: package.json:1 names it.",
    ),
    "in settings of a tool": (
        {
            "a.js": "",
            "package.json": '{"jest": {"preset": "left"}, "dependencies": {"left": "*", "way": "*"}, "devDependencies": {"tool": "*"}}',
        },
        "left",
        "not_imported",
        "No code here imports it, or a package that needs it.",
    ),
    "under another name": (
        {"a.js": "require('other')", "package.json": '{"dependencies": {"other": "npm:left@1"}}'},
        "left",
        "unknown",
        "Not known to be imported: package.json:1 names it.",
    ),
    "no code": (
        {"a.css": ""},
        "left",
        "unknown",
        "Not known to be imported: no JavaScript or TypeScript of the project's own was scanned.",
    ),
    "in what is installed": (
        {"a.js": "", "node_modules/way/index.js": "require('left')"},
        "left",
        "not_imported",
        "No code here imports it, or a package that needs it.",
    ),
    "in what a bundler wrote": (
        {"a.js": "", "b.js": "require(n);require('left');" * 2000},
        "left",
        "not_imported",
        "No code here imports it, or a package that needs it.",
    ),
}


@pytest.mark.parametrize(("files", "name", "verdict", "sentence"), NODE.values(), ids=NODE.keys())
def test_node(told, files, name, verdict, sentence):
    assert both(told({"package-lock.json": NPM, **files}, name, ecosystem="npm")) == (verdict, sentence)


PYTHON = {
    "imported by its module's name": ({"app/a.py": "import yaml"}, "pyyaml", "imported", "Imported at app/a.py:1."),
    "by what needs it": (
        {"app/a.py": "from requests import get"},
        "urllib3",
        "imported",
        "requests 1.0.0, which needs it, is imported at app/a.py:1.",
    ),
    "by tests alone": (
        {"app/a.py": "", "tests/test_a.py": "import yaml"},
        "pyyaml",
        "tests",
        "Only tests or tooling import it: tests/test_a.py:1.",
    ),
    "nowhere": (
        {"app/a.py": "import os"},
        "pyyaml",
        "not_imported",
        "No code here imports it, or a package that needs it.",
    ),
    "for types alone": (
        {"app/a.py": "if TYPE_CHECKING:\n    import yaml\n"},
        "pyyaml",
        "not_imported",
        "No code here imports it, or a package that needs it.",
    ),
    "in a comment and in prose": (
        {"app/a.py": '"""We import yaml no more."""\n# import yaml\n'},
        "pyyaml",
        "not_imported",
        "No code here imports it, or a package that needs it.",
    ),
    "worked out at run time": (
        {"app/a.py": "import_module(name)"},
        "pyyaml",
        "unknown",
        "Not known to be imported: app/a.py:1 loads code by names that are worked out at run time.",
    ),
    "by a function": ({"app/a.py": "import_module('yaml')"}, "pyyaml", "imported", "Imported at app/a.py:1."),
    "in a list of settings": (
        {"app/a.py": "APPS = [\n'yaml.apps']"},
        "pyyaml",
        "unknown",
        "Not known to be imported: app/a.py:2 names it.",
    ),
    "in what starts it": (
        {"app/a.py": "", "Procfile": "web: x\nworker: requests run"},
        "urllib3",
        "unknown",
        "Not known to be imported: requests 1.0.0 needs it, and of that Procfile:2 names it.",
    ),
    "in what checks it": (
        {"app/a.py": "", ".github/workflows/a.yml": "run: pip install pyyaml"},
        "pyyaml",
        "not_imported",
        "No code here imports it, or a package that needs it.",
    ),
    "for development": (
        {"app/a.py": "", "setup.py": "import PIL"},
        "pillow",
        "tests",
        "Only tests or tooling import it: setup.py:1.",
    ),
}


@pytest.mark.parametrize(("files", "name", "verdict", "sentence"), PYTHON.values(), ids=PYTHON.keys())
def test_python(told, files, name, verdict, sentence):
    assert both(told({"uv.lock": UV, **files}, name, ecosystem="PyPI")) == (verdict, sentence)


OTHERS = {
    "Go": (
        "go.mod",
        GO,
        {"a.go": 'package a\nimport "example.org/left/b"'},
        "example.org/left",
        "imported",
        "Imported at a.go:2.",
    ),
    "Go, the longest module wins": (
        "go.mod",
        GO,
        {"a.go": 'package a\nimport "example.org/left/v2/b"'},
        "example.org/left",
        "unknown",
        "Not known to be imported: go.mod does not say which packages need it.",
    ),
    "Go, by tests": (
        "go.mod",
        GO,
        {"a.go": "package a", "a_test.go": 'package a\nimport "example.org/left"'},
        "example.org/left",
        "unknown",
        "Not known to be imported: go.mod does not say which packages need it. Tests or tooling import it at a_test.go:2.",
    ),
    "Go, vendored code is not own": (
        "go.mod",
        GO,
        {"a.go": "package a", "vendor/x/x.go": 'package x\nimport "example.org/left"'},
        "example.org/left",
        "unknown",
        "Not known to be imported: go.mod does not say which packages need it.",
    ),
    "Java": (
        "pom.xml",
        POM,
        {"src/main/java/A.java": "import com.fasterxml.jackson.databind.ObjectMapper;"},
        "com.fasterxml.jackson.core:jackson-databind",
        "imported",
        "Imported at src/main/java/A.java:1.",
    ),
    "Java, another of the group": (
        "pom.xml",
        POM,
        {"src/main/java/A.java": "import com.fasterxml.jackson.core.JsonParser;"},
        "com.fasterxml.jackson.core:jackson-databind",
        "unknown",
        "Not known to be imported: pom.xml does not say which packages need it.",
    ),
    "Java, by tests": (
        "pom.xml",
        POM,
        {"src/main/java/A.java": "", "src/test/java/B.java": "import org.yaml.snakeyaml.Yaml;"},
        "org.yaml:snakeyaml",
        "tests",
        "Only tests or tooling import it: src/test/java/B.java:1.",
    ),
    "pip without a word on who asked": (
        "requirements.txt",
        "pyyaml==1.0.0\n",
        {"a.py": ""},
        "pyyaml",
        "unknown",
        "Not known to be imported: requirements.txt does not say which packages need it.",
    ),
    "pip, imported": (
        "requirements.txt",
        "pyyaml==1.0.0\n",
        {"a.py": "import yaml"},
        "pyyaml",
        "imported",
        "Imported at a.py:1.",
    ),
    "pip-compile": (
        "requirements.txt",
        COMPILED,
        {"a.py": "import requests"},
        "urllib3",
        "imported",
        "requests 1.0.0, which needs it, is imported at a.py:1.",
    ),
    "pip-compile, imported nowhere": (
        "requirements.txt",
        COMPILED,
        {"a.py": ""},
        "urllib3",
        "not_imported",
        "No code here imports it, or a package that needs it.",
    ),
    "a name that tells nothing of its modules": (
        "requirements.txt",
        COMPILED,
        {"a.py": ""},
        "left",
        "unknown",
        "Not known to be imported: nothing tells what its modules are called.",
    ),
}


@pytest.mark.parametrize(("lock", "text", "files", "name", "verdict", "sentence"), OTHERS.values(), ids=OTHERS.keys())
def test_other_lockfiles(told, lock, text, files, name, verdict, sentence):
    assert both(told({lock: text, **files}, name, ecosystem=ECOSYSTEM[lock])) == (verdict, sentence)


def test_code_belongs_to_the_nearest_lockfile_that_has_the_package(told):
    files = {"one/package-lock.json": NPM, "one/a.js": "", "two/a.js": "require('left')"}
    assert both(told(files, "left", ecosystem="npm"))[1] == (
        "Not known to be imported: code outside of its lockfile's folder imports it (two/a.js:1)."
    )


def test_each_of_two_lockfiles_answers_for_its_own_code(record, database):
    newer = NPM.replace("1.0.0", "1.0.1")
    source = Twice(
        {"package-lock.json": NPM, "a.js": "", "one/package-lock.json": newer, "one/a.js": "require('left')"}
    )
    made = database(record("CVE-1", "left", spans=(("0", None),)))
    found = {f.package.version: f.reachability for f in scan(source, [PackageDetector(made)], triggers=EMPTY).findings}
    assert {v: t.verdict.value for v, t in found.items()} == {"1.0.0": "not_imported", "1.0.1": "imported"}


def test_a_lockfile_in_a_folder_without_code_is_for_the_code_above(told):
    files = {"requirements/base.txt": "pyyaml==1.0.0\n", "app/a.py": "import yaml"}
    assert told(files, "pyyaml", ecosystem="PyPI").verdict is Reach.IMPORTED


def test_an_import_gets_the_version_that_the_project_asks_for(record, database):
    lock = json.loads(NPM)
    lock["packages"]["node_modules/way/node_modules/left"] = {"version": "0.5.0"}
    lock["packages"]["node_modules/way"]["dependencies"] = {"left": "*"}
    made = database(record("CVE-1", "left", spans=(("0", None),)))
    source = Twice({"package-lock.json": json.dumps(lock), "a.js": "require('left')"})
    found = {f.package.version: f.reachability for f in scan(source, [PackageDetector(made)], triggers=EMPTY).findings}
    assert {version: told.verdict.value for version, told in found.items()} == {
        "1.0.0": "imported",
        "0.5.0": "not_imported",
    }


def test_what_nobody_asks_for_may_have_its_uses(told):
    lock = json.loads(NPM)
    lock["packages"]["node_modules/nodemon"] = {"version": "1.0.0", "dependencies": {"other": "*"}}
    lock["packages"]["node_modules/other"] = {"version": "1.0.0", "dependencies": {"nodemon": "*"}}
    assert both(told({"package-lock.json": json.dumps(lock), "a.js": ""}, "nodemon", ecosystem="npm"))[1] == (
        "Not known to be imported: it runs without being imported, as commands, servers and drivers do."
    )


def test_what_could_not_be_read_might_import_it(told):
    assert both(told({"package-lock.json": NPM, "a.js": ""}, "left", ecosystem="npm", skipped=("big.js",))) == (
        "unknown",
        "Not known to be imported: big.js could not be read.",
    )
    assert (
        told({"package-lock.json": NPM, "a.js": ""}, "left", ecosystem="npm", skipped=("big.py",)).verdict
        is Reach.NOT_IMPORTED
    )


def test_installed_metadata_says_what_modules_are_called(told):
    files = {
        "uv.lock": UV.replace("pyyaml", "odd-name"),
        "venv/lib/python3.11/site-packages/odd_name-1.0.0.dist-info/RECORD": (
            "odd_name-1.0.0.dist-info/METADATA,,\nstrange/__init__.py,,\nspace/inner/__init__.py,,\nspace/inner/b.py,,\n__pycache__/x.py,,\n"
        ),
        "a.py": "",
    }
    assert told(files, "odd-name", ecosystem="PyPI").verdict is Reach.NOT_IMPORTED
    assert told({**files, "a.py": "import strange.b"}, "odd-name", ecosystem="PyPI").verdict is Reach.IMPORTED
    assert told({**files, "a.py": "from space import inner"}, "odd-name", ecosystem="PyPI").verdict is Reach.IMPORTED
    assert told({**files, "a.py": "import space.outer"}, "odd-name", ecosystem="PyPI").verdict is Reach.NOT_IMPORTED


def test_what_lies_in_an_archive_is_not_for_the_code_around_it(told):
    files = {"a.js": "require('left')"}
    assert told({"b.zip!/package-lock.json": NPM, **files}, "left", ecosystem="npm") is None
    assert told({"b.zip!/package-lock.json": NPM, "package-lock.json": NPM, **files}, "left", ecosystem="npm").places


def test_nothing_is_read_again_where_nothing_is_vulnerable(record, database):
    source = Twice({"package-lock.json": NPM, "a.js": "require('left')"})
    scan(source, [PackageDetector(database(record("CVE-1", "none")))], triggers=EMPTY)
    assert source.asked == []


def test_only_code_of_what_is_vulnerable_is_read_again(record, database):
    files = {
        "package-lock.json": NPM,
        "a.js": "",
        "b.py": "",
        "node_modules/left/index.js": "",
        "c.md": "",
        "tsconfig.json": "{}",
    }
    source = Twice(files)
    scan(source, [PackageDetector(database(record("CVE-1", spans=(("0", None),))))], triggers=EMPTY)
    assert source.asked == ["tsconfig.json", "a.js"]


def test_a_source_that_cannot_be_asked_again_says_nothing(record, database):
    made = database(record("CVE-1", spans=(("0", None),)))
    report = scan(iter(Twice({"package-lock.json": NPM, "a.js": ""})), [PackageDetector(made)], triggers=EMPTY)
    assert [finding.reachability for finding in report.findings] == [None]


def test_a_source_that_breaks_off_the_second_time_costs_no_finding(record, database):
    class Gone(Twice):
        def again(self, paths):
            raise OSError(str(paths))

    made = database(record("CVE-1", spans=(("0", None),)))
    report = scan(Gone({"package-lock.json": NPM, "a.js": ""}), [PackageDetector(made)], triggers=EMPTY)
    assert ([finding.reachability for finding in report.findings], report.errors) == ([None], ())


def test_the_same_whatever_the_order_of_the_files(record, database):
    files = {"package-lock.json": NPM, **{f"{n}/a.js": "require('left')" for n in "abcdefghij"}}

    def sentence(source):
        made = database(record("CVE-1", spans=(("0", None),)))
        return scan(source, [PackageDetector(made)], triggers=EMPTY).findings[0].reachability

    turned = Twice(files)
    turned.files.reverse()
    assert sentence(turned).verdict is sentence(Twice(files)).verdict


def test_reports_carry_it(record, database):
    made = database(record("CVE-1", spans=(("0", None),)))
    report = scan(Twice({"package-lock.json": NPM, "a.js": "require('left')"}), [PackageDetector(made)], triggers=EMPTY)
    (finding,) = wire.read(io.BytesIO(wire.dump(report))).findings
    assert finding.reachability == report.findings[0].reachability
    assert finding.reachability.places == (Location(path="a.js", line=1, end_line=1),)
    assert plain.facts(finding)["reachability"]["verdict"] == "imported"
