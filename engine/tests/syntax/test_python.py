"""What Python imports, and what only looks like it."""

import pytest

from vallum_engine.syntax.python import read

IMPORTS = {
    "a module": ("import yaml", ["yaml"]),
    "a module of a package": ("import a.b.c", ["a.b.c"]),
    "several": ("import a, b.c, d", ["a", "b.c", "d"]),
    "another name": ("import numpy as np, yaml as y", ["numpy", "yaml"]),
    "from": ("from a import b", ["a", "a.b"]),
    "from a package": ("from a.b import c", ["a.b", "a.b.c"]),
    "from with other names": ("from a import b as c, d as e", ["a", "a.b", "a.d"]),
    "everything": ("from a import *", ["a"]),
    "in parentheses": ("from a import (\n    b,\n    c as d,\n)", ["a", "a.b", "a.c"]),
    "parentheses without a space": ("from a import(b)", ["a", "a.b"]),
    "comments in parentheses": ("from a import (b,  # , x\n c)", ["a", "a.b", "a.c"]),
    "a parenthesis that never ends": ("from a import (b, c", ["a", "a.b", "a.c"]),
    "continued": ("import a \\\n  , b", ["a", "b"]),
    "continued after from": ("from a \\\n import b", ["a", "a.b"]),
    "continued with carriage returns": ("from a \\\r\n import b\r\nimport c\r\n", ["a", "a.b", "c"]),
    "tabs": ("import\ta\nfrom\tb\timport\tc", ["a", "b", "b.c"]),
    "spaces around dots": ("import a . b", ["a.b"]),
    "two on a line": ("import a; import b;import c", ["a", "b", "c"]),
    "after a colon": ("try: import a\nexcept ImportError: import b", ["a", "b"]),
    "in a function": ("def f():\n\n    import a\n\tfrom b import c", ["a", "b", "b.c"]),
    "in a class on one line": ("class A: from a import b", ["a", "a.b"]),
    "optional": ("try:\n    import ujson as json\nexcept ImportError:\n    import json", ["ujson", "json"]),
    "the future": ("from __future__ import annotations", ["__future__", "__future__.annotations"]),
    "relative": ("from . import a\nfrom .b import c\nfrom ..d.e import f\nfrom ... import g", []),
    "relative without a space": ("from.a import b", []),
    "a comment": ("# import a\nx = 1  # import b", []),
    "a text": ("x = 'import a'\ny = \"import b\"", []),
    "a docstring": ('"""\nimport a\n"""\nimport b', ["b"]),
    "a text in single quotes over lines": ("'''\nfrom a import b\n'''", []),
    "a quote in a docstring": ('"""It\'s "so":\nimport a\n"""\nimport b', ["b"]),
    "an escaped quote": ("s = 'it\\'s'; import a", ["a"]),
    "an escaped backslash": ("s = 'a\\\\'; import b", ["b"]),
    "a text that never ends": ("s = 'import a\nimport b", ["b"]),
    "a docstring that never ends": ('"""\nimport a', []),
    "a hash in a text": ("s = '#'; import a", ["a"]),
    "raise from": ("raise A from b\nyield from c", []),
    "a name that begins so": ("important = 1\nfrom_x = 2\nimport_module = 3", []),
    "an attribute": ("x.import_ = 1", []),
    "for types only": ("if TYPE_CHECKING:\n    import a\n\n    from b import c\nimport d", ["d"]),
    "for types only, by typing": ("if typing.TYPE_CHECKING:\n    import a\nelse:\n    import b", ["b"]),
    "for types only, on one line": ("if TYPE_CHECKING: import a\nimport b", ["b"]),
    "for types in a function": ("def f():\n    if TYPE_CHECKING:\n        import a\n    import b", ["b"]),
    "for types only, otherwise": ("if x:\n    import a\nelif TYPE_CHECKING:\n    import b", ["a"]),
    "names that end so": ("if possible_import is last_import: pass\nx.import is y", []),
    "three on a line": ("x = 1; import a; y: int = 2; import b", ["a", "b"]),
    "by a function": ("importlib.import_module('a.b')", ["a.b"]),
    "by a function with double quotes": ('import_module("a")', ["a"]),
    "by the built-in function": ("__import__('a')", ["a"]),
    "by a framework's function": ("import_string('a.b.C')", ["a.b.C"]),
    "by a function, relative": ("import_module('.a', package=__name__)", []),
    "by a function, of its own package": ("import_module(__name__ + '.a')\nimport_module(__package__)", []),
    "by a function, the module known": ("import_module('a.' + b)\nimport_module(f'c.{d}')", ["a", "c"]),
    "a reference of an entry point": ("resolve_name('a.b:c')", ["a.b.c"]),
    "bytes that are no UTF-8": ("# \udcff\nimport a", ["a"]),
    "a byte order mark": ("\ufeffimport a\nimport b", ["a", "b"]),
    "nothing": ("", []),
}

COMPUTED = {
    "a variable": "import_module(name)",
    "an attribute": "importlib.import_module(self.name)",
    "the built-in function": "__import__(name)",
    "a text with nothing known": "import_module(f'{name}.a')",
    "a text that is completed": "import_module('plug_' + name)",
    "a text that is filled": "import_module('%s' % name)",
    "entry points": "entry_points(group='a')",
    "entry points of setuptools": "pkg_resources.iter_entry_points('a')",
    "over lines": "import_module(\n    name\n)",
}


def names(source):
    return [name for name, _ in read(source.encode("utf-8", "surrogateescape")).imports]


@pytest.mark.parametrize(("source", "expected"), IMPORTS.values(), ids=IMPORTS.keys())
def test_names_in_their_order(source, expected):
    assert names(source) == expected
    assert not read(source.encode("utf-8", "surrogateescape")).computed


@pytest.mark.parametrize("source", COMPUTED.values(), ids=COMPUTED.keys())
def test_what_is_worked_out_at_run_time_is_said(source):
    found = read(f"\n\n{source}\n".encode())
    assert (found.computed, found.imports) == (3, [])


def test_lines_are_those_of_the_statement():
    source = b"import a\n\nfrom b import (\n  c,\n)\nif x:\n    import d; import e\n__import__('f')\n"
    assert [(n, line) for n, line in read(source).imports if "." not in n] == [
        ("a", 1),
        ("b", 3),
        ("d", 7),
        ("e", 7),
        ("f", 8),
    ]


def test_texts_of_one_word_are_told():
    found = read(b"APPS = ['corsheaders', \"rest_framework\", 'two words', '''b.c''']  # 'no'\n")
    assert [word for word, _ in found.bare.words()] == ["corsheaders", "rest_framework", "b.c"]
