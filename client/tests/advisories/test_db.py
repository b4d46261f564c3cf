"""`vallum db`: whole or unchanged, whatever the other side does."""

import gzip
import hashlib
import json
import os
import zipfile
from pathlib import Path

import pytest

from vallum.advisories import archives, moments
from vallum.advisories.update import USUAL
from vallum.cli.exits import Exit
from vallum_engine.sca.advisories import open_database

NPM = ("update", "--ecosystem", "npm")


def counts(home):
    with open_database(home / "advisories/advisories.sqlite") as opened:
        return dict(opened.facts.counts)


def leftovers(home):
    return sorted(path.name for path in (home / "advisories/archives").iterdir() if "part" in path.name)


def lock(folder, version):
    (folder / "package-lock.json").write_text(
        json.dumps({"lockfileVersion": 3, "packages": {"node_modules/left-pad": {"version": version}}})
    )


class TestUpdate:
    @pytest.mark.slow
    def test_it_downloads_builds_and_shows(self, vallum, home, source, entry, tree):
        source.serve("npm", entry(1), entry(2, name="right-pad"))
        ran = vallum("db", *NPM)
        assert ran.code == Exit.CLEAN
        assert "npm" in ran.out
        assert "2 advisories, the oldest archive as of " in ran.out
        assert "(today)" in ran.out
        assert counts(home) == {"npm": 2}
        lock(tree, "1.0.0")
        scanned = vallum("scan", tree)
        assert scanned.code == Exit.FINDINGS
        assert "[TEST-1]" in scanned.out

    def test_what_nothing_mends_can_be_set_aside(self, vallum, source, entry, tree):
        unfixed = entry(2)
        unfixed["affected"][0]["ranges"][0]["events"] = [{"introduced": "0"}]
        source.serve("npm", entry(1), unfixed)
        vallum("db", *NPM)
        lock(tree, "1.0.0")
        report = json.loads(vallum("scan", tree, "--only", "packages", "--ignore-unfixed", "--format", "json").out)
        assert [finding["rule"] for finding in report["findings"]] == ["TEST-1"]
        assert [(f["rule"], "no fixed version" in f["reason"]) for f in report["suppressed"]] == [("TEST-2", True)]
        assert report["stats"]["suppressed"] == 1
        lock(tree, "1.0.1")
        assert vallum("scan", tree, "--only", "packages").code == Exit.FINDINGS
        assert vallum("scan", tree, "--only", "packages", "--ignore-unfixed").code == Exit.CLEAN

    def test_exploitation_is_joined_from_files(self, vallum, source, entry, tree, tmp_path):
        known = entry(1) | {"aliases": ["CVE-2021-44228"]}
        source.serve("npm", known)
        vallum("db", *NPM)
        scores, catalogue = tmp_path / "epss.csv.gz", tmp_path / "kev.json"
        head = b"#model_version:v1,score_date:2026-01-02T00:00:00Z\ncve,epss,percentile\n"
        scores.write_bytes(gzip.compress(head + b"CVE-2021-44228,0.94358,0.99957\n"))
        listed = {"cveID": "CVE-2021-44228", "dateAdded": "2021-12-10", "knownRansomwareCampaignUse": "Known"}
        catalogue.write_text(json.dumps({"dateReleased": "2026-01-03T00:00:00Z", "vulnerabilities": [listed]}))
        ran = vallum("db", "import", scores, catalogue)
        assert ran.code == Exit.CLEAN
        assert "EPSS scores as of 2026-01-02" in ran.out
        lock(tree, "1.0.0")
        (finding,) = json.loads(vallum("scan", tree, "--only", "packages", "--format", "json").out)["findings"]
        assert finding["exploitation"] == {
            "epss": 0.94358,
            "percentile": 0.99957,
            "since": "2021-12-10",
            "ransomware": True,
        }
        scores.write_bytes(gzip.compress(head + b"CVE-2021-44228,high,1\n"))
        assert "line 3" in vallum("db", "import", scores).err

    def test_every_ecosystem_by_default(self, vallum, home, source, entry):
        for name in USUAL:
            source.serve(name, entry(1, ecosystem=name))
        assert vallum("db", "update").code == Exit.CLEAN
        assert counts(home) == dict.fromkeys(USUAL, 1)

    def test_a_distribution_is_fetched_again_once_it_was_named(self, vallum, home, source, entry):
        for name in (*USUAL, "Debian"):
            source.serve(name, entry(1, ecosystem=name))
        assert vallum("db", "update", "--ecosystem", "Debian").code == Exit.CLEAN
        assert counts(home) == {"Debian": 1}
        assert vallum("db", "update").code == Exit.CLEAN
        assert counts(home) == dict.fromkeys([*USUAL, "Debian"], 1)

    def test_one_that_is_missing_is_said_and_the_others_are_taken(self, vallum, home, source, entry):
        source.serve("npm", entry(1))
        ran = vallum("db", "update", "--ecosystem", "npm", "--ecosystem", "Go")
        assert ran.code == Exit.INCOMPLETE
        assert "/Go/all.zip: the server answered 404" in ran.err
        assert counts(home) == {"npm": 1}

    def test_a_cut_connection_is_resumed_at_once(self, vallum, home, source, entry):
        source.serve("npm", *(entry(n) for n in range(50)))
        source.cut_after = [4000, 3000]
        assert vallum("db", *NPM).code == Exit.CLEAN
        assert source.ranges() == [None, "bytes=4000-", "bytes=7000-"]
        assert counts(home) == {"npm": 50}
        assert leftovers(home) == []

    def test_a_download_given_up_is_resumed_by_the_next_run(self, vallum, home, source, entry):
        source.serve("npm", *(entry(n) for n in range(50)))
        source.cut_after = [4000, 0, 0, 0, 0, 0]
        ran = vallum("db", *NPM)
        assert ran.code == Exit.INCOMPLETE
        assert "4,000 bytes are kept: run it again" in ran.err
        source.asked.clear()
        source.cut_after = []
        assert vallum("db", *NPM).code == Exit.CLEAN
        assert source.ranges() == ["bytes=4000-"]

    def test_a_new_version_in_between_starts_over(self, vallum, home, source, entry):
        source.serve("npm", *(entry(n) for n in range(50)))
        source.cut_after = [4000, 0, 0, 0, 0, 0]
        vallum("db", *NPM)
        source.cut_after = []
        source.serve("npm", *(entry(n) for n in range(60)))
        assert vallum("db", *NPM).code == Exit.CLEAN
        assert counts(home) == {"npm": 60}

    def test_the_same_version_is_not_downloaded_twice(self, vallum, home, source, entry):
        source.serve("npm", entry(1))
        vallum("db", *NPM)
        source.asked.clear()
        assert vallum("db", *NPM).code == Exit.CLEAN
        (headers,) = [headers for path, headers in source.asked if path.endswith("all.zip")]
        assert headers["If-None-Match"].startswith('"')

    def test_a_wrong_hash_is_refused_and_the_old_database_stays(self, vallum, home, source, entry):
        source.serve("npm", entry(1))
        vallum("db", *NPM)
        before = (home / "advisories/advisories.sqlite").read_bytes()
        source.serve("npm", entry(1), entry(2))
        source.wrong_hash = True
        ran = vallum("db", *NPM)
        assert ran.code == Exit.INCOMPLETE
        assert "does not have the size and hash that the source names: nothing was changed" in ran.err
        assert (home / "advisories/advisories.sqlite").read_bytes() == before
        assert leftovers(home) == []

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            pytest.param(b"<html>Sign in to the network</html>", "cannot be read as a zip file", id="a captive portal"),
            pytest.param(b"PK\x05\x06" + bytes(18), "no OSV records", id="an empty archive"),
        ],
    )
    def test_what_is_no_archive_is_refused(self, vallum, home, source, entry, data, says):
        source.serve("npm", entry(1))
        vallum("db", *NPM)
        source.files["/npm/all.zip"] = data
        ran = vallum("db", *NPM)
        assert ran.code == Exit.INCOMPLETE
        assert says in ran.err
        assert counts(home) == {"npm": 1}

    def test_an_archive_about_something_else_is_refused(self, vallum, home, source, entry):
        source.serve("npm", entry(1, ecosystem="PyPI"))
        ran = vallum("db", *NPM)
        assert ran.code == Exit.INCOMPLETE
        assert "is about PyPI, not npm" in ran.err

    def test_a_damaged_archive_is_refused(self, vallum, home, source, entry, pack):
        source.hashes = False
        data = bytearray(pack(entry(1)))
        data[60] ^= 1
        source.files["/npm/all.zip"] = bytes(data)
        ran = vallum("db", *NPM)
        assert ran.code == Exit.INCOMPLETE
        assert "cannot be read as a zip file" in ran.err

    def test_a_list_of_the_source_is_obeyed(self, vallum, home, source, entry, pack):
        data = pack(entry(1))
        source.files["/2026/npm.zip"] = data
        listed = {"path": "2026/npm.zip", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        source.files["/manifest.json"] = json.dumps({"version": 1, "archives": {"npm": listed}}).encode()
        assert vallum("db", *NPM).code == Exit.CLEAN
        listed["sha256"] = "0" * 64
        source.files["/2026/npm.zip"] = pack(entry(1), entry(2))
        source.files["/manifest.json"] = json.dumps({"version": 1, "archives": {"npm": listed}}).encode()
        ran = vallum("db", *NPM)
        assert ran.code == Exit.INCOMPLETE
        assert "size and hash" in ran.err
        assert counts(home) == {"npm": 1}

    def test_an_address_that_is_not_opened_is_refused(self, vallum, source, monkeypatch):
        monkeypatch.delenv("VALLUM_EGRESS_ALLOW")
        ran = vallum("db", *NPM)
        assert ran.code == Exit.INCOMPLETE
        assert "cannot be used" in ran.err

    def test_an_unknown_ecosystem_is_wrong_usage(self, vallum, source):
        ran = vallum("db", "update", "--ecosystem", "Klingon")
        assert ran.code == Exit.USAGE
        assert "No version order for Klingon" in ran.err


class TestImport:
    def test_the_records_tell_the_ecosystem(self, vallum, home, tmp_path, entry, pack):
        (tmp_path / "one.zip").write_bytes(pack(entry(1)))
        (tmp_path / "two.zip").write_bytes(pack(entry(2, ecosystem="PyPI", name="pad")))
        ran = vallum("db", "import", tmp_path)
        assert ran.code == Exit.CLEAN
        assert "one.zip: 1 records about npm." in ran.err
        assert counts(home) == {"PyPI": 1, "npm": 1}

    def test_the_age_is_that_of_the_newest_record_and_every_report_says_it(self, vallum, tree, tmp_path, entry, pack):
        (tmp_path / "npm.zip").write_bytes(
            pack(entry(1, modified="2020-01-01T00:00:00Z"), entry(2, modified="2020-02-02T00:00:00Z"))
        )
        ran = vallum("db", "import", tmp_path / "npm.zip")
        assert "as of 2020-02-02T00:00:00Z" in ran.out
        assert "more than 7 days: run `vallum db update`" in ran.out
        (tree / "package-lock.json").write_text('{"packages": {"node_modules/a": {"version": "1.0.0"}}}')
        assert "Advisories as of 2020-02-02 (" in vallum("scan", "--only", "packages", tree).out
        told = json.loads(vallum("scan", "--only", "packages", "--format", "json", tree).out)["advisories"]
        assert (told["as_of"], told["starter"]) == ("2020-02-02T00:00:00Z", False)
        assert told["days"] > 2_000

    def test_an_ecosystem_that_is_not_known_is_left_out(self, vallum, home, tmp_path, entry, pack):
        (tmp_path / "a.zip").write_bytes(pack(entry(1)))
        (tmp_path / "b.zip").write_bytes(pack(entry(1, ecosystem="Klingon")))
        ran = vallum("db", "import", tmp_path)
        assert "b.zip: left out, because the version order of Klingon is not known here" in ran.err
        assert counts(home) == {"npm": 1}

    @pytest.mark.parametrize(
        ("name", "code", "says"),
        [
            pytest.param("absent.zip", Exit.USAGE, "does not exist", id="absent"),
            pytest.param("empty", Exit.USAGE, "holds no zip files", id="an empty folder"),
            pytest.param("text.zip", Exit.INCOMPLETE, "cannot be read as a zip file", id="no archive"),
        ],
    )
    def test_what_cannot_be_used_changes_nothing(self, vallum, home, tmp_path, name, code, says):
        (tmp_path / "empty").mkdir()
        (tmp_path / "text.zip").write_bytes(b"hello")
        ran = vallum("db", "import", tmp_path / name)
        assert ran.code == code
        assert says in ran.err
        assert not (home / "advisories/advisories.sqlite").exists()

    def test_two_archives_of_one_ecosystem_are_refused(self, vallum, home, tmp_path, entry, pack):
        (tmp_path / "one.zip").write_bytes(pack(entry(1)))
        (tmp_path / "two.zip").write_bytes(pack(entry(2)))
        ran = vallum("db", "import", tmp_path)
        assert ran.code == Exit.USAGE
        assert "are both about npm" in ran.err
        assert not (home / "advisories/advisories.sqlite").exists()

    def test_a_part_does_not_take_the_place_of_the_whole_unless_told(self, vallum, home, tmp_path, entry, pack):
        def bring(last, *options):
            (tmp_path / "npm.zip").write_bytes(pack(*(entry(number) for number in range(last))))
            return vallum("db", "import", tmp_path / "npm.zip", catalogue, *options)

        catalogue = tmp_path / "kev.json"
        catalogue.write_text('{"dateReleased": "2026-01-03", "vulnerabilities": []}')
        assert bring(10).code == Exit.CLEAN
        assert bring(5).code == Exit.CLEAN
        catalogue.write_text('{"dateReleased": "2026-01-04", "vulnerabilities": []}')
        ran = bring(2)
        assert ran.code == Exit.USAGE
        assert "2026-01-03" in (home / "advisories/archives/kev.json").read_text()
        assert "holds 2 records about npm, and 5 are here" in ran.err
        assert "--replace" in ran.err
        assert counts(home) == {"npm": 5}
        assert bring(2, "--replace").code == Exit.CLEAN
        assert counts(home) == {"npm": 2}

    def test_an_archive_that_is_damaged_here_can_be_replaced(self, vallum, home, tmp_path, entry, pack):
        (tmp_path / "npm.zip").write_bytes(pack(entry(1)))
        vallum("db", "import", tmp_path / "npm.zip")
        (home / "advisories/archives/npm.zip").write_bytes(b"noise")
        assert vallum("db", "import", tmp_path / "npm.zip").code == Exit.CLEAN

    @pytest.mark.slow
    def test_an_archive_bomb_is_refused(self, vallum, tmp_path):
        with zipfile.ZipFile(tmp_path / "npm.zip", "w", zipfile.ZIP_DEFLATED) as out:
            for number in range(5):
                out.writestr(f"{number}.json", b" " * (15 << 20))
        ran = vallum("db", "import", tmp_path / "npm.zip")
        assert ran.code == Exit.INCOMPLETE
        assert "unpacks to more than" in ran.err

    @pytest.mark.slow
    def test_real_archives(self, vallum, home):
        shared = Path(__file__).parents[3].parent / "shared/data"
        data = Path(os.environ.get("VALLUM_TEST_DATA", shared)) / "osv"
        if not data.is_dir():
            pytest.skip("no ../shared")
        assert vallum("db", "import", data).code == Exit.CLEAN
        assert counts(home)["Go"] > 4000
        assert counts(home)["PyPI"] > 2500


class TestStatus:
    def test_without_a_database_it_says_what_to_do(self, vallum):
        ran = vallum("db", "status")
        assert ran.code == Exit.INCOMPLETE
        assert "run `vallum db update`" in ran.out

    def test_a_damaged_database_is_said_and_scans_go_on(self, vallum, home, tree):
        (home / "advisories").mkdir(exist_ok=True)
        (home / "advisories/advisories.sqlite").write_bytes(b"noise" * 1000)
        ran = vallum("db", "status")
        assert ran.code == Exit.INCOMPLETE
        assert "damaged" in ran.out
        lock(tree, "1.0.0")
        assert "starter set" in vallum("scan", tree).out

    def test_another_file_can_be_named(self, vallum, home, source, entry, tree, monkeypatch, tmp_path):
        source.serve("npm", entry(1))
        vallum("db", *NPM)
        elsewhere = tmp_path / "mounted.sqlite"
        (home / "advisories/advisories.sqlite").rename(elsewhere)
        lock(tree, "1.0.0")
        assert vallum("scan", tree).code == Exit.INCOMPLETE
        monkeypatch.setenv("VALLUM_ADVISORIES", str(elsewhere))
        assert vallum("scan", tree).code == Exit.FINDINGS


@pytest.mark.parametrize("moment", ["", "soon", "2026-13-01T00:00:00Z", "9" * 40])
def test_what_is_no_moment_has_no_age(moment):
    assert moments.days_since(moment) is None


def test_an_origin_that_is_damaged_is_none(tmp_path):
    (tmp_path / "npm.zip").write_bytes(b"")
    (tmp_path / "npm.json").write_text("{")
    assert archives.read_origin(tmp_path, "npm") is None
