"""What a person said no to: it holds at once, for this purpose alone, and it can be shown when it held."""

import pytest
from django.test import RequestFactory

from vallum_web.accounts.objections import queries, services
from vallum_web.accounts.objections.models import Objection, Purpose
from vallum_web.mail import queries as mails

pytestmark = [pytest.mark.django_db, pytest.mark.policy("PP-6e", "PP-1.3b")]


@pytest.mark.parametrize("purpose", [each for each in Purpose if each != Purpose.HANDOVER])
def test_a_no_holds_for_its_purpose_from_the_next_moment_on(alice, bob, signed_in, purpose):
    browser = signed_in(alice)
    assert not queries.objects(alice.pk, purpose)
    assert browser.post("/accounts/privacy/objections/", {"purposes": [purpose]}).status_code == 302
    assert [each for each in Purpose if queries.objects(alice.pk, each)] == [purpose]
    assert not queries.objects(bob.pk, purpose)
    browser.post("/accounts/privacy/objections/", {"purposes": []})
    assert not queries.objects(alice.pk, purpose)
    (kept,) = Objection.objects.filter(person=alice.pk)
    assert kept.since <= kept.ended_at


def test_no_news_means_no_mails_with_news(alice):
    from vallum_web.mail import services as choosing  # noqa: PLC0415 - one test's

    choosing.choose(alice.pk, [("news", True)])
    services.settle(alice, [Purpose.NEWS])
    assert mails.chosen(alice.pk).wanted["news"] is False


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({}, False, id="nothing said"),
        pytest.param({"Sec-GPC": "1"}, True, id="a no"),
        pytest.param({"Sec-GPC": "0"}, False, id="not defined: nothing said"),
        pytest.param({"Sec-GPC": "true"}, False, id="no value of the standard's"),
    ],
)
def test_global_privacy_control_is_a_no_of_whoever_sits_there(headers, expected):
    request = RequestFactory().get("/", headers=headers)
    assert queries.objects(None, Purpose.USAGE, request) is expected
    assert queries.objects(None, Purpose.AGGREGATES, request) is expected
    assert queries.objects(None, Purpose.NEWS, request) is False


def test_restricted_is_a_no_to_everything(alice):
    services.restrict(alice.pk, "disputed")
    services.restrict(alice.pk, "disputed again")
    assert all(queries.objects(alice.pk, purpose) for purpose in Purpose)
    services.unrestrict(alice.pk)
    assert not queries.restricted(alice.pk)


def test_a_purpose_that_there_is_none_of_changes_nothing(alice, signed_in):
    assert signed_in(alice).post("/accounts/privacy/objections/", {"purposes": ["world"]}).status_code == 422
    assert not Objection.objects.exists()
