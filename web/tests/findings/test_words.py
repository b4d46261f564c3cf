"""What people type into the search field is never syntax."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from making import report, secret

from vallum_web.assets import services as assets
from vallum_web.assets.models import Asset
from vallum_web.findings import counting, queries, services
from vallum_web.findings.filters import Filters
from vallum_web.findings.models import Words
from vallum_web.findings.services import upkeep
from vallum_web.findings.words import tsquery
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("  -- !? ", "", id="no word in it"),
        pytest.param("token", "'token':*", id="one word, as a beginning"),
        pytest.param("app.py", "('app.py':* | ('app' & 'py':*))", id="whole, or its parts"),
        pytest.param("it's", "('it''s':* | ('it' & 's':*))", id="a quote is doubled"),
        pytest.param("a\\b", "('a\\\\b':* | ('a' & 'b':*))", id="a backslash is doubled"),
    ],
)
def test_a_search_becomes_a_query(text, expected):
    assert tsquery(text) == expected


def test_only_so_many_words_count():
    assert tsquery(" ".join("abcdefghijkl")).count("&") == 7


MATCHES = "select to_tsvector('simple', %s) @@ to_tsquery('simple', %s)"


@pytest.mark.parametrize(
    ("title", "typed"),
    [
        pytest.param("lodash 4.17.21", "4.17", id="a version"),
        pytest.param("it's (a) <-> b & 'c' | !d", "it's", id="quotes and operators"),
        pytest.param("back\\slash 'q' \\' x", "back", id="backslashes"),
        pytest.param("wild " + "ü" * 495, "ü" * 400, id="as long a word as there is"),
        pytest.param("wild " + "\U0001d54f" * 495, "wild", id="of four bytes a letter"),
        pytest.param("pre-commit-hook", "pre-com", id="the beginning of a word in parts"),
    ],
)
def test_the_record_finds_what_it_holds_whatever_it_holds(people, title, typed):
    for org in (people.org, people.elsewhere):
        asset = assets.add(org, "repository", "shop", None)
        services.digest(scans.uploaded(asset, None), report(secret(title=title)))
    for org in (people.org, people.elsewhere):
        with scope(org.pk):
            assert [row.title for row in queries.matching(org, Filters(text=typed))] == [title]
            assert counting.counts(org, Filters(text=typed)).total == 1
            for found in (None, counting.counts(org, Filters(text=typed)).found):
                assert [row.title for row in queries.worklist(org, Filters(text=typed), found=found).rows] == [title]
            assert not queries.matching(org, Filters(text="zebra"))


@pytest.mark.parametrize(
    ("indexed", "typed"),
    [
        pytest.param("lodash is affected by CVE-2021-44228", "cve-2021-44228", id="a CVE"),
        pytest.param("lodash is affected by CVE-2021-44228", "CVE-2021", id="the beginning of a CVE"),
        pytest.param("lodash 4.17.21", "lodash 4.17", id="a package and the beginning of a version"),
        pytest.param("src/config/app.py src config app py", "app.py", id="a file in a folder"),
        pytest.param("src/config/app.py src config app py", "config app", id="a folder and a file"),
        pytest.param("aws-access-key", "access", id="a part of a rule"),
        pytest.param("aws-access-key", "aws-acc", id="the beginning of a rule"),
        pytest.param("Schlüssel im Quelltext", "schlü", id="letters beyond ASCII"),
    ],
)
@pytest.mark.django_db
def test_a_search_finds(indexed, typed):
    with connection.cursor() as cursor:
        cursor.execute(MATCHES, [indexed, tsquery(typed)])
        assert cursor.fetchone() == (True,)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(alphabet=st.one_of(st.sampled_from("ab'\\&|!():*<->\"é "), st.characters(codec="utf-8")), max_size=40)
)
@pytest.mark.django_db
def test_no_text_breaks_a_query(text):
    typed = text.replace("\x00", "")
    with connection.cursor() as cursor:
        cursor.execute(MATCHES, ["something", tsquery(typed)])
        assert cursor.fetchone() in {(True,), (False,)}


def _found(org, text):
    with scope(org.pk):
        return queries.matching(org, Filters(text=text)).count()


def test_words_follow_what_a_finding_says_and_go_with_it(org):
    asset = assets.add(org, "repository", "shop", None)
    services.digest(scans.uploaded(asset, None), report(secret(title="walrus")))
    services.digest(scans.uploaded(asset, None), report(secret(title="zebra")))
    assert (_found(org, "walrus"), _found(org, "zebra")) == (0, 1)
    with scope(org.pk):
        assert Words.objects.of(org).count() == 1
        Words.objects.of(org).delete()
    assert _found(org, "zebra") == 0
    services.settle(org.pk)
    assert _found(org, "zebra") == 1
    with scope(org.pk):
        Asset.objects.of(org).get(pk=asset.pk).delete()
        assert Words.objects.of(org).count() == 0


def test_a_large_report_is_found_once_its_words_are_made(org, monkeypatch):
    monkeypatch.setattr(upkeep, "WORDED", 700)
    asset = assets.add(org, "repository", "shop", None)
    services.digest(scans.uploaded(asset, None), report(*(secret(f"leak {n}", line=n + 1) for n in range(2001))))
    assert _found(org, "leak") == 0
    services.settle(org.pk, asset.pk)
    assert _found(org, "leak") == 2001
