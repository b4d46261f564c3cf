"""What Go imports, and what only looks like it."""

import pytest

from vallum_engine.syntax.golang import read

IMPORTS = {
    "one": ('import "a/b"', ["a/b"]),
    "after the package": ('package a\n\nimport "b"\n', ["b"]),
    "a list": ('import (\n\t"a"\n\t"b/c"\n)', ["a", "b/c"]),
    "an empty list": ("import ()", []),
    "two lists": ('import ("a")\nimport ("b")', ["a", "b"]),
    "another name": ('import x "a/b"', ["a/b"]),
    "another name in a list": ('import (\n x "a"\n)', ["a"]),
    "for its effects": ('import _ "a"', ["a"]),
    "into the file": ('import . "a"', ["a"]),
    "into the file without a space": ('import ."a"', ["a"]),
    "without a space": ('import"a"', ["a"]),
    "a list without a space": ('import("a";"b")', ["a", "b"]),
    "a raw text": ("import `a/b`", ["a/b"]),
    "over lines": ('import\n"a"', ["a"]),
    "a version": ('import "a/v2/b"', ["a/v2/b"]),
    "a host": ('import "github.com/a/b-c/d.e"', ["github.com/a/b-c/d.e"]),
    "a comment in a list": ('import (\n // "a"\n "b" // "c"\n /* "d" */\n)', ["b"]),
    "comments between": ('import /* x */ "a" // y', ["a"]),
    "C": ('import "C"', []),
    "C in a list": ('import (\n"C"\n"a"\n)', ["a"]),
    "relative": ('import "./a"', []),
    "a comment": ('// import "a"\n/*\nimport "b"\n*/', []),
    "a text": ('x := "import \\"a\\""', []),
    "a raw text over lines": ('x := `\nimport "a"\n`', []),
    "a quote as a rune": ('r := \'"\'\nimport "a"', ["a"]),
    "an escaped rune": ("r := '\\''\nimport \"a\"", ["a"]),
    "a backslash before a quote": ('x := "a\\\\"\nimport "b"', ["b"]),
    "a name that begins so": ('important := "a"', []),
    "a label": ('x.import "a"', []),
    "a list that never ends": ('import ("a"\n"b"', ["a", "b"]),
    "a text that never ends": ('import "a', ["a"]),
    "a raw text that never ends": ('import "a"\nx := `import "b"', ["a"]),
    "a comment that never ends": ('import "a" /* import "b"', ["a"]),
    "carriage returns": ('import (\r\n\t"a"\r\n\t"b"\r\n)\r\n', ["a", "b"]),
    "after a semicolon": ('package a; import "b"', ["b"]),
    "an empty path": ('import ""', []),
    "a byte order mark before the package": ('\ufeffpackage a\nimport "b"', ["b"]),
    "tabs": ('\timport\t"a"', ["a"]),
    "a name with a dot": ('import yaml "gopkg.in/yaml.v2"', ["gopkg.in/yaml.v2"]),
    "an embedded text": ('//go:embed "a"\nvar b string', []),
    "a tag of a struct": ('type A struct {\n B int `import:"a"`\n}', []),
    "nothing": ("", []),
}

APART = {
    "of tools": ("//go:build tools\n\npackage a", True),
    "of tools, as it was": ("// +build tools\n\npackage a", True),
    "of nothing": ("//go:build ignore\n\npackage a", True),
    "of a system": ("//go:build linux\n\npackage a", False),
    "without tools": ("//go:build !tools\n\npackage a", False),
    "after the package": ("package a\n\n//go:build tools\n", False),
}


@pytest.mark.parametrize(("source", "expected"), IMPORTS.values(), ids=IMPORTS.keys())
def test_paths_in_their_order(source, expected):
    found = read(source.encode())
    assert [name for name, _ in found.imports] == expected
    assert not found.computed


@pytest.mark.parametrize(("source", "expected"), APART.values(), ids=APART.keys())
def test_files_that_are_in_no_build(source, expected):
    assert read(source.encode()).apart is expected


def test_lines_are_those_of_the_paths():
    assert read(b'package a\n\nimport (\n\t"b"\n\n\t"c"\n)\n').imports == [("b", 4), ("c", 6)]


def test_a_plug_in_is_loaded_by_a_name_that_nobody_knows():
    assert read(b"package a\n\nfunc b() { plugin.Open(name) }\n").computed == 3
