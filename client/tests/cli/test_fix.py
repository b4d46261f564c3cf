"""`vallum fix` as a person and a pipeline meet it."""

import json
import shutil
import subprocess

import pytest

from vallum import progress
from vallum.cli import fix
from vallum.cli.exits import Exit
from vallum.errors import ClientError
from vallum_engine.model.plan import Patch

MANIFEST = '{\n  "name": "shop",\n  "dependencies": {\n    "lodash": "^4.17.11",\n    "way": "^1.0.0"\n  }\n}\n'
LOCK = {
    "name": "shop",
    "lockfileVersion": 3,
    "packages": {
        "": {"dependencies": {"lodash": "^4.17.11", "way": "^1.0.0"}},
        "node_modules/lodash": {"version": "4.17.11"},
        "node_modules/way": {"version": "1.0.0"},
    },
}


@pytest.fixture
def shop(tree):
    """A folder with lodash 4.17.11, which the starter set of advisories knows."""
    (tree / "web").mkdir()
    (tree / "web/package.json").write_text(MANIFEST)
    (tree / "web/package-lock.json").write_text(json.dumps(LOCK, indent=1))
    return tree


def test_the_table_says_what_to_do_and_what_it_ends(vallum, shop):
    ran = vallum("fix", shop)
    assert ran.code == Exit.INCOMPLETE, "the starter set says of itself that it is small"
    assert ran.out.startswith("1 step ends ")
    assert "  1. lodash 4.17.11 -> 4.17.21  (raise it in the manifest)" in ran.out
    assert '       - "lodash": "^4.17.11",\n       + "lodash": "^4.17.21",' in ran.out
    assert "run  cd web && npm install 'lodash@^4.17.21'" in ran.out
    assert "After the diff\n  cd web && npm install" in ran.out
    assert "! everything: a starter set" in ran.out


def test_json_holds_the_plan(vallum, shop):
    document = json.loads(vallum("fix", shop, "--format", "json").out)
    (step,) = document["steps"]
    assert (step["number"], step["way"], step["name"], step["from"], step["to"]) == (
        1,
        "raise",
        "lodash",
        ["4.17.11"],
        "4.17.21",
    )
    assert (step["file"], step["direct"], step["within"], step["major"]) == ("web/package-lock.json", True, True, False)
    assert step["changes"] == [
        {
            "file": "web/package.json",
            "line": 4,
            "before": '    "lodash": "^4.17.11",',
            "after": '    "lodash": "^4.17.21",',
        }
    ]
    assert step["weight"] > 0
    assert {"rule", "severity", "exploited", "fingerprint"} == step["ends"][0].keys()
    assert document["after"] == [{"file": "web/package-lock.json", "command": "npm install"}]
    assert document["diff"].startswith("diff --git a/web/package.json b/web/package.json\n")


@pytest.mark.parametrize("tool", [["git", "apply", "-"], ["patch", "-p1", "-s"]])
def test_the_diff_is_taken_by_git_and_by_patch(vallum, shop, tool):
    if not shutil.which(tool[0]):
        pytest.skip(f"no {tool[0]}")
    diff = vallum("fix", shop, "--format", "diff").out
    subprocess.run(tool, cwd=shop, input=diff.encode(), check=True)
    assert (shop / "web/package.json").read_text() == MANIFEST.replace("4.17.11", "4.17.21")


def test_write_does_the_same_and_a_second_plan_has_nothing_to_edit(vallum, shop):
    ran = vallum("fix", shop, "--write")
    assert "web/package.json: written." in ran.err
    assert (shop / "web/package.json").read_text() == MANIFEST.replace("4.17.11", "4.17.21")
    again = vallum("fix", shop, "--format", "json")
    (step,) = json.loads(again.out)["steps"]
    assert (step["way"], step["command"]) == ("renew", "npm install")
    (shop / "web/package-lock.json").write_text(json.dumps(LOCK).replace("4.17.11", "4.17.21"))
    assert "Nothing to fix" in vallum("fix", shop).out


def test_write_writes_all_or_nothing(shop):
    whole = Patch(path="web/package.json", before=MANIFEST.encode(), after=b"{}")
    stale = Patch(path="web/package-lock.json", before=b"something else", after=b"{}")
    with pytest.raises(ClientError, match=r"web/package-lock\.json is no longer what was scanned"):
        fix._write(shop, [whole, stale], progress.chosen("none"))
    assert (shop / "web/package.json").read_text() == MANIFEST


def test_write_leaves_what_a_link_leads_to(vallum, shop, tmp_path):
    outside = tmp_path / "outside.json"
    (shop / "web/package.json").rename(outside)
    (shop / "web/package.json").symlink_to(outside)
    vallum("fix", shop, "--write")
    assert outside.read_text() == MANIFEST


def test_only_so_many_only_so_bad_only_direct(vallum, shop):
    assert "1 step ends" in vallum("fix", shop, "--most", "1").out
    worst = json.loads(vallum("fix", shop, "--severity", "critical", "--format", "json").out)
    assert all(ended["severity"] == "critical" for step in worst["steps"] for ended in step["ends"])
    assert vallum("fix", shop, "--most", "0").code == Exit.USAGE
    ran = vallum("fix", shop / "web/package.json", "--write")
    assert ran.code == Exit.USAGE
    assert "--write changes manifests in a folder" in ran.err


def test_what_only_others_ask_for_can_be_left_out(vallum, shop):
    asked_for = json.loads(json.dumps(LOCK))
    del asked_for["packages"][""]["dependencies"]["lodash"]
    asked_for["packages"]["node_modules/way"]["dependencies"] = {"lodash": "^4.0.0"}
    (shop / "web/package-lock.json").write_text(json.dumps(asked_for))
    (shop / "web/package.json").write_text('{"dependencies": {"way": "^1.0.0"}}')
    assert "run  cd web && npm update lodash" in vallum("fix", shop).out
    assert "Nothing of what was asked for can be planned." in vallum("fix", shop, "--only-direct").out


def test_what_is_ignored_is_not_planned_for(vallum, shop):
    ends = json.loads(vallum("fix", shop, "--format", "json").out)["steps"][0]["ends"]
    (shop / ".vallum").mkdir()
    entries = [f'[[ignore]]\nid = "{each["rule"]}"\nreason = "no way in"\nuntil = 2999-01-01\n' for each in ends]
    (shop / ".vallum/ignores.toml").write_text("\n".join(entries))
    assert json.loads(vallum("fix", shop, "--format", "json").out)["steps"] == []
    assert json.loads(vallum("fix", shop, "--format", "json", "--no-ignore").out)["steps"]


def test_nothing_to_fix(vallum, tree):
    (tree / "README.md").write_text("nothing")
    ran = vallum("fix", tree)
    assert (ran.code, ran.out) == (Exit.CLEAN, "Nothing to fix: no known advisory holds a package here.\n")
