"""Lockfiles made to hurt: the answer is an error for that file, soon, and never a crash or a hang."""

import json
import time

import pytest

from vallum_engine.errors import BrokenData
from vallum_engine.model.file import File
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.sca.lockfiles import entry
from vallum_engine.sca.lockfiles.located_json import MAX_DEPTH

MIX = b"def project do\n[deps: ["
SECONDS = 20
"""Far above what any of these takes, far below what a quadratic reader would."""


def read(path, data):
    detector = PackageDetector(None)
    started = time.process_time()
    try:
        detector.detect(File(path, data), ())
    finally:
        assert time.process_time() - started < SECONDS
    return detector.packages()


def nested_v1(depth):
    return b'{"dependencies": {"a": ' * depth + b"{}" + b"}}" * depth


@pytest.mark.parametrize(
    ("path", "data", "says"),
    [
        pytest.param(
            "package-lock.json", nested_v1(50_000), f"nested more than {MAX_DEPTH} deep", id="npm: dependencies within"
        ),
        pytest.param("package-lock.json", b'{"a":' * 100_000, "nested too deeply", id="npm: objects within"),
        pytest.param("package-lock.json", b"[" * 1_000_000, "{ was expected", id="npm: brackets"),
        pytest.param(
            "package-lock.json", b'{"a": ' + b"9" * 5_000 + b"}", "not valid JSON", id="npm: a number too long"
        ),
        pytest.param("package-lock.json", b"{}{}", "something follows", id="npm: two documents"),
        pytest.param("Pipfile.lock", b'{"default": {"a": []}}', "not an object", id="pipenv: a list for a package"),
        pytest.param("poetry.lock", b"a = " + b"[" * 100_000, "not valid TOML", id="poetry: brackets"),
        pytest.param("poetry.lock", b'a = """\n' * 20_001, "not valid TOML", id="poetry: open strings"),
        pytest.param("uv.lock", b"a = 1\n" * 2, "not valid TOML", id="uv: a key twice"),
        pytest.param("Cargo.lock", b"\x00" * 1000, "not valid TOML", id="cargo: zeros"),
        pytest.param("yarn.lock", b"  version 1\n", "before the first entry", id="yarn: a field alone"),
        pytest.param("pnpm-lock.yaml", b"a: &a [*a,*a]\n" * 1000, "no `lockfileVersion`", id="pnpm: aliases"),
        pytest.param("go.mod", b"require (\n" * 10, "is not closed", id="go: blocks within"),
        pytest.param("requirements.txt", b"a==1\n" * entry.MAX_ENTRIES + b"b==1", "More than", id="pip: too many"),
        pytest.param("pyproject.toml", b"[project]\ndependencies = [", "not valid TOML", id="pyproject: cut off"),
        pytest.param("Cargo.lock", b"package = [1, {}]\n[[package", "not valid TOML", id="cargo: cut off"),
        pytest.param("mix.lock", b"{" * 1000, "nested more than", id="mix: braces"),
        pytest.param("mix.lock", b'%{"a": ' + b":b " * 1_100_000, "more than 1,000,000 terms", id="mix: words"),
        pytest.param("mix.lock", b'%{"a' + b'\\"' * 500_000, "neither a string nor", id="mix: an open string"),
        pytest.param(
            "mix.exs", MIX + b'{:a, "1"},' * 1_000_000, "bytes are more than the limit", id="mix.exs: a million"
        ),
        pytest.param("mix.exs", MIX + b"{:a}," * 30_000, "more than 100,000 words", id="mix.exs: words"),
        pytest.param("mix.exs", MIX + b"[" * 1000, "nested more than", id="mix.exs: brackets"),
        pytest.param("mix.exs", MIX + b'{:a, "~> 1.0"', "is not closed by }", id="mix.exs: cut off"),
        pytest.param("mix.exs", MIX + b"}", "closes nothing", id="mix.exs: another end"),
        pytest.param("mix.exs", MIX + b'"' + b'\\"' * 400_000, 'not closed by "', id="mix.exs: an open string"),
        pytest.param("mix.exs", MIX + b'"#{' * 200_000, "nested more than", id="mix.exs: code in strings"),
        pytest.param("mix.exs", MIX + b'~s("' * 200_000, "not closed by", id="mix.exs: open sigils"),
        pytest.param("rebar.lock", b'[{<<"a">>,}].', "not a name", id="rebar: nothing behind a name"),
        pytest.param("rebar.lock", b"[}", "closes nothing", id="rebar: another end"),
        pytest.param("bun.lock", b'{"packages": {"a": ' + b"[" * 100_000, "nested too deeply", id="bun: brackets"),
        pytest.param("bun.lock", b'{"a' + b'\\"' * 500_000, "not valid JSON", id="bun: an open string"),
        pytest.param("bun.lock", b"/*" * 500_000, "was expected", id="bun: open comments"),
        pytest.param("deno.lock", b'{"npm": {"@": {}}}', "names no package", id="deno: no name"),
        pytest.param("stack.yaml.lock", b"- " * 500_000, "not a line of", id="stack: dashes"),
        pytest.param("uv.lock", b"#" * (entry.MAX_BYTES + 1), "more than the limit", id="too large"),
    ],
)
def test_a_hostile_file_is_broken_data(path, data, says):
    with pytest.raises(BrokenData, match=says):
        read(path, data)


@pytest.mark.parametrize(
    ("path", "data", "count"),
    [
        pytest.param("requirements.txt", b"a==1 \\\n" * 200_000, 0, id="pip: one line of a megabyte"),
        pytest.param(
            "requirements.txt", b"a" * 500_000 + b"==1\n" + b"[" * 500_000, None, id="pip: a name of half a megabyte"
        ),
        pytest.param("requirements.txt", b"a" + b"=" * 200_000, 0, id="pip: nothing but operators"),
        pytest.param("requirements.txt", b"a" + b" <1" * 100_000 + b"!", 0, id="pip: a hundred thousand bounds"),
        pytest.param("requirements.txt", b"a" + b"(" * 200_000, 0, id="pip: brackets"),
        pytest.param("requirements.txt", b"a" + b" " * 200_000 + b"b", 0, id="pip: spaces"),
        pytest.param("requirements.txt", b"a==" + b"@" * 200_000, 0, id="pip: at signs"),
        pytest.param("requirements.txt", b"a," * 200_000, 0, id="pip: commas"),
        pytest.param("requirements.txt", b"-r " + b"a/" * 500_000, 0, id="pip: a file's name of a megabyte"),
        pytest.param("requirements.txt", b"a " + b"-a " * 100_000, 1, id="pip: options"),
        pytest.param("go.mod", b"module " + b'"' * 500_000, 0, id="go: quotes"),
        pytest.param("setup.py", b'print "old"\nsetup(install_requires=["a"])', 0, id="setup.py: of Python 2"),
        pytest.param("setup.py", b"(" * 500_000, 0, id="setup.py: brackets"),
        pytest.param("setup.py", b"a." * 100_000 + b"b", 0, id="setup.py: dots"),
        pytest.param("setup.py", b"setup(install_requires=" + b"-" * 90_000 + b"1)", 0, id="setup.py: signs"),
        pytest.param(
            "setup.cfg", b"[options]\ninstall_requires =" + b"\n  a" * 200_000, 200_000, id="setup.cfg: names"
        ),
        pytest.param("setup.cfg", b"[" * 500_000 + b"=" * 500_000, 0, id="setup.cfg: brackets"),
        pytest.param("Cargo.lock", b'[[package]]\nname = "a"\ndependencies = 1\n', 0, id="cargo: a number"),
        pytest.param(
            "Cargo.toml",
            b"[dependencies]\n" + b"".join(b'a%d = "=1.0.0"\n' % n for n in range(60_000)),
            60_000,
            id="cargo: wishes",
        ),
        pytest.param("vendor/modules.txt", b"# a " + b"=> " * 500_000 + b"v1\na\n", 0, id="go: arrows"),
        pytest.param("mix.exs", MIX + b'{:a,"1"},' * 15_000 + b"]]\nend", 15_000, id="mix.exs: wishes"),
        pytest.param("mix.exs", b"defp deps, do: deps\n" * 15_000, 0, id="mix.exs: functions"),
        pytest.param(
            "mix.exs",
            b"def project, do: [deps: a]\ndefp a, do: " + b"a ++ " * 40_000 + b"a",
            0,
            id="mix.exs: a circle",
        ),
        pytest.param("mix.exs", b"?" * 100_000 + b"#" * 500_000, None, id="mix.exs: letters"),
        pytest.param("cabal.project.freeze", b"constraints:" + b" any.a ==" * 200_000, 0, id="cabal: one line"),
        pytest.param("cabal.project.freeze", b"constraints:" + b",any.a ==1" * 200_000, 200_000, id="cabal: pins"),
        pytest.param("bun.lock", b'{"packages": {}' + b" ," * 500_000 + b"}", None, id="bun: commas"),
        pytest.param("deno.json", b'{"imports": {"a": "npm:' + b"/" * 500_000 + b'"}}', 0, id="deno: slashes"),
        pytest.param("yarn.lock", b'"' + b"a@1, " * 200_000 + b'":\n  version "1"\n', 1, id="yarn: descriptors"),
        pytest.param(
            "yarn.lock", b"a@1:\n  version" + b" " * 200_000 + b'"1"0\n', 0, id="yarn: spaces before what is no value"
        ),
        pytest.param(
            "pnpm-lock.yaml",
            b"lockfileVersion: 5\npackages:\n  /" + b"a/" * 100_000 + b"1.0.0:\n  /" + b"a@(" * 100_000 + b"1:\n",
            None,
            id="pnpm: long keys",
        ),
        pytest.param(
            "package-lock.json",
            json.dumps({"packages": {f"node_modules/p{n}": {"version": "1.0.0"} for n in range(100_000)}}).encode(),
            100_000,
            id="npm: a hundred thousand entries on one line",
        ),
        pytest.param(
            "Cargo.lock",
            b'[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "r"\n' * 5_000,
            5_000,
            id="cargo: entries",
        ),
    ],
)
def test_a_large_or_odd_file_is_read_in_time(path, data, count):
    try:
        packages = read(path, data)
    except BrokenData as error:
        assert count is None, error  # noqa: PT017 - either outcome will do, only not a hang
    else:
        assert count is None or len(packages) == count
