"""Trees that somebody made to be read for ever: what is said of imports is said soon."""

import json
import time

import pytest
from sca.reached import NPM, reachability

HOSTILE = {
    "a million imports": {"a.js": "import 'x'\n" * 150_000},
    "a line of megabytes": {"a.js": "left(" * 1_000_000},
    "texts without an end": {"a.js": "'left\n" * 300_000},
    "a text of megabytes": {"a.ts": "x = `" + "left " * 300_000},
    "settings without an end": {"a.js": "", "tsconfig.json": '"paths": {' * 20_000},
    "aliases": {"a.js": "import 'x'\n" * 10_000, "tsconfig.json": '"paths": {' + '"a*": [], ' * 20_000 + "}"},
    "settings of many parts": {
        "a.js": "",
        "package.json": json.dumps(
            {f"k{n}": ["left"] * 3 for n in range(8_000)} | {"scripts": {"start": "left " * 9_000}}
        ),
    },
    "settings that are deep": {"a.js": "", "package.json": '{"x": ' + "[" * 100_000},
    "settings that are no object": {
        "a.js": "",
        "package.json": "[]",
        "b/package.json": "null",
        "c/package.json": '{"scripts": 1}',
    },
    "a word in every line": {"a.js": "", "a.yml": "left: left\n" * 20_000},
}


@pytest.mark.parametrize("files", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_trees_end_soon_and_are_told(record, database, files):
    made = database(record("CVE-1", spans=(("0", None),)))
    started = time.process_time()
    assert reachability(made, {"package-lock.json": NPM, **files}, sound=False).sentence
    assert time.process_time() - started < 10
