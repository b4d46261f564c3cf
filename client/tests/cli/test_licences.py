"""`vallum licences`, and a scan with a policy, as a person and a pipeline meet them."""

import json

import pytest

from vallum.cli.exits import Exit

LOCK = {
    "packages": {
        "": {"dependencies": {"way": "*"}},
        "node_modules/way": {"version": "1.0.0", "license": "MIT"},
        "node_modules/left": {"version": "1.5.0", "license": "(GPL-3.0 OR AGPL-3.0)"},
        "node_modules/tool": {"version": "2.0.0", "license": "AGPL-3.0-only", "dev": True},
    },
}
POLICY = """
[[rule]]
id = "no-copyleft"
verdict = "deny"
categories = ["strong copyleft", "network copyleft"]

[[exception]]
package = "npm:nobody"
reason = "none"
"""


@pytest.fixture
def shop(tree):
    (tree / "package-lock.json").write_text(json.dumps(LOCK, indent=1))
    (tree / "own.c").write_text("// SPDX-License-Identifier: MIT\n")
    (tree / "policy.toml").write_text(POLICY)
    return tree


def test_the_list_is_by_licence_and_nothing_is_judged_unasked(vallum, shop):
    ran = vallum("licences", shop)
    assert ran.code == Exit.CLEAN
    lines = ran.out.splitlines()
    assert lines[0].split() == ["AGPL-3.0-only", "network", "copyleft", "1", "tool", "2.0.0"]
    assert "3 entries: 1 network copyleft, 1 permissive, 1 strong copyleft." in lines


def test_json_tells_words_expressions_and_tags(vallum, shop):
    ran = vallum("licences", shop, "--format", "json", "--policy", shop / "policy.toml")
    assert ran.code == Exit.FINDINGS
    document = json.loads(ran.out)
    rows = {row["name"]: row for row in document["packages"]}
    assert rows["left"]["declared"] == "(GPL-3.0 OR AGPL-3.0)"
    assert rows["left"]["licence"] == "GPL-3.0-only OR AGPL-3.0-only"
    assert rows["left"]["category"] == "strong copyleft"
    assert document["tags"] == [{"path": "own.c", "line": 1, "expression": "MIT"}]
    assert [finding["package"]["name"] for finding in document["findings"]] == ["left"]


def test_a_scan_judges_licences_only_where_a_policy_is_brought(vallum, shop):
    plainly = vallum("scan", shop, "--only", "packages", "--format", "json")
    assert {f["kind"] for f in json.loads(plainly.out)["findings"]} == set()
    ran = vallum("scan", shop, "--only", "licences", "--licence-policy", shop / "policy.toml", "--format", "json")
    assert ran.code == Exit.FINDINGS
    report = json.loads(ran.out)
    assert [(f["kind"], f["rule"], f["package"]["name"]) for f in report["findings"]] == [
        ("licence", "no-copyleft", "left")
    ]
    assert [package["licence_expression"] for package in report["packages"]] == [
        "GPL-3.0-only OR AGPL-3.0-only",
        "AGPL-3.0-only",
        "MIT",
    ]


def test_the_packaged_policy_has_a_name(vallum, shop):
    ran = vallum("scan", shop, "--only", "licences", "--licence-policy", "default")
    assert ran.code == Exit.FINDINGS
    assert "strong-copyleft" in ran.out
    assert vallum("scan", shop, "--only", "licences").code == Exit.FINDINGS


def test_a_policy_that_cannot_be_read_is_wrong_usage(vallum, shop):
    (shop / "policy.toml").write_text("rule = [")
    ran = vallum("scan", shop, "--licence-policy", shop / "policy.toml")
    assert ran.code == Exit.USAGE
    assert "no TOML" in ran.err
    assert vallum("licences", shop, "--policy", shop / "nothing.toml").code == Exit.USAGE
    refused = vallum("scan", shop, "--only", "secrets", "--licence-policy", "default")
    assert refused.code == Exit.USAGE
    assert "add licences" in refused.err
