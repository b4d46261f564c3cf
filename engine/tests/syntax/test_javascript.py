"""What JavaScript and TypeScript import, and what only looks like it."""

import pytest

from vallum_engine.syntax.javascript import read

IMPORTS = {
    "a default": ("import a from 'a'", ["a"]),
    "double quotes": ('import a from "a";', ["a"]),
    "for its effects": ("import 'a'", ["a"]),
    "names": ("import { a, b as c } from 'a'", ["a"]),
    "a default and names": ("import a, { b } from 'a'", ["a"]),
    "everything": ("import * as a from 'a'", ["a"]),
    "over lines": ("import {\n  a,\n  b,\n} from\n  'a'", ["a"]),
    "minified": ("import{a}from'a';import'b';export{c}from'c';export*from'd'", ["a", "b", "c", "d"]),
    "a scope": ("import a from '@s/c'", ["@s/c"]),
    "a file of a package": ("import a from 'a/b.js'", ["a/b.js"]),
    "of Node": ("import fs from 'node:fs'", ["node:fs"]),
    "relative": ("import a from './a'\nimport b from '../b'\nimport c from '/c'\nrequire('.')", []),
    "by the package's own map": ("import a from '#a'", []),
    "a type": ("import type A from 'a'", []),
    "types": ("import type { A, B } from 'a'", []),
    "all types": ("import type * as a from 'a'", []),
    "names that are types": ("import { type A, type B as C } from 'a'", []),
    "a type and a value": ("import { type A, b } from 'a'", ["a"]),
    "a default that is called type": ("import type from 'a'", ["a"]),
    "type as a name beside others": ("import type, { a } from 'a'", ["a"]),
    "a value called type": ("import { type } from 'a'", ["a"]),
    "Flow's types": ("import typeof A from 'a'", []),
    "a type by import()": ("let a: typeof import('a')", []),
    "export everything": ("export * from 'a'", ["a"]),
    "export as a name": ("export * as a from 'a'", ["a"]),
    "export names": ("export { a as b } from 'a'", ["a"]),
    "export types": ("export type { A } from 'a'", []),
    "exports without a source": ("export const a = 'b'\nexport { c }\nexport default 'd'", []),
    "an import after an export, without semicolons": (
        "export { a }\nimport 'b'\nexport { c }\nimport d from 'd'",
        ["b", "d"],
    ),
    "an import of a type after an export": ("export { a }\nimport type B from 'b'", []),
    "TypeScript's require": ("import a = require('a')", ["a"]),
    "attributes": ("import a from 'a.json' with { type: 'json' }", ["a.json"]),
    "names that are texts": ("import { default as a, 'b-c' as d } from 'a'", ["a"]),
    "require": ("const a = require('a')", ["a"]),
    "require and use": ("require('a').b(require(\"c\"))", ["a", "c"]),
    "require by the module": ("module.require('a')", ["a"]),
    "where a package lies": ("require.resolve('a')", ["a"]),
    "a method called require": ("a.require('b')\nthis.import('c')", []),
    "a name that begins so": ("requireAll('a'); $require('b'); import_('c')", []),
    "import()": ("await import('a')", ["a"]),
    "import() with a comment": ("import(/* webpackChunkName: 'x' */ 'a')", ["a"]),
    "import() of a template": ("import(`a`)", ["a"]),
    "import() of a package's file": ("import(`a/${b}`); require('c/' + d); import('@e/f/' + g)", ["a/", "c/", "@e/f/"]),
    "import() of an own file": ("import(`./a/${b}`); require('./c' + d)", []),
    "AMD": ("define(['a', 'b'], f); define('n', ['c'], f); require(['d'], f)", ["a", "b", "c", "d"]),
    "a comment": ("// import 'a'\n/* require('b') */", []),
    "a text": ("x = \"import 'a'\"; y = 'require(\"b\")'", []),
    "a template": ("x = `import 'a'`", []),
    "a hole in a template": ("x = `${require('a')} ${`${require('b')}`} }`; require('c')", ["a", "b", "c"]),
    "an object in a hole": ("x = `${f({ a: 1 })}`; require('b')", ["b"]),
    "a quote in an expression": ("x = /[\"'`]/; require('a')", ["a"]),
    "a quote in an expression after return": ("return /'/.test(require('a'))", ["a"]),
    "a slash in a class of an expression": ("x = [/[/'\"]/g, 1]; require('a')", ["a"]),
    "a division": ("x = a / b; require('c') / d", ["c"]),
    "an apostrophe between tags": ("x = <p>Don't</p>\nrequire('a')", ["a"]),
    "a text that never ends": ("x = 'a\nrequire('b')", ["b"]),
    "a comment that never ends": ("require('a') /* require('b')", ["a"]),
    "a template that never ends": ("require('a'); x = `${b} require('c')", ["a"]),
    "Vue": ("<template>import 'a'</template>\n<script setup lang=\"ts\">\nimport b from 'b'\n</script>", ["b"]),
    "Svelte": ("<script>\n  import a from 'a'\n</script>\n<p>import 'b' {it's}</p>", ["a"]),
    "a loader": ("require('raw-loader!a')", ["raw-loader!a"]),
    "a first line for the shell": ("#!/usr/bin/env node\nrequire('a')", ["a"]),
    "nothing": ("", []),
}

COMPUTED = {
    "a variable": "require(name)",
    "a call": "require(path.join(a, 'b'))",
    "import()": "import(name)",
    "a template": "import(`${name}`)",
    "a template with a beginning": "import(`plug-${name}`)",
    "a scope alone": "require('@scope/' + name)",
    "a text that is completed": "require('plug-' + name)",
}


def names(source):
    return [name for name, _ in read(source.encode()).imports]


@pytest.mark.parametrize(("source", "expected"), IMPORTS.values(), ids=IMPORTS.keys())
def test_specifiers_in_their_order(source, expected):
    assert names(source) == expected
    assert not read(source.encode()).computed


@pytest.mark.parametrize("source", COMPUTED.values(), ids=COMPUTED.keys())
def test_what_is_worked_out_at_run_time_is_said(source):
    found = read(f"\n\n{source}\n".encode())
    assert (found.computed, found.imports) == (3, [])


def test_lines_are_those_of_the_word():
    source = b"import a from 'a'\n\nimport {\n  b\n} from 'b'\nx = `\n${require('c')}\n`\nrequire('d')\n"
    assert read(source).imports == [("a", 1), ("b", 3), ("c", 7), ("d", 9)]
