"""Notices: posted once, seen by their own person alone, and read once, with the time as proof."""

import re
from datetime import timedelta

import making
import pytest
from django.db import DatabaseError, transaction

from vallum_web.accounts.services import members
from vallum_web.mail import notices, services
from vallum_web.mail.kinds import BrokenKindError
from vallum_web.mail.letters import Letter, sample
from vallum_web.mail.models import Notice
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import outbox, person, scope

pytestmark = pytest.mark.django_db
LIST = "/notices/"


@pytest.fixture(scope="module")
def people(standing):
    """As everywhere, but made once for all of these."""
    return making.people()


def said(title="Hello"):
    return Letter(subject=title, text="Something happened.\n")


def post(who, title="Hello", kind="security", **more):
    """Post one, and find it."""
    notices.post(who.pk, kind, said(title), **more)
    with outbox():
        return Notice.objects.filter(person=who.pk).order_by("-id")[0].pk


def row(key):
    with outbox():
        return Notice.objects.get(pk=key)


def bell(page):
    return re.search(r'aria-label="Notices, (.+?) not read"', page)[1]


def test_one_is_told_listed_opened_and_read_once(people, signed_in):
    key = post(people.alice, "Somebody signed in")
    browser = signed_in(people.alice)
    page = browser.get(LIST).content.decode()
    assert "Somebody signed in" in page
    assert bell(page) == "1"
    assert browser.get(f"{LIST}{key}/").status_code == 200
    assert row(key).read_at is None, "looking at it proves nothing"
    answer = browser.post(f"{LIST}{key}/read/")
    assert answer["Location"] == f"{LIST}{key}/"
    at = row(key).read_at
    with clock.travelled(timedelta(hours=1)):
        browser.post(f"{LIST}{key}/read/")
    assert row(key).read_at == at, "the first time stands"
    page = browser.get(answer["Location"]).content.decode()
    assert f"read on {at:%Y-%m-%d} at {at:%H:%M:%S} UTC" in page
    assert bell(page) == "0"
    assert "Somebody signed in" not in browser.get(f"{LIST}?show=unread").content.decode()


def test_nobody_sees_or_reads_anothers(people, signed_in):
    key = post(people.alice)
    browser = signed_in(people.bob)
    assert browser.get(f"{LIST}{key}/").status_code == 404
    assert browser.post(f"{LIST}{key}/read/").status_code == 404
    assert bell(browser.get(LIST).content.decode()) == "0"
    assert row(key).read_at is None
    with person(people.bob.pk):
        assert not Notice.objects.filter(pk=key).update(read_at=clock.now()), "nor does the database let them"


def test_what_the_law_asks_to_be_told_is_read_one_by_one(people, signed_in):
    legal = post(people.alice, "The privacy policy changes", kind="policy", about="privacy-2")
    plain = post(people.alice, "Hello")
    browser = signed_in(people.alice)
    browser.post(f"{LIST}read/")
    assert row(plain).read_at
    assert row(legal).read_at is None
    page = browser.get(f"{LIST}?show=unread").content.decode()
    assert f'href="{LIST}{legal}/"' in page, "opened by a link, which marks nothing"
    assert f'action="{LIST}{legal}/read/"' not in page
    assert "I have read this" in browser.get(f"{LIST}{legal}/").content.decode()
    assert notices.receipts("policy", "privacy-2") == notices.Receipts(posted=1, read=0, last_read_at=None)
    browser.post(f"{LIST}{legal}/read/")
    at = row(legal).read_at
    assert notices.receipts("policy", "privacy-2") == notices.Receipts(posted=1, read=1, last_read_at=at)
    [(posted, read)] = notices.receipt(people.alice.pk, "policy", "privacy-2")
    assert posted <= read == at


def test_of_two_about_the_same_the_first_stands(people):
    for title in ("First", "Second"):
        notices.post_all([people.alice.pk, people.bob.pk], "policy", said(title), about="privacy-3")
    with outbox():
        assert set(Notice.objects.values_list("title", flat=True)) == {"First"}
    assert notices.receipts("policy", "privacy-3").posted == 2


@pytest.mark.parametrize(
    "values", [{"title": "Other"}, {"read_at": None}, {"posted_at": None}], ids=["words", "proof", "time"]
)
def test_one_that_was_posted_and_read_cannot_be_changed(people, values):
    key = post(people.alice)
    notices.read(people.alice.pk, [], key)
    before = row(key)
    with pytest.raises(DatabaseError), transaction.atomic(), outbox():
        Notice.objects.filter(pk=key).update(**{"posted_at": clock.now(), **values})
    after = row(key)
    assert (after.title, after.posted_at, after.read_at) == (before.title, before.posted_at, before.read_at)


def test_words_of_an_unread_one_stand_too(people):
    key = post(people.alice)
    with pytest.raises(DatabaseError, match="stands as it was posted"), transaction.atomic(), outbox():
        Notice.objects.filter(pk=key).update(title="Other")


def test_who_leaves_an_organization_no_longer_sees_its_notices(people, signed_in):
    with scope(people.org.pk):
        notices.post(people.bob.pk, "alert", said("Findings of Acme"), org=people.org.pk)
    browser = signed_in(people.bob)
    page = browser.get(LIST).content.decode()
    assert "Findings of Acme" in page
    assert bell(page) == "1"
    members.leave(people.org, people.bob)
    page = browser.get(LIST).content.decode()
    assert "Findings of Acme" not in page
    assert bell(page) == "0"


def test_rolled_back_nobody_is_told(people):
    def tell_and_fail():
        with scope(people.org.pk):
            notices.post(people.alice.pk, "alert", said(), org=people.org.pk)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        tell_and_fail()
    assert notices.unread(people.alice.pk, [people.org.pk]) == 0


def test_a_kind_that_there_is_none_of_is_refused(people):
    with pytest.raises(BrokenKindError, match="gossip"):
        notices.post(people.alice.pk, "gossip", said())


def test_words_of_strangers_stay_text_and_only_links_of_ours_are_links(people, signed_in, settings):
    key = post(people.alice, "<b>x</b>\u202e")
    page = signed_in(people.alice).get(f"{LIST}{key}/").content.decode()
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "\u202e" not in page
    notices.post(people.alice.pk, "alert", sample("alert"))
    with outbox():
        key = Notice.objects.get(kind="alert").pk
    page = signed_in(people.alice).get(f"{LIST}{key}/").content.decode()
    assert f'href="{settings.PUBLIC_URL}/acme/findings/"' in page
    assert "Look at the finding" in page


def test_the_list_asks_no_more_with_more_rows_and_has_pages(people, signed_in, django_assert_max_num_queries):
    browser = signed_in(people.alice)
    post(people.alice)
    browser.get(LIST)
    with django_assert_max_num_queries(100) as asked:
        browser.get(LIST)
    with outbox():
        Notice.objects.bulk_create(
            Notice(person=people.alice.pk, kind="alert", title=f"number {n}", text="x\n") for n in range(120)
        )
    with django_assert_max_num_queries(len(asked)):
        page = browser.get(LIST).content.decode()
    assert bell(page) == "100 or more"
    assert page.count('id="notice-') == 50
    following = re.search(r'rel="next" href="([^"]+)"', page)[1]
    assert "number 69" in browser.get(following).content.decode()


def test_they_go_after_90_days_but_for_what_the_law_asks_and_with_their_person(people):
    post(people.alice, "Old")
    legal = post(people.alice, "Legal", kind="breach")
    with clock.travelled(timedelta(days=91)):
        notices.prune()
        new = post(people.alice, "New")
    with outbox():
        assert set(Notice.objects.values_list("pk", flat=True)) == {legal, new}
    services.forget_person(people.alice.pk, people.alice.email)
    with outbox():
        assert not Notice.objects.exists()
