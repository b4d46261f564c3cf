"""A release taken in from a file: what changed is written, what is gone is taken back, and what is no feed changes nothing."""

import gzip
import os
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dev.fakes.feeds import catalogue, scores
from vallum_web.advisories import epss, kev, queries, services
from vallum_web.advisories.errors import UnusableError
from vallum_web.advisories.models import Feed, Threat
from vallum_web.tenancy import clock

DATA = Path(os.environ.get("VALLUM_TEST_DATA") or Path(__file__).parents[4] / "shared/data")
A, B, C, D = "CVE-2021-44228", "CVE-2024-0001", "CVE-2024-0002", "CVE-2023-12345678"


@pytest.fixture
def take(file, db):
    def run(body, **more):
        return services.take_file(file(body), **more)

    return run


def test_scores_are_taken_in_as_they_stand(take, known):
    taken = take(gzip.compress(scores({A: (0.94358, 0.99957), B: (0.00042, 0.05)}, day="2026-11-20")))
    assert (taken.kind.id, taken.version, taken.rows, list(taken.changed)) == ("epss", "v2025.03.14", 2, [A, B])
    found = known()[A]
    assert (found.epss, found.percentile, found.day, found.added) == (0.94358, 0.99957, "2026-11-20", None)


def test_packed_or_not_is_the_same(take, known):
    take(scores({A: (0.5, 0.5)}))
    assert take(gzip.compress(scores({A: (0.5, 0.5)}))).changed == []
    assert known()[A].epss == 0.5


def test_what_says_the_same_is_not_written_again(take, known):
    take(scores({A: (0.5, 0.9), B: (0.1, 0.8), C: (0.2, 0.7)}, day="2026-11-20"))
    before = known()
    with clock.travelled(timedelta(days=1)):
        taken = take(scores({A: (0.5, 0.9), B: (0.11, 0.8), C: (0.2, 0.71)}, day="2026-11-21"))
    assert taken.changed == [B], "a percentile alone weighs nothing"
    after = known()
    assert after[A] == before[A]
    assert (after[B].day, after[C].day, after[C].percentile) == ("2026-11-21", "2026-11-21", 0.71)
    assert after[B].changed_at > before[B].changed_at
    assert after[C].changed_at == before[C].changed_at
    assert list(queries.changed_since(before[B].changed_at)) == [B]


def test_a_vulnerability_without_a_score_any_more_has_none(take, known):
    take(scores({A: (0.5, 0.9), B: (0.1, 0.8), C: (0.2, 0.7)}))
    take(catalogue([{"cveID": A}]))
    taken = take(scores({B: (0.1, 0.8), C: (0.2, 0.7)}))
    assert taken.changed == [A]
    found = known()[A]
    assert (found.epss, found.percentile, found.day, found.added) == (None, None, None, "2026-03-03")


def test_the_catalogue_marks_and_takes_marks_back(take, known):
    take(scores({A: (0.5, 0.9)}))
    entries = [{"cveID": A, "knownRansomwareCampaignUse": "Known"}, {"cveID": D, "dueDate": None}, {"cveID": C}]
    taken = take(catalogue(entries))
    assert (taken.kind.id, taken.version, taken.rows, list(taken.changed)) == ("kev", "2026.11.20", 3, [A, D, C])
    found = known()
    assert (found[A].epss, found[A].added, found[A].due, found[A].ransomware) == (0.5, "2026-03-03", "2026-03-24", True)
    assert (found[D].epss, found[D].due, found[D].ransomware) == (None, None, False)
    taken = take(catalogue([{"cveID": C, "dueDate": "2026-04-01"}, {"cveID": B}], day="2026-11-21"))
    assert list(taken.changed) == [A, D, B]
    found = known()
    assert (found[A].epss, found[A].added, found[A].due, found[A].ransomware) == (0.5, None, None, False)
    assert D not in found, "no feed knows it any more"
    assert found[C].due == "2026-04-01"


@pytest.mark.parametrize("version", ["2026\0", "\u202e2026\n", 2026])
def test_a_version_is_kept_as_far_as_it_can_be_read(take, version):
    assert take(catalogue([{"cveID": A}], catalogVersion=version)).version == "2026"


def test_the_feed_says_how_old_it_is(take, file):
    take(scores({A: (0.5, 0.9)}, day="2026-11-20"))
    feed = queries.feeds()["epss"]
    assert (feed.version, str(feed.day), feed.rows, feed.etag) == ("v2025.03.14", "2026-11-20", 1, "")
    assert feed.source.endswith("/feed")
    assert feed.as_of.isoformat() == "2026-11-20T00:00:00+00:00"
    assert feed.failure == ""


@pytest.mark.skipif(not (DATA / "kev").is_dir(), reason="the publishers' own files are not here")
def test_the_publishers_own_files_are_taken_in(db, known):
    taken = services.take_file(DATA / "kev/known_exploited_vulnerabilities.json")
    assert (taken.version, taken.rows, len(taken.changed)) == ("2025.08.25", 1404, 1404)
    taken = services.take_file(DATA / "epss/epss_scores-sample.csv")
    assert (taken.version, taken.rows) == ("v2025.03.14", 71)
    found = known()
    assert (found[A].added, found[A].due, found[A].ransomware) == ("2021-12-10", "2021-12-24", True)
    assert (found["CVE-1999-0001"].epss, found["CVE-1999-0001"].percentile) == (0.01151, 0.7802)


ROW = f"{A},0.5,0.9\n".encode()
TODAY = scores({A: (0.5, 0.9)})
ENTRY = {"cveID": A}
UNUSABLE = [
    pytest.param(b"", "It is nothing", id="nothing"),
    pytest.param(b"\n\n", "It is nothing", id="empty lines"),
    pytest.param(b"<!DOCTYPE html><html><body>Sign in to the network", "It is a web page", id="a web page"),
    pytest.param(gzip.compress(b"<html>"), "It is a web page", id="a packed web page"),
    pytest.param(b"PK\x03\x04 and so on", "It is something else", id="an archive"),
    pytest.param(gzip.compress(TODAY)[:-9], "cut off", id="gzip cut off"),
    pytest.param(gzip.compress(TODAY)[:12], "cut off", id="gzip cut off at once"),
    pytest.param(gzip.compress(TODAY)[:-8] + b"\0" * 8, "damaged", id="gzip with another sum"),
    pytest.param(b"\x1f\x8b" + b"x" * 50, "damaged", id="gzip in name only"),
    pytest.param(TODAY[:-1], "in the middle of a line", id="no last line end"),
    pytest.param(TODAY + b"CVE-2024-1", "in the middle of a line", id="cut in a line"),
    pytest.param(TODAY + ROW, f"It has {A} twice", id="twice"),
    pytest.param(TODAY.replace(b"2026-11-20", b"2026-13-40"), "of no day", id="no day"),
    pytest.param(TODAY.replace(b"2026-11-20", b"2999-01-01"), "has not come yet", id="of the future"),
    pytest.param(TODAY.replace(b"cve,epss", b"cve,risk"), "second line", id="another table"),
    pytest.param(TODAY.partition(b"cve,")[0], "second line", id="comment alone"),
    pytest.param(scores({}), "no entry", id="no rows"),
    *(
        pytest.param(TODAY + bad + b"\n", "Line 4", id=f"line {number}")
        for number, bad in enumerate(
            [
                b"CVE-2024-1,0.5,0.5",
                b"CVE-2024-0001,0.5",
                b"CVE-2024-0001,nan,0.5",
                b"CVE-2024-0001,1.5,0.5",
                b"CVE-2024-0001,-0.1,0.5",
                b"CVE-2024-0001,0.5,0.5,0.5",
                b"CVE-2024-0001,e,0.5",
                b"",
                b"x\0y",
                "CVE-\uff12024-0001,0.5,0.5".encode(),
                b"CVE-2024-0001,1e400,0.5",
            ]
        )
    ),
    pytest.param(TODAY + b"x" * 5000, "far too long", id="a line without end"),
    pytest.param(catalogue([ENTRY])[:-20], "cut off or damaged", id="JSON cut off"),
    pytest.param(b'{"a":' * 5000, "cut off or damaged", id="deep JSON"),
    pytest.param(b"{}", "no list of vulnerabilities", id="other JSON"),
    pytest.param(catalogue([ENTRY], count=7), "7 entries, and has 1", id="fewer than it says"),
    pytest.param(catalogue([ENTRY], dateReleased=None), "of which day", id="no release date"),
    pytest.param(catalogue([]), "no entry", id="empty catalogue"),
    pytest.param(catalogue([ENTRY], vulnerabilities=[5]), "Entry 1 is no entry", id="no object"),
    pytest.param(catalogue([{"cveID": "CVE-1"}]), "Entry 1 names no CVE", id="no CVE"),
    pytest.param(catalogue([{"cveID": "CVE-\uff12024-0001"}]), "Entry 1 names no CVE", id="digits of another script"),
    pytest.param(catalogue([{"cveID": [A]}]), "Entry 1 names no CVE", id="CVE in a list"),
    pytest.param(catalogue([{**ENTRY, "dateAdded": "soon"}]), "when it was added", id="no date"),
    pytest.param(catalogue([ENTRY, ENTRY]), f"It has {A} twice", id="an entry twice"),
]


@pytest.mark.parametrize(("body", "words"), UNUSABLE)
def test_what_is_no_feed_says_so_and_changes_nothing(take, known, body, words):
    take(scores({B: (0.1, 0.2)}, day="2026-11-19"))
    take(catalogue([{"cveID": B}], day="2026-11-19"))
    before, feeds = known(), list(Feed.objects.order_by("id").values())
    with pytest.raises(UnusableError, match=words):
        take(body)
    assert known() == before
    assert list(Feed.objects.order_by("id").values()) == feeds


@pytest.mark.parametrize("module", [epss, kev])
def test_a_bomb_is_not_unpacked_to_its_end(take, known, monkeypatch, module):
    monkeypatch.setattr(module, "MOST", 1 << 20)
    row = b"CVE-2024-0001,0.00001,0.00001\n"
    start = scores({A: (0.5, 0.9)}) if module is epss else b"{"
    with pytest.raises(UnusableError, match="larger than the 1,048,576 bytes"):
        take(gzip.compress(start) + gzip.compress(row * 50_000) * 100)
    assert known() == {}


def test_older_and_much_shorter_ones_are_taken_by_force_alone(take, known):
    take(scores({A: (0.5, 0.5), B: (0.5, 0.5), C: (0.5, 0.5)}, day="2026-11-20"))
    older, shorter = scores({A: (0.4, 0.4), B: (0.5, 0.5)}, day="2026-11-19"), scores({A: (0.4, 0.4)}, day="2026-11-20")
    with pytest.raises(UnusableError, match="is of 2026-11-19, and the EPSS that is here is of 2026-11-20"):
        take(older)
    with pytest.raises(UnusableError, match="has 1 of the 3 entries"):
        take(shorter)
    assert known()[A].epss == 0.5
    assert list(take(older, force=True).changed) == [A, C]
    assert list(take(scores({A: (0.4, 0.4)}, day="2026-11-18"), force=True).changed) == [B]


SCORES = st.dictionaries(
    st.sampled_from([f"CVE-2024-{number:04}" for number in range(30)]),
    st.tuples(st.integers(0, 100_000), st.integers(0, 100_000)).map(lambda two: (two[0] / 100_000, two[1] / 100_000)),
    min_size=1,
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(releases=st.lists(SCORES, min_size=1, max_size=4), marked=SCORES)
def test_after_any_releases_the_last_one_holds(releases, marked, tmp_path_factory, django_db_blocker, django_db_setup):
    path = tmp_path_factory.mktemp("feeds") / "feed"
    with django_db_blocker.unblock():
        Threat.objects.all().delete()
        path.write_bytes(catalogue([{"cveID": cve} for cve in marked]))
        services.take_file(path, force=True)
        before = {}
        for release in releases:
            path.write_bytes(scores(release))
            taken = services.take_file(path, force=True)
            known = {row.cve: row for row in Threat.objects.all()}
            assert {cve: (row.epss, row.percentile) for cve, row in known.items() if row.epss is not None} == release
            assert {cve for cve, row in known.items() if row.kev_added} == set(marked)
            assert known.keys() == release.keys() | marked.keys()
            scored = {cve: two[0] for cve, two in release.items()}
            assert list(taken.changed) == sorted(c for c in {*before, *scored} if before.get(c) != scored.get(c))
            before = scored
        Threat.objects.all().delete()
        Feed.objects.all().delete()
