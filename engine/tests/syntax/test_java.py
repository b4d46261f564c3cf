"""What Java, Kotlin, Groovy and Scala import, and what only looks like it."""

import pytest

from vallum_engine.syntax.java import read

IMPORTS = {
    "a class": ("import a.b.C;", ["a.b.C"]),
    "after the package": ("package x.y.z;\nimport a.b.C;", ["a.b.C"]),
    "a package": ("import a.b.*;", ["a.b"]),
    "a package of one name": ("import a.*;", ["a"]),
    "a member": ("import static a.b.C.d;", ["a.b.C.d"]),
    "all members": ("import static a.b.C.*;", ["a.b.C"]),
    "an inner class": ("import a.b.C.D;", ["a.b.C.D"]),
    "spaces around dots": ("import a . b .\n C;", ["a.b.C"]),
    "many spaces": ("import    static   a.b.C.d ;", ["a.b.C.d"]),
    "two on a line": ("import a.b.C; import d.e.F;", ["a.b.C", "d.e.F"]),
    "without a semicolon": ("import a.b.C\nimport d.e.F\n", ["a.b.C", "d.e.F"]),
    "Kotlin's other name": ("import a.b.C as D", ["a.b.C"]),
    "Kotlin's quoted name": ("import a.b.`in`.C", ["a.b.in.C"]),
    "a function of Kotlin": ("import a.b.c", ["a.b.c"]),
    "Scala's group": ("import a.b.{C, D => E, F}", ["a.b.C", "a.b.D", "a.b.F"]),
    "Scala's everything": ("import a.b._", ["a.b._"]),
    "Scala's group of one name": ("import a.{B, C}", ["a"]),
    "a name written out": ("a.b.C x = new a.b.C();", ["a.b.C", "a.b.C"]),
    "an annotation written out": ("@a.b.C class D {}", ["a.b.C"]),
    "a generic written out": ("List<a.b.C> x;", ["a.b.C"]),
    "a cast written out": ("(a.b.C) x", ["a.b.C"]),
    "digits and underscores": ("import a1.b_2.C3;", ["a1.b_2.C3"]),
    "a dollar": ("import a.b.C$D;", ["a.b.C$D"]),
    "a call": ("x.y();", []),
    "a class of the same package": ("C.d();", []),
    "the package alone": ("package a.b.c;", []),
    "a comment": ("// import a.b.C;\n/* import d.e.F; */", []),
    "documentation": ("/**\n * {@link a.b.C}\n */\nclass D {}", []),
    "a text": ('String x = "import a.b.C;";', []),
    "a text block": ('String x = """\nimport a.b.C;\n""";\nimport d.e.F;', ["d.e.F"]),
    "a text in single quotes": ("def x = 'import a.b.C'", []),
    "a quote as a character": ("char c = '\"'; import a.b.C;", ["a.b.C"]),
    "an escaped quote": ('x = "\\""; import a.b.C;', ["a.b.C"]),
    "an escaped character": ("char c = '\\''; import a.b.C;", ["a.b.C"]),
    "a text that never ends": ('x = "a\nimport b.c.D;', ["b.c.D"]),
    "a comment that never ends": ("import a.b.C; /* import d.e.F;", ["a.b.C"]),
    "a name that begins so": ("importer.a.b();", ["importer.a.b"]),
    "carriage returns": ("import a.b.C;\r\nimport d.e.F;\r\n", ["a.b.C", "d.e.F"]),
    "after a comment": ("/* x */ import a.b.C; // y", ["a.b.C"]),
    "a class by its name": ('Class.forName("a.b.C")', ["a.b.C"]),
    "a class by a loader": ('loader.loadClass("a.b.C")', ["a.b.C"]),
    "a chain of upper case": ("System.out.println()", []),
    "nothing": ("", []),
}

COMPUTED = {
    "a class by a variable": "Class.forName(name)",
    "a class by a call": "Class.forName(config.get())",
    "a loader": "loader.loadClass(name)",
    "services": "ServiceLoader.load(Service.class)",
    "services that are installed": "ServiceLoader.loadInstalled(Service.class)",
}


@pytest.mark.parametrize(("source", "expected"), IMPORTS.values(), ids=IMPORTS.keys())
def test_names_in_their_order(source, expected):
    found = read(source.encode())
    assert [name for name, _ in found.imports] == expected
    assert not found.computed


@pytest.mark.parametrize("source", COMPUTED.values(), ids=COMPUTED.keys())
def test_what_is_worked_out_at_run_time_is_said(source):
    assert read(f"\n\n{source}\n".encode()).computed == 3


def test_lines_are_those_of_the_names():
    assert read(b"package a;\n\nimport b.c.D;\nimport e.f.G;\n").imports == [("b.c.D", 3), ("e.f.G", 4)]
