"""The worklist: what it lists, how it pages, what it costs."""

import dataclasses
import itertools
import re
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from making import report, secret

from vallum_engine.model.finding import Confidence, Kind, PackageRef, Severity
from vallum_web.assets import services as assets
from vallum_web.findings import counting, queries, services
from vallum_web.findings.filters import BY_DUE, SORTS, Filters
from vallum_web.findings.models import Finding
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope

LIST = "/acme/findings/"


@pytest.fixture
def seen(org, alice):
    """Digest a report with these findings for an asset of this name; the asset."""
    known = {}

    def digest(*findings, name="shop"):
        asset = known.get(name) or known.setdefault(name, assets.add(org, "repository", name, alice.pk))
        scan = scans.uploaded(asset, None)
        digested = report(*findings, paths=tuple(sorted({f.locations[0].path for f in findings} | {"app.py"})))
        with scope(org.pk):
            outcome = services.digest(scan, digested)
            scans.finish(scan, digested, engine="0.1.0", outcome={"new": outcome.new})
        return asset

    return digest


def many(count, prefix="f"):
    severities, confidences = list(Severity), list(Confidence)
    return [
        secret(
            f"{prefix}{n}",
            path=f"src/{n % 7}.py",
            line=n + 1,
            severity=severities[n % 5],
            confidence=confidences[n % 3],
        )
        for n in range(count)
    ]


def rows(html):
    """The ids of the rows in a page."""
    return re.findall(r'<tr id="finding-([0-9a-f-]{36})"', html)


def text(response):
    return response.content.decode()


class Boxes(HTMLParser):
    """The attributes of every box and button in a page."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag in {"input", "button"}:
            self.found.append(dict(attrs))


def test_a_title_with_what_cannot_be_seen_stays_within_its_label(seen, signed_in, alice):
    """It is shown as a code point, which has markup of its own: an attribute holds none."""
    odd = 'a\u202eb"c<i>'
    seen(dataclasses.replace(secret("odd"), title=odd))
    browser = signed_in(alice)
    shown = Boxes(text(browser.get(LIST))).found
    assert {each["aria-label"] for each in shown if "data-pick" in each} == {'Select: aU+202Eb"c<i>'}
    grouped = Boxes(text(browser.get(LIST, {"group": "rule"}))).found
    assert {each["aria-label"] for each in grouped if "data-unfold" in each} == {'Show the worst of aU+202Eb"c<i>'}


def test_a_member_sees_what_is_open(signed_in, bob, seen):
    seen(secret("one", path="deploy/key.pem"))
    page = text(signed_in(bob).get(LIST))
    assert "Example token" in page
    assert "deploy/key.pem:3" in page
    assert len(rows(page)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("size", [0, 1, 20, 45])
def test_paging_meets_each_finding_once_in_both_directions(org, seen, size):
    if size:
        seen(*many(size))
        seen(*many(size // 3, "g"), name="tools")
    sorts = sorted([*SORTS, *("-" + name for name in SORTS)])
    for sort, status in itertools.product(sorts, ("open", "any")):
        filters = Filters(sort=sort, status=status, due="set" if sort.endswith(BY_DUE) else "")
        with scope(org.pk):
            known = Finding.objects.of(org).filter(**({"due_at__isnull": False} if filters.due else {}))
            expected = set(known.values_list("pk", flat=True))
            forth, back = both_ways(org, filters)
        assert set(forth) == expected, (sort, status)
        assert len(forth) == len(expected), (sort, status)
        assert back == forth, (sort, status)


def both_ways(org, filters):
    """The ids of all pages to the last, and of all pages from there to the first."""
    page = queries.worklist(org, filters, size=20)
    forth = list(page.rows)
    while page.next:
        page = queries.worklist(org, filters, after=page.next, size=20)
        forth += page.rows
    back = list(page.rows)
    while page.previous:
        page = queries.worklist(org, filters, before=page.previous, size=20)
        back = [*page.rows, *back]
    return [row.pk for row in forth], [row.pk for row in back]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "WyJ4Il0",
        "WzEsMl0",
        "bnVsbA",
        "WyI5OTk5OTk5OTk5OTk5OSIsICIwMTg5MGE1ZC1hYzk2LTc3NGItYmNjZS1iMzAyMDk5YTgwNTciXQ",
    ],
)
def test_a_cursor_of_a_strangers_making_begins_the_list(signed_in, alice, seen, cursor):
    seen(*many(3))
    for name in ("after", "before"):
        response = signed_in(alice).get(f"{LIST}?{name}={cursor}")
        assert response.status_code == 200
        assert len(rows(text(response))) == 3


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", {"key", "lock", "place"}, id="open"),
        pytest.param("?severity=critical", {"key"}, id="a severity"),
        pytest.param("?severity=critical&severity=low", {"key", "place"}, id="two severities"),
        pytest.param("?kind=vulnerability", {"lock"}, id="a kind"),
        pytest.param("?confidence=low", {"place"}, id="a confidence"),
        pytest.param("?rule=lodash-pollution", {"lock"}, id="a rule"),
        pytest.param("?q=lodash", {"lock"}, id="a package"),
        pytest.param("?q=deploy", {"key"}, id="a folder"),
        pytest.param("?q=key.pem", {"key"}, id="a file"),
        pytest.param("?q=lod 4.17", {"lock"}, id="the beginnings of words"),
        pytest.param("?q=lodash+deploy", set(), id="words of two findings"),
        pytest.param("?q=---", set(), id="no word"),
        pytest.param("?status=suppressed", set(), id="nothing suppressed"),
        pytest.param("?status=resolved", {"old"}, id="resolved"),
        pytest.param("?status=any", {"key", "lock", "place", "old"}, id="any status"),
        pytest.param("?asset=01890a5d-ac96-774b-bcce-b302099a8057", set(), id="an asset of nobody"),
    ],
)
def test_filters_narrow_the_list(signed_in, alice, seen, query, expected):
    found = {
        "key": secret("key", title="title key", path="deploy/key.pem", severity=Severity.CRITICAL),
        "lock": secret(
            "lock",
            title="title lock",
            kind=Kind.VULNERABILITY,
            rule="lodash-pollution",
            message="Prototype pollution",
            package=PackageRef(purl="pkg:npm/lodash@4.17.20", ecosystem="npm", name="lodash", version="4.17.20"),
        ),
        "place": secret("place", title="title place", severity=Severity.LOW, confidence=Confidence.LOW),
    }
    seen(secret("old", title="title old"), *found.values())
    seen(*found.values())
    page = text(signed_in(alice).get(LIST + query))
    assert set(re.findall(r">title (\w+)<", page)) == expected


@pytest.mark.parametrize("status", ["open", "resolved", "any"])
@pytest.mark.parametrize("severities", [(), ("critical",), ("high", "low")])
def test_a_search_counts_as_the_list_does(org, seen, status, severities):
    seen(*many(30))
    seen(*many(20))
    plain = Filters(status=status, severities=severities)
    with scope(org.pk):
        # Every finding holds this word, so that the search must change no number.
        searched = counting.counts(org, plain.but(text="example"))
        assert searched.found.keys.count(",") == 29
        assert dataclasses.replace(searched, found=None) == counting.counts(org, plain)


def test_counts_stand_beside_the_list_and_are_capped(org, seen):
    seen(*many(10))
    with scope(org.pk):
        counts = counting.counts(org, Filters(severities=("critical",)))
        assert counts.total == 2
        assert counts.statuses == {"open": 2, "suppressed": 0, "resolved": 0}
        assert counts.severities == {"critical": 2, "high": 2, "medium": 2, "low": 2, "info": 2}
        assert queries.capped([Finding.objects.of(org), Finding.objects.none()], cap=4) == [5, 0]


@pytest.mark.parametrize("url", [LIST, LIST + "?status=any&q=example", LIST + "?sort=path", "/acme/", "/acme/assets/"])
def test_a_page_asks_as_much_for_many_findings_as_for_few(signed_in, alice, seen, url):
    browser = signed_in(alice)

    def asked():
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(url).status_code == 200
        return len(queries)

    seen(*many(5))
    asked()
    few = asked()
    seen(*many(200))
    assert asked() == few
    assert few < 40


def test_a_detail_asks_as_much_for_many_places_as_for_few(org, signed_in, alice, seen):
    browser = signed_in(alice)

    def asked():
        with scope(org.pk):
            key = Finding.objects.of(org).get().pk
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(f"{LIST}{key}/").status_code == 200
        return len(queries)

    seen(secret("one"))
    asked()  # what is done once a minute, or once a process
    few = asked()
    locations = tuple(secret(line=n).locations[0] for n in range(1, 60))
    seen(secret("one", locations=locations))
    assert asked() == few


def test_nothing_of_a_finding_is_markup(signed_in, alice, seen):
    attack = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    seen(
        secret(
            "attack",
            title=attack,
            message=attack,
            path=f"{attack}.py",
            rule=attack,
            evidence=attack,
            references=("javascript:alert(3)", "https://osv.example/ok"),
        ),
    )
    browser = signed_in(alice)
    page = text(browser.get(LIST))
    detail = text(browser.get(f"{LIST}{rows(page)[0]}/"))
    for html in (page, detail, text(browser.get("/acme/"))):
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "&lt;script&gt;alert(1)" in html
    assert "javascript:" not in detail
    assert 'href="https://osv.example/ok" rel="noopener noreferrer nofollow"' in detail


def test_there_is_no_inline_style_or_script(signed_in, alice, seen):
    seen(*many(60))
    browser = signed_in(alice)
    first = text(browser.get(LIST))
    pages = [first, text(browser.get(f"{LIST}{rows(first)[0]}/")), text(browser.get("/acme/"))]
    for html in pages:
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|hx-on", html)


def test_empty_says_which_of_three(signed_in, alice, org, seen):
    browser = signed_in(alice)
    assert "Nothing scanned yet" in text(browser.get(LIST))
    seen(secret("one"))
    assert "Nothing matches" in text(browser.get(LIST + "?q=zebra"))
    asset = seen()
    assert "Looked, and nothing is open" in text(browser.get(LIST))
    assert "Looked, and nothing is open" in text(browser.get(f"{LIST}?asset={asset.pk}"))
    other = assets.add(org, "repository", "never", alice.pk)
    assert "Some assets were never scanned" in text(browser.get(LIST))
    assert "Nothing scanned yet" in text(browser.get(f"{LIST}?asset={other.pk}"))
