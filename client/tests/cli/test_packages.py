"""`vallum packages` as a person and a pipeline meet it."""

import json

import images
import pytest

from vallum.cli.exits import Exit

LOCK = {
    "name": "shop",
    "packages": {
        "": {"dependencies": {"way": "*"}, "devDependencies": {"tool": "*"}},
        "node_modules/way": {"version": "1.0.0", "dependencies": {"left": "^1"}},
        "node_modules/left": {"version": "1.5.0"},
        "node_modules/tool": {"version": "2.0.0", "dev": True},
    },
}


@pytest.fixture
def shop(tree):
    """A folder with a lockfile, and a manifest that nobody locked."""
    (tree / "package-lock.json").write_text(json.dumps(LOCK, indent=1))
    (tree / "tools").mkdir()
    (tree / "tools/package.json").write_text('{"devDependencies": {\n"right": "^3.0.0"}}')
    return tree


def test_json_says_of_each_entry_what_is_known(vallum, shop):
    ran = vallum("packages", shop, "--format", "json")
    assert ran.code == Exit.CLEAN
    document = json.loads(ran.out)
    assert document["incomplete"] is False
    rows = {row["name"]: row for row in document["packages"]}
    assert rows["left"] == {
        "ecosystem": "npm",
        "name": "left",
        "version": "1.5.0",
        "requested": "",
        "purl": "pkg:npm/left@1.5.0",
        "direct": False,
        "dev": False,
        "groups": [],
        "commit": "",
        "path": ["shop", "way 1.0.0", "left 1.5.0"],
        "cut": 0,
        "file": "package-lock.json",
        "line": 18,
    }
    assert (rows["tool"]["direct"], rows["tool"]["dev"], rows["tool"]["groups"]) == (True, True, ["dev"])
    right = rows["right"]
    assert (right["version"], right["requested"], right["purl"]) == ("", "^3.0.0", "pkg:npm/right")
    assert (right["direct"], right["dev"], right["file"], right["line"]) == (True, True, "tools/package.json", 2)
    (note,) = document["exclusions"]
    assert note["path"] == "tools/package.json"
    assert "`npm install --package-lock-only`" in note["why"]


def test_the_table_says_who_asked(vallum, shop):
    ran = vallum("packages", shop)
    lines = ran.out.splitlines()
    assert lines[0].split() == ["npm", "way", "1.0.0", "direct", "package-lock.json:12"]
    assert lines[1].split() == ["npm", "left", "1.5.0", "through", "way", "1.0.0", "package-lock.json:18"]
    assert lines[2].split() == ["npm", "tool", "2.0.0", "direct,", "dev", "package-lock.json:21"]
    assert lines[3].split() == ["npm", "right", "(^3.0.0)", "direct,", "dev", "tools/package.json:2"]
    assert lines[4] == "4 packages: 4 of npm."
    assert lines[5].startswith("· tools/package.json: 1 packages asked for by range")


def test_a_file_that_cannot_be_read_is_named_and_makes_the_list_incomplete(vallum, shop):
    (shop / "tools/uv.lock").write_text("a = [")
    ran = vallum("packages", shop)
    assert ran.code == Exit.INCOMPLETE
    assert "! tools/uv.lock: packages: line 1: not valid TOML" in ran.out
    assert ran.out.count("tools/uv.lock") == 1
    assert json.loads(vallum("packages", shop, "--format", "json").out)["incomplete"] is True


def test_an_empty_folder_is_an_empty_list(vallum, tree):
    ran = vallum("packages", tree)
    assert (ran.code, ran.out) == (Exit.CLEAN, "0 packages.\n")
    assert json.loads(vallum("packages", tree, "--format", "json").out)["packages"] == []


def test_it_writes_a_file_and_knows_a_place_that_is_not_there(vallum, shop, tmp_path):
    target = tmp_path / "list.json"
    assert vallum("packages", shop, "--format", "json", "--output", target).out == ""
    assert len(json.loads(target.read_text())["packages"]) == 4
    assert vallum("packages", tmp_path / "nowhere").code == Exit.USAGE


def test_of_an_image_for_several_platforms_the_one_asked_for_is_listed(vallum, tmp_path):
    (tmp_path / "image.tar").write_bytes(images.packed(images.of_two_platforms()))

    def listed(*asked):
        ran = vallum("packages", tmp_path / "image.tar", "--format", "json", *asked)
        assert ran.code == Exit.CLEAN, ran.err
        document = json.loads(ran.out)
        return document["target"]["platform"], [row["name"] for row in document["packages"]]

    assert listed("--platform", "linux/arm64") == ("linux/arm64", ["on-arm64"])
    assert listed() == ("linux/amd64", ["on-amd64"])
    ran = vallum("packages", tmp_path / "image.tar", "--platform", "linux/riscv64")
    assert (ran.code, ran.out) == (Exit.INCOMPLETE, "")
    assert "no image for linux/riscv64 here, but for linux/amd64, linux/arm64" in ran.err


@pytest.mark.parametrize("command", ["packages", "scan", "sbom", "licences", "fix"])
def test_a_platform_is_asked_of_images_alone(vallum, shop, command):
    ran = vallum(command, shop, "--platform", "linux/arm64")
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert f"--platform chooses one of a container image's, and {shop} is none" in ran.err
