"""Source code that somebody wrote to be read for ever: every reader ends, soon, and says what it left out."""

import time
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vallum_engine.syntax.code import MOST_IMPORTS, language_of

READERS = ("python", "javascript", "golang", "java")
SIZE = 100_000
SECONDS = 5
"""On a busy machine; what is quadratic takes minutes."""
PIECES = {
    "imports": b"import a\nfrom b import c\nimport 'd'\nimport a.b.C;\n",
    "imports without a line's end": b"import a;",
    "import and nothing": b"import ",
    "from and nothing": b"from ",
    "lists that never end": b"import (",
    "from with a list that never ends": b"from a import (",
    "dots": b".",
    "names and dots": b"a.b.",
    "double quotes": b'"',
    "single quotes": b"'",
    "backticks": b"`",
    "three quotes": b'"""',
    "backslashes": b"\\",
    "escaped quotes": b'\\"',
    "continued lines": b"\\\n",
    "continued statements": b"import \\\n",
    "hashes": b"#",
    "comments that never end": b"/*",
    "slashes": b"/",
    "expressions": b"=/",
    "classes of expressions": b"(/[",
    "holes": b"${",
    "templates in holes": b"`${",
    "braces": b"{",
    "closing braces": b"}",
    "groups": b"import a.{",
    "calls": b"require(",
    "calls by import": b"import(",
    "lists of modules": b"define([",
    "names before lists": b"define('a',",
    "functions": b"import_module(",
    "types": b"import type {type ",
    "blocks of types": b"if TYPE_CHECKING:\n import a\n",
    "blocks in blocks": b"if TYPE_CHECKING:\n ",
    "exports": b"export default 'a' ",
    "spaces": b" ",
    "line ends": b"\n",
    "colons": b":",
    "colons before imports": b": import",
    "scripts": b"<script>",
    "classes by names": b"Class.forName(",
    "bytes": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES.keys())
def test_much_of_the_same_ends_soon(reader, piece):
    read = import_module(f"vallum_engine.syntax.{reader}").read
    source = piece * (SIZE // len(piece))
    started = time.process_time()
    found = read(source)
    list(found.bare.words())
    assert time.process_time() - started < SECONDS
    assert len(found.imports) <= MOST_IMPORTS
    assert len(found.bare.code) == len(source)


@pytest.mark.parametrize(
    ("reader", "line"),
    [
        ("python", "import a{}\n"),
        ("javascript", "import 'a{}'\n"),
        ("golang", 'import "a{}"\n'),
        ("java", "import a.B{};\n"),
    ],
)
def test_more_imports_than_are_kept_are_told(reader, line):
    found = import_module(f"vallum_engine.syntax.{reader}").read("".join(map(line.format, range(30_000))).encode())
    assert (len(found.imports), found.whole) == (MOST_IMPORTS, False)


@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=150, deadline=None)
@given(source=st.lists(st.sampled_from([*PIECES.values(), b"a", b" 'b' ", b"\n"]), max_size=60).map(b"".join))
def test_whatever_it_is_lines_are_of_the_source(reader, source):
    found = import_module(f"vallum_engine.syntax.{reader}").read(source)
    assert len(found.bare.code) == len(source)
    assert all(1 <= line <= source.count(b"\n") + 1 for _, line in found.imports)
    assert found.computed <= source.count(b"\n") + 1


def test_a_language_goes_by_the_ending():
    assert [language_of(path) for path in ("a/b.py", "a.tsx", "a.go", "A.kt", "a.d/b", "py", "a.txt")] == [
        "python",
        "javascript",
        "golang",
        "java",
        "",
        "",
        "",
    ]
