"""`.vallum/ignores.toml` through the command, as a person and a pipeline meet it."""

import json
import zipfile

import pytest

from vallum.cli.exits import Exit

LOCK = json.dumps({"lockfileVersion": 3, "packages": {"node_modules/lodash": {"version": "4.17.15"}}})
ENTRY = '[[ignore]]\nid = "GHSA-p6mc-m468-83gw"\nreason = "only our build runs it"\nuntil = {}\n'
FILES = {"package-lock.json": LOCK, ".vallum/ignores.toml": ENTRY.format("2999-01-01")}


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


@pytest.fixture
def scanned(vallum):
    """Scan, and return the report, with the command's run."""

    def run(*arguments):
        ran = vallum("scan", *arguments, "--only", "packages", "--format", "json")
        return json.loads(ran.out), ran

    return run


def found(report, kind="findings"):
    return [finding["rule"] for finding in report[kind]]


def test_an_advisory_is_ignored_by_another_id_and_listed(scanned, tree, vallum):
    write(tree, FILES)
    report, _ = scanned(tree)
    assert found(report) == ["CVE-2021-23337"]
    (hidden,) = report["suppressed"]
    assert hidden["rule"] == "CVE-2020-8203"
    assert hidden["reason"] == "ignored by .vallum/ignores.toml:1 until 2999-01-01: only our build runs it"
    assert "Hidden by ignores of advisories: 1 finding (--no-ignore shows them)." in vallum("scan", tree).out


def test_no_ignore_shows_it(scanned, tree):
    write(tree, FILES)
    assert found(scanned(tree, "--no-ignore")[0]) == ["CVE-2020-8203", "CVE-2021-23337"]


def test_what_has_ended_shows_with_a_line_that_says_so(vallum, tree):
    write(tree, FILES | {".vallum/ignores.toml": ENTRY.format("2020-01-01")})
    ran = vallum("scan", tree)
    assert "The ignore of .vallum/ignores.toml:1 ended on 2020-01-01: only our build runs it" in ran.out
    assert "Hidden" not in ran.out


def test_no_ignore_tells_of_what_has_ended_and_of_nothing_else(scanned, tree):
    write(tree, FILES | {".vallum/ignores.toml": ENTRY.format("2999-01-01") + ENTRY.format("2020-01-01")})
    report, ran = scanned(tree, "--no-ignore")
    assert [finding.get("lapsed") for finding in report["findings"]] == [
        "The ignore of .vallum/ignores.toml:5 ended on 2020-01-01: only our build runs it",
        None,
    ]
    assert report["suppressed"] == []
    assert "matches nothing" not in ran.err
    write(tree, {".vallum/ignores.toml": "x"})
    assert scanned(tree, "--no-ignore")[0]["errors"] == [], "what hides nothing may be broken"


def test_a_broken_file_hides_nothing_and_the_scan_is_not_whole(scanned, tree):
    write(tree, FILES | {".vallum/ignores.toml": ENTRY.format('"soon"')})
    report, ran = scanned(tree)
    assert ran.code == Exit.INCOMPLETE
    assert len(report["findings"]) == 2
    (error,) = report["errors"]
    assert error["path"] == ".vallum/ignores.toml"
    assert error["what"].startswith("line 1: `until` is no date: write it as 2027-01-31")


def test_a_file_that_is_given_speaks_instead_of_the_tree_s_own(scanned, tree, tmp_path, vallum):
    write(tree, FILES)
    given = tmp_path / "ours.toml"
    given.write_text(ENTRY.format("2999-01-01").replace("GHSA-p6mc-m468-83gw", "CVE-2021-23337"))
    assert found(scanned(tree, "--ignores", given)[0]) == ["CVE-2020-8203"]
    given.write_text("x")
    ran = vallum("scan", tree, "--ignores", given)
    assert (ran.code, "ours.toml, line 1: not valid TOML" in ran.err) == (Exit.USAGE, True)
    assert vallum("scan", tree, "--ignores", tmp_path / "none").code == Exit.USAGE
    assert "leave one of them out" in vallum("scan", tree, "--ignores", given, "--no-ignore").err


def test_an_archive_has_its_own(scanned, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    assert found(scanned(tmp_path / "a.zip")[0], "suppressed") == ["CVE-2020-8203"]


def test_entries_that_match_nothing_are_told_where_all_could_be_looked_at(vallum, tree):
    write(tree, {".vallum/ignores.toml": FILES[".vallum/ignores.toml"]})
    ran = vallum("scan", tree)
    assert (ran.code, ran.err) == (
        Exit.CLEAN,
        "vallum: .vallum/ignores.toml: line 1 matches nothing any more: take it out.\n",
    )
    assert vallum("scan", tree, "--only", "secrets").err == ""
    write(tree, {".vallum/ignores.toml": FILES[".vallum/ignores.toml"] * 2})
    assert "lines 1, 5 match nothing any more: take them out." in vallum("scan", tree).err
    write(tree, {"package-lock.json": "{"})
    assert "any more" not in vallum("scan", tree).err


def test_a_file_further_down_is_not_read(scanned, tree):
    write(tree, {"package-lock.json": LOCK, "a/.vallum/ignores.toml": FILES[".vallum/ignores.toml"]})
    assert len(found(scanned(tree)[0])) == 2
