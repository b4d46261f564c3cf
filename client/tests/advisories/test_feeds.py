"""EPSS scores and CISA's catalogue over real HTTP: joined, proven before they count, and not sent twice."""

import gzip
import hashlib
import json

import pytest

from vallum.cli.exits import Exit
from vallum_engine.sca.advisories import open_database

UPDATE = ("db", "update", "--ecosystem", "npm")
EPSS, KEV = "/epss_scores-current.csv.gz", "/known_exploited_vulnerabilities.json"
CVE = "CVE-2021-44228"


def scores(score="0.94358", day="2026-01-02"):
    head = f"#model_version:v1,score_date:{day}T00:00:00Z\ncve,epss,percentile\n"
    return gzip.compress(f"{head}{CVE},{score},0.99957\n".encode(), mtime=0)


def catalogue(*cves, day="2026-01-03", **more):
    entries = [{"cveID": cve, "dateAdded": "2021-12-10", "knownRansomwareCampaignUse": "Known"} for cve in cves]
    told = {"dateReleased": f"{day}T00:00:00Z", "count": len(entries), "vulnerabilities": entries}
    return json.dumps({**told, **more}).encode()


@pytest.fixture
def served(source, entry):
    """A mirror with one advisory and both feeds."""
    source.serve("npm", entry(1) | {"aliases": [CVE]})
    source.files |= {EPSS: scores(), KEV: catalogue(CVE)}
    return source


def known(home):
    with open_database(home / "advisories/advisories.sqlite") as opened:
        return dict(opened.facts.meta.feeds), opened.exploitation([CVE]).get(CVE)


def scanned(vallum, tree, form):
    lock = {"lockfileVersion": 3, "packages": {"node_modules/left-pad": {"version": "1.0.0"}}}
    (tree / "package-lock.json").write_text(json.dumps(lock))
    return vallum("scan", tree, "--only", "packages", "--format", form).out


def test_an_update_brings_them_and_every_report_says_what_they_say(vallum, home, served, tree):
    ran = vallum(*UPDATE)
    assert ran.code == Exit.CLEAN
    assert "EPSS scores: 1 vulnerabilities, as of 2026-01-02." in ran.err
    assert "CISA's catalogue of what is exploited as of 2026-01-03" in ran.out
    (finding,) = json.loads(scanned(vallum, tree, "json"))["findings"]
    told = {"epss": 0.94358, "percentile": 0.99957, "since": "2021-12-10", "ransomware": True}
    assert finding["exploitation"] == told
    (result,) = json.loads(scanned(vallum, tree, "sarif"))["runs"][0]["results"]
    assert result["properties"]["exploitation"] == told
    assert "Known to be exploited since 2021-12-10, by ransomware too (CISA)." in scanned(vallum, tree, "table")


@pytest.mark.parametrize(
    ("score", "says"), [("0.94358", "94% likely"), ("0.00043", "Under 1% likely"), ("0.996", "Over 99% likely")]
)
def test_what_is_not_known_to_be_exploited_has_its_chance(vallum, served, tree, score, says):
    served.files |= {EPSS: scores(score), KEV: catalogue()}
    vallum(*UPDATE)
    assert f"{says} to be exploited within 30 days (EPSS)." in scanned(vallum, tree, "table")


def test_the_same_version_is_not_sent_twice_and_a_new_one_is(vallum, home, served):
    vallum(*UPDATE)
    served.asked.clear()
    assert vallum(*UPDATE).code == Exit.CLEAN
    assert all("If-None-Match" in headers for path, headers in served.asked if path in (EPSS, KEV))
    served.files[EPSS] = scores("0.5", "2026-02-02")
    vallum(*UPDATE)
    days, told = known(home)
    assert days == {"epss": "2026-02-02", "kev": "2026-01-03"}
    assert told.epss == 0.5


@pytest.mark.parametrize(
    ("path", "data", "says"),
    [
        pytest.param(EPSS, b"<html>Sign in to the network</html>", "is not EPSS scores", id="a captive portal"),
        pytest.param(EPSS, scores()[:-9], "cannot be read", id="cut off"),
        pytest.param(EPSS, gzip.compress(bytes(65 << 20)), "larger than such a file is", id="a bomb"),
        pytest.param(EPSS, scores("high"), "line 3", id="a score that is none"),
        pytest.param(KEV, scores(), "is not CISA's catalogue", id="the other feed"),
        pytest.param(KEV, catalogue(CVE, count=2), "has 2 entries, and has 1", id="a catalogue cut short"),
    ],
)
def test_what_is_no_such_feed_is_refused_and_the_old_one_stays(vallum, home, served, path, data, says):
    vallum(*UPDATE)
    before = known(home)
    served.files[path] = data
    ran = vallum(*UPDATE)
    assert ran.code == Exit.INCOMPLETE
    assert says in ran.err
    assert known(home) == before
    assert not [kept for kept in (home / "advisories/archives").iterdir() if "part" in kept.name]


def test_an_older_one_does_not_take_the_place_of_a_newer(vallum, home, served):
    vallum(*UPDATE)
    served.files[KEV] = catalogue(day="2025-12-31")
    ran = vallum(*UPDATE)
    assert ran.code == Exit.CLEAN
    assert "those of 2026-01-03 stay" in ran.err
    assert known(home)[1].since == "2021-12-10"


def test_a_part_does_not_take_the_place_of_the_whole(vallum, home, served):
    served.files[KEV] = catalogue(CVE, "CVE-2020-0001", "CVE-2020-0002")
    vallum(*UPDATE)
    served.files[KEV] = catalogue("CVE-2020-0001", day="2026-05-05")
    ran = vallum(*UPDATE)
    assert ran.code == Exit.INCOMPLETE
    assert "tells of 1 vulnerabilities, and 3 are here" in ran.err
    assert known(home)[1].since == "2021-12-10"


def test_a_mirror_without_them_is_no_failure_and_is_said(vallum, home, served):
    del served.files[EPSS]
    ran = vallum(*UPDATE)
    assert ran.code == Exit.CLEAN
    assert f"EPSS scores: {served.url} has none" in ran.err
    assert known(home)[0] == {"kev": "2026-01-03"}


def test_its_list_says_where_they_are_and_what_they_must_be(vallum, home, served):
    def listed(path, data):
        return {"path": path, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    archive, feed = served.files["/npm/all.zip"], catalogue(CVE, day="2026-03-03")
    told = {"archives": {"npm": listed("npm/all.zip", archive)}, "feeds": {"kev": listed("2026/kev.json", feed)}}
    served.files |= {"/2026/kev.json": feed, "/manifest.json": json.dumps({"version": 1, **told}).encode()}
    assert vallum(*UPDATE).code == Exit.CLEAN
    assert known(home)[0]["kev"] == "2026-03-03"
    served.files["/2026/kev.json"] = catalogue(day="2026-03-04")
    ran = vallum(*UPDATE)
    assert ran.code == Exit.INCOMPLETE
    assert "does not have the size and hash that the source names" in ran.err
    assert known(home)[0]["kev"] == "2026-03-03"


def test_another_place_can_be_named_and_must_then_have_it(vallum, home, served, monkeypatch):
    served.files["/own/scores.gz"] = scores(day="2026-04-04")
    monkeypatch.setenv("VALLUM_EPSS_SOURCE", f"{served.url}/own/scores.gz")
    assert vallum(*UPDATE).code == Exit.CLEAN
    assert known(home)[0]["epss"] == "2026-04-04"
    monkeypatch.setenv("VALLUM_EPSS_SOURCE", f"{served.url}/gone.gz")
    ran = vallum(*UPDATE)
    assert ran.code == Exit.INCOMPLETE
    assert "/gone.gz: the server answered 404" in ran.err


def test_they_can_be_left_out(vallum, home, served, monkeypatch):
    monkeypatch.setenv("VALLUM_FEEDS", "off")
    assert vallum(*UPDATE).code == Exit.CLEAN
    assert known(home) == ({}, None)
    assert not [path for path, _ in served.asked if path in (EPSS, KEV)]


def test_one_that_a_person_brought_is_asked_for_anew(vallum, home, served, tmp_path):
    vallum(*UPDATE)
    (tmp_path / "kev.json").write_bytes(catalogue(day="2026-01-03"))
    assert vallum("db", "import", tmp_path / "kev.json").code == Exit.CLEAN
    assert known(home)[1].since == ""
    assert vallum(*UPDATE).code == Exit.CLEAN
    assert known(home)[1].since == "2021-12-10"
