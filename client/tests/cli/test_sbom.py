"""`vallum sbom` and `vallum sbom diff` as a person and a pipeline meet them."""

import json

import images
import pytest

from vallum.cli.exits import Exit

HASH = "sha512-" + "A" * 86 + "=="
LOCK = {
    "name": "shop",
    "packages": {
        "": {"dependencies": {"way": "*"}, "devDependencies": {"tool": "*"}},
        "node_modules/way": {"version": "1.0.0", "dependencies": {"left": "^1"}, "integrity": HASH, "license": "MIT"},
        "node_modules/left": {"version": "1.5.0", "license": "(GPL-3.0 OR AGPL-3.0)"},
        "node_modules/tool": {"version": "2.0.0", "dev": True},
    },
}


@pytest.fixture
def shop(tree):
    (tree / "package-lock.json").write_text(json.dumps(LOCK, indent=1))
    return tree


def written(vallum, *asked):
    ran = vallum("sbom", *asked)
    assert ran.code == Exit.CLEAN, ran.err
    return json.loads(ran.out)


def test_a_bill_says_what_is_there_and_who_asks_for_whom(vallum, shop):
    bill = written(vallum, shop)
    assert "timestamp" not in bill["metadata"]
    assert bill["metadata"]["component"]["name"] == shop.name
    found = {component["name"]: component for component in bill["components"]}
    way = found["way"]
    assert (way["purl"], way["scope"], way["licenses"]) == (
        "pkg:npm/way@1.0.0",
        "required",
        [{"expression": "MIT", "acknowledgement": "declared"}],
    )
    assert way["hashes"] == [{"alg": "SHA-512", "content": "00" * 64}]
    assert way["evidence"] == {"occurrences": [{"location": "package-lock.json", "line": 12}]}
    assert found["tool"]["scope"] == "excluded"
    assert found["left"]["licenses"][0]["expression"] == "GPL-3.0-only OR AGPL-3.0-only"
    wants = {edge["ref"]: edge["dependsOn"] for edge in bill["dependencies"]}
    project = found["package-lock.json"]["bom-ref"]
    assert wants == {
        "root": [project],
        project: ["pkg:npm/tool@2.0.0", "pkg:npm/way@1.0.0"],
        "pkg:npm/way@1.0.0": ["pkg:npm/left@1.5.0"],
    }


@pytest.mark.parametrize("form", ["cyclonedx-json", "cyclonedx-xml", "spdx-json", "spdx3-json"])
def test_equal_scans_give_equal_bytes_and_a_moment_stands_only_where_it_is_asked_for(vallum, shop, form, monkeypatch):
    plain = vallum("sbom", shop, "--format", form).out
    assert vallum("sbom", shop, "--format", form).out == plain
    assert "2001-09-09" not in plain
    assert "2026-11-26T09:00:00Z" in vallum("sbom", shop, "--format", form, "--timestamp", "2026-11-26T09:00:00Z").out
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    told = vallum("sbom", shop, "--format", form).out
    assert "2001-09-09T01:46:40Z" in told
    assert vallum("sbom", shop, "--format", form, "--timestamp", "now").out == told


@pytest.mark.parametrize(
    ("epoch", "asked", "says"),
    [
        pytest.param("", "yesterday", "is no moment", id="not a moment"),
        pytest.param("soon", "", "SOURCE_DATE_EPOCH", id="not seconds"),
    ],
)
def test_what_is_no_moment_is_wrong_usage(vallum, shop, monkeypatch, epoch, asked, says):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    ran = vallum("sbom", shop, "--timestamp", asked)
    assert ran.code == Exit.USAGE
    assert says in ran.err


def test_what_cannot_be_read_is_named_and_the_document_says_so(vallum, shop):
    (shop / "uv.lock").write_text("a = [")
    ran = vallum("sbom", shop, "--output", shop / "out/../bom.json")
    assert ran.code == Exit.INCOMPLETE
    assert "uv.lock" in ran.err
    bill = json.loads((shop / "bom.json").read_text())
    assert bill["compositions"][0]["aggregate"] == "incomplete"


def test_the_bill_of_last_time_is_no_part_of_the_next(vallum, shop):
    first = vallum("sbom", shop, "--output", shop / "bom.json")
    before = (shop / "bom.json").read_bytes()
    assert first.code == vallum("sbom", shop, "--output", shop / "bom.json").code == Exit.CLEAN
    assert (shop / "bom.json").read_bytes() == before


def test_a_bill_is_written_anew_in_another_format(vallum, shop):
    vallum("sbom", shop, "--output", shop / "bom.json")
    vallum("sbom", shop / "bom.json", "--format", "spdx3-json", "--output", shop / "other")
    vallum("sbom", shop / "other", "--format", "cyclonedx-xml", "--output", shop / "third")
    vallum("sbom", shop / "third", "--output", shop / "last")
    assert (shop / "last").read_bytes() == (shop / "bom.json").read_bytes()


@pytest.mark.parametrize("form", ["cyclonedx-json", "cyclonedx-xml", "spdx-json", "spdx3-json"])
def test_a_bill_is_scanned_and_listed_as_what_it_tells_of(vallum, tree, form):
    lock = {"packages": {"": {"dependencies": {"way": "1"}}}}
    lock["packages"] |= {
        "node_modules/way": {"version": "1.0.0", "dependencies": {"lodash": "4"}},
        "node_modules/lodash": {"version": "4.17.20"},
    }
    (tree / "package-lock.json").write_text(json.dumps(lock))
    vallum("sbom", tree, "--format", form, "--output", tree / "what.it.is")
    (tree / "package-lock.json").rename(tree / "gone")
    rows = json.loads(vallum("packages", tree / "what.it.is", "--format", "json").out)["packages"]
    found = {row["name"]: row for row in rows}
    assert set(found) == {"lodash", "way"}
    assert (found["way"]["direct"], found["lodash"]["direct"]) == (True, False)
    assert found["lodash"]["path"][-2:] == ["way 1.0.0", "lodash 4.17.20"]
    report = json.loads(vallum("scan", tree / "what.it.is", "--only", "packages", "--format", "json").out)
    assert "CVE-2021-23337" in {finding["rule"] for finding in report["findings"]}
    (place,) = report["findings"][0]["locations"]
    assert place["path"].startswith("what.it.is/bom.")


def test_a_bill_among_other_files_is_one_more_lockfile(vallum, shop):
    (shop / "deploy").mkdir()
    (shop / "deploy/image.cdx.json").write_text(
        '{"bomFormat": "CycloneDX",\n"components": [\n{"name": "lodash", "version": "4.17.20", "purl": "pkg:npm/lodash@4.17.20"}]}'
    )
    report = json.loads(vallum("scan", shop, "--only", "packages", "--format", "json").out)
    places = [place for finding in report["findings"] for place in finding["locations"]]
    assert {(place["path"], place["line"]) for place in places} == {("deploy/image.cdx.json", 3)}


def test_a_bill_that_breaks_off_is_named(vallum, tree):
    (tree / "x.json").write_text('{"bomFormat": "CycloneDX", "components": [{"name": "a"}')
    for command in (("scan", "--only", "packages"), ("packages",), ("sbom",)):
        ran = vallum(command[0], tree / "x.json", *command[1:])
        assert ran.code == Exit.INCOMPLETE
        assert "line 1: not valid JSON" in ran.out + ran.err


def bill(name, *packages):
    rows = [
        {"name": n, "version": v, "purl": f"pkg:npm/{n}@{v}", "licenses": [{"license": {"id": x}}]}
        for n, v, x in packages
    ]
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": rows, "serialNumber": name})


@pytest.fixture
def two(tree):
    """Two bills: one package came, one went, one rose, one fell, one changed its licence, one is the same."""
    before = bill(
        "a",
        ("gone", "1.0.0", "MIT"),
        ("up", "1.9.0", "MIT"),
        ("down", "2.0.0", "MIT"),
        ("mine", "1.0.0", "MIT"),
        ("same", "1.0.0", "MIT"),
    )
    after = bill(
        "b",
        ("come", "1.0.0", "MIT"),
        ("up", "1.10.0", "MIT"),
        ("down", "1.0.0", "MIT"),
        ("mine", "1.0.0", "BUSL-1.1"),
        ("same", "1.0.0", "MIT"),
    )
    (tree / "a.json").write_text(before)
    (tree / "b.json").write_text(after)
    return tree / "a.json", tree / "b.json"


def test_the_difference_of_two_bills(vallum, two):
    ran = vallum("sbom", "diff", *two)
    assert ran.code == Exit.FINDINGS
    assert [line.split() for line in ran.out.splitlines()] == [
        ["+", "npm", "come", "1.0.0"],
        ["-", "npm", "gone", "1.0.0"],
        ["^", "npm", "up", "1.9.0", "->", "1.10.0"],
        ["v", "npm", "down", "2.0.0", "->", "1.0.0"],
        ["§", "npm", "mine", "1.0.0:", "MIT", "->", "BUSL-1.1"],
        ["1", "added,", "1", "removed,", "1", "upgraded,", "1", "downgraded,", "1", "relicensed;", "1", "the", "same."],
    ]
    document = json.loads(vallum("sbom", "diff", *two, "--format", "json").out)
    assert document["counts"] == {
        "added": 1,
        "removed": 1,
        "upgraded": 1,
        "downgraded": 1,
        "changed": 0,
        "relicensed": 1,
        "same": 1,
    }
    assert document["changes"][2] == {
        "change": "upgraded",
        "ecosystem": "npm",
        "name": "up",
        "before": "1.9.0",
        "after": "1.10.0",
        "version": None,
        "purl": "pkg:npm/up@1.10.0",
    }


def test_what_is_the_same_has_no_difference_whatever_it_is_written_in(vallum, shop):
    for form in ("cyclonedx-xml", "spdx-json", "spdx3-json"):
        vallum("sbom", shop, "--format", form, "--output", shop / form)
        ran = vallum("sbom", "diff", shop, shop / form)
        assert (ran.code, ran.out) == (Exit.CLEAN, "No difference; 3 the same.\n")


def test_a_difference_from_what_cannot_be_read_whole_is_incomplete(vallum, shop, two):
    (shop / "uv.lock").write_text("a = [")
    ran = vallum("sbom", "diff", two[0], shop)
    assert ran.code == Exit.INCOMPLETE
    assert "uv.lock" in ran.err
    assert "added" in ran.out


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        pytest.param(("--platform", "linux/arm64"), "linux/arm64", id="the one asked for"),
        pytest.param((), "linux/amd64", id="the usual one"),
    ],
)
def test_a_bill_of_an_image_is_of_one_platform_and_says_which(vallum, tmp_path, asked, given):
    (tmp_path / "image.tar").write_bytes(images.packed(images.of_two_platforms()))
    ran = vallum("sbom", tmp_path / "image.tar", *asked)
    bill = json.loads(ran.out)
    assert ran.code == Exit.CLEAN
    assert {"name": "vallum:target:platform", "value": given} in bill["metadata"]["component"]["properties"]
    ours, other = given.partition("/")[2], "arm64" if given == "linux/amd64" else "amd64"
    names = {component["name"] for component in bill["components"]}
    assert f"on-{ours}" in names
    assert f"on-{other}" not in names
    assert f"not looked at: the image for linux/{other}. This is that for {given}" in ran.err


def test_two_bills_of_one_image_tell_its_platforms_apart_in_one_comparison(vallum, tmp_path):
    (tmp_path / "image.tar").write_bytes(images.packed(images.of_two_platforms()))
    (tmp_path / "amd64.cdx.json").write_text(vallum("sbom", tmp_path / "image.tar").out)
    ran = vallum("sbom", "diff", tmp_path / "amd64.cdx.json", tmp_path / "image.tar", "--platform", "linux/arm64")
    assert ran.code == Exit.FINDINGS
    assert "on-arm64" in ran.out
    assert "on-amd64" in ran.out
