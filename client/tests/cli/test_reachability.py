"""Whether code imports what is vulnerable, from the command line: for folders, repositories and archives."""

import json
import subprocess
import tarfile

import images
import pytest

from client.tests.conftest import write

FILES = {
    "package-lock.json": json.dumps(
        {
            "name": "shop",
            "lockfileVersion": 3,
            "packages": {
                "": {"dependencies": {"lodash": "*", "minimist": "*"}},
                "node_modules/lodash": {"version": "4.17.15"},
                "node_modules/minimist": {"version": "1.2.0"},
            },
        }
    ),
    "src/cart.ts": "// the cart\nimport { pick } from 'lodash'\n",
    "test/cart.ts": "import minimist from 'minimist'\n",
}
IMPORTED = "Imported at src/cart.ts:2."
TESTS = "Only tests or tooling import it: test/cart.ts:1."


@pytest.fixture
def shop(tree):
    write(tree, FILES)
    return tree


def said(ran):
    found = json.loads(ran.out)["findings"]
    return {(f["package"]["name"], f["reachability"]["sentence"] if "reachability" in f else None) for f in found}


def test_a_folder(vallum, shop):
    assert said(vallum("scan", shop, "--format", "json")) == {("lodash", IMPORTED), ("minimist", TESTS)}


def test_the_table_and_sarif_say_it(vallum, shop):
    assert IMPORTED in vallum("scan", shop).out
    results = json.loads(vallum("scan", shop, "--format", "sarif").out)["runs"][0]["results"]
    assert {result["properties"]["reachability"]["verdict"] for result in results} == {"imported", "tests"}


def test_an_archive(vallum, shop, tmp_path):
    with tarfile.open(tmp_path / "shop.tar.gz", "w:gz") as out:
        out.add(shop, arcname=".")
    assert said(vallum("scan", tmp_path / "shop.tar.gz", "--format", "json")) == {
        ("lodash", IMPORTED),
        ("minimist", TESTS),
    }


def test_an_image_has_not_all_code_at_hand(vallum, tmp_path):
    image = tmp_path / "image.tar"
    image.write_bytes(images.docker([images.layer(*((f"app/{name}", text.encode()) for name, text in FILES.items()))]))
    assert said(vallum("scan", image, "--format", "json")) == {("lodash", None), ("minimist", None)}


def test_staged_files_are_not_all_code(vallum, shop):
    for command in (("init", "-q"), ("add", "package-lock.json")):
        subprocess.run(["git", *command], cwd=shop, check=True, capture_output=True)
    assert said(vallum("scan", shop, "--staged", "--format", "json")) == {("lodash", None), ("minimist", None)}


def test_what_is_ignored_imports_nothing(vallum, shop):
    write(shop, {".vallumignore": "src/\n", "main.js": ""})
    assert ("lodash", "No code here imports it, or a package that needs it.") in said(
        vallum("scan", shop, "--format", "json")
    )
