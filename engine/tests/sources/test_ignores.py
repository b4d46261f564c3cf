"""Ignore patterns mean here what git means by them: git itself is the oracle."""

import subprocess
import time

import pytest

from vallum_engine.sources import ignores
from vallum_engine.sources.ignores import IgnoreFile

PATHS = [
    "a",
    "b",
    "foo",
    "bar",
    "a/foo",
    "a/b",
    "a/b/c",
    "a/b/c/foo",
    "foo/bar",
    "x/foo/bar",
    "foo.log",
    "a/foo.log",
    "a/b.log",
    "build/x",
    "src/build/x",
    "doc/frotz/x",
    "a/doc/frotz/x",
    ".hidden",
    "a/.hidden",
    "Foo",
    "foo bar",
    "foo ",
    "#x",
    "!x",
    "f[x]",
    "fx",
    "f*x",
    "abc/def/ghi",
    "abc/ghi",
    "b/abc/ghi",
    "cache.pyc",
    "cache.pyo",
    "cache.py",
    "ä/ö",
    "a-b",
    "a]b",
    "foo\\bar",
]

# Of `?` before a letter outside ASCII git takes one byte; here it takes the letter. That is the one difference known.
PATTERNS = [
    "foo",
    "/foo",
    "foo/",
    "/foo/",
    "*.log",
    "/*.log",
    "a/*.log",
    "**/foo",
    "a/**",
    "a/**/foo",
    "**/b/**",
    "abc/**/ghi",
    "build/",
    "/build/",
    "doc/frotz",
    "/doc/frotz/",
    "doc/frotz/",
    "*",
    "/*",
    "*/",
    "**",
    "**/",
    "/**",
    "a/*",
    "a/*/c",
    "*.py[co]",
    "*.py[!co]",
    "*.py[^co]",
    "[ab]",
    "fo?",
    "a?b",
    "f?x",
    "f[[]x]",
    "f\\[x]",
    "f\\*x",
    "\\#x",
    "\\!x",
    "#x",
    "foo\\ ",
    "foo ",
    "foo\\ bar",
    "foo*bar",
    "foo**",
    "a**b",
    "**foo",
    "F[a-z]o",
    "[A-Z]oo",
    "ä",
    "ä/",
    "*/ö",
    ".*",
    "a-b",
    "[a-]-b",
    "a[]]b",
    "!foo",
    "foo\n!foo",
    "*\n!foo",
    "*\n!*/",
    "*\n!*/\n!foo",
    "a/\n!a/foo",
    "a/*\n!a/foo",
    "/a\n/b\n!/a",
    "foo\\",
    "",
    "/",
    "//",
    "a//b",
    "./foo",
    "../foo",
    "[",
    "[a",
    "a[",
    "[]",
    "[!]",
    "  ",
    "foo\t",
    "\\f\\o\\o",
    "x/**/**/bar",
    "**/**/foo",
    "a/**/**",
]


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", root], check=True)
    subprocess.run(["git", "-C", root, "config", "core.ignorecase", "false"], check=True)
    return root


def by_git(root, patterns):
    (root / ".gitignore").write_text(patterns + "\n")
    command = ["git", "-C", root, "check-ignore", "--no-index", "-z", "--stdin"]
    asked = "\0".join(PATHS) + "\0"
    done = subprocess.run(command, input=asked.encode(), capture_output=True, check=False)
    return {path for path in done.stdout.decode().split("\0") if path}


def by_us(patterns):
    files = (IgnoreFile(name=".gitignore", depth=0, patterns=ignores.parse((patterns + "\n").encode())),)
    hidden = set()
    for path in PATHS:
        parts = tuple(path.split("/"))
        folders = (ignores.hidden_by(files, parts[:depth], folder=True) for depth in range(1, len(parts)))
        if any(folders) or ignores.hidden_by(files, parts, folder=False):
            hidden.add(path)
    return hidden


@pytest.mark.parametrize("patterns", PATTERNS, ids=repr)
def test_a_pattern_hides_what_git_hides(repository, patterns):
    assert by_us(patterns) == by_git(repository, patterns)


def test_the_line_that_hides_is_named():
    files = (IgnoreFile(name="x/.vallumignore", depth=1, patterns=ignores.parse(b"# reason\n\n*.log\n")),)
    assert ignores.hidden_by(files, ("x", "y.log"), folder=False) == "x/.vallumignore:3"


def test_a_deeper_file_wins():
    outer = IgnoreFile(name=".gitignore", depth=0, patterns=ignores.parse(b"*.log"))
    inner = IgnoreFile(name="a/.gitignore", depth=1, patterns=ignores.parse(b"!keep.log"))
    assert ignores.hidden_by((outer, inner), ("a", "keep.log"), folder=False) == ""
    assert ignores.hidden_by((outer, inner), ("a", "other.log"), folder=False) == ".gitignore:1"


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("*a" * 60 + "b", id="stars in one name"),
        pytest.param("**/a/" * 60 + "b", id="stars over folders"),
        pytest.param("*/" * 60 + "b", id="a star in every folder"),
        pytest.param("[a-z" * 500, id="open classes"),
    ],
)
def test_no_pattern_is_slow(pattern):
    files = (IgnoreFile(name="f", depth=0, patterns=ignores.parse(pattern.encode())),)
    started = time.process_time()
    ignores.hidden_by(files, ("a" * 255,), folder=False)
    ignores.hidden_by(files, ("a",) * 100, folder=False)
    assert time.process_time() - started < 0.5
