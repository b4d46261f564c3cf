"""A stranger who tries domains and addresses learns whether a sign-in begins, and nothing besides."""

import re

import making
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape
from vouching import onward, prove

from vallum_web.accounts.models import Domain
from vallum_web.accounts.sso import services
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.scope import scope

NOBODY = [
    pytest.param(lambda world: "x@unknown.test", id="a domain that nobody named"),
    pytest.param(lambda world: "x@claimed.test", id="a domain that was named and not proved"),
    pytest.param(lambda world: "x@withoutone.test", id="a proved domain of an organization without a provider"),
    pytest.param(lambda world: "charlie@example.test", id="somebody's address, in no domain"),
    pytest.param(lambda world: "no-such-org", id="an address of no organization"),
    pytest.param(lambda world: "elsewhere", id="an organization without a provider"),
    pytest.param(lambda world: "ACME.test", id="a domain alone"),
    pytest.param(lambda world: "x@sub.acme.test", id="below a proved domain"),
    pytest.param(lambda world: "x@acme.test'; --", id="markup of SQL"),
]


@pytest.fixture
def named(world):
    with scope(world.org.pk):
        Domain.objects.create(org=world.org, name="claimed.test", challenge="c")
    prove(world.elsewhere, "withoutone.test")
    return world


TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')


def asked(who):
    """Status, page and number of queries, without what was written and the form's own token."""
    with CaptureQueriesContext(connection) as queries:
        answer = Client().post("/accounts/sso/", {"who": who})
    return answer.status_code, TOKEN.sub("", answer.content.decode()).replace(escape(who), "…"), len(queries)


@pytest.mark.asvs("6.3.8")
@pytest.mark.parametrize("who", NOBODY)
def test_what_begins_no_sign_in_is_all_the_same(named, who):
    status, page, queries = asked(who(named))
    assert status == 422
    assert "Nobody answers single sign-on for this" in page
    assert (status, page, queries) == asked("y@another.test")


@pytest.mark.parametrize("switch", ["off", "lost", "removed"])
def test_nor_does_what_began_one_before(named, switch):
    if switch == "off":
        services.stop(named.provider, named.alice)
    elif switch == "removed":
        services.remove(named.provider, named.alice)
    else:
        with scope(named.org.pk):
            Domain.objects.of(named.org).filter(name="acme.test").update(verified_at=None, checked_at=now())
    assert asked("ada@acme.test") == asked("y@another.test")


@pytest.mark.parametrize("who", ["ada@acme.test", " Ada@ACME.test ", "anybody-at-all@acme.test", "acme", "ACME"])
def test_who_is_asked_for_does_not_matter_only_where(named, who):
    """An address that has an account and one that has none lead to the same place."""
    making.person("ada@acme.test")
    assert onward(Client().post("/accounts/sso/", {"who": who})).startswith(named.fake.issuer)


def test_a_provider_that_does_not_answer(named, monkeypatch):
    monkeypatch.setenv("VALLUM_EGRESS_ALLOW", "")
    answer = Client().post("/accounts/sso/", {"who": "acme"})
    assert answer.status_code == 403
    assert b"did not answer as it should" in answer.content
    assert named.fake.issuer.encode() not in answer.content


def test_the_page_for_an_address_is_the_same_for_any(named):
    one, other = (
        TOKEN.sub("", Client().get(f"/accounts/sso/at/{slug}/").content.decode()) for slug in ("acme", "nope")
    )
    assert one.replace('value="acme"', 'value="nope"') == other


@pytest.mark.slow
@pytest.mark.asvs("6.3.1", "2.4.1")
def test_there_is_an_end_to_trying(named):
    browser = Client()
    tries = iter(range(300))
    while browser.post("/accounts/sso/", {"who": f"x@d{next(tries)}.test"}).status_code == 422:
        pass
    assert 200 <= next(tries) < 299
    assert browser.post(f"/accounts/sso/{named.provider.pk}/acs/").status_code == 429
    assert browser.get("/accounts/sso/").status_code == 200


def test_the_sign_in_page_leads_there(db):
    page = Client().get("/accounts/login/?next=/acme/").content.decode()
    assert "Continue with single sign-on" in page
    assert '/accounts/sso/?next=%2Facme%2F"' in page or '/accounts/sso/?next=/acme/"' in page


@pytest.mark.asvs("3.5.1")
@pytest.mark.parametrize("address", ["/accounts/sso/", "/accounts/sso/confirm/", "/accounts/sso/again/"])
def test_forms_from_elsewhere_are_refused(named, address):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(named.alice)
    assert browser.post(address, {"who": "acme"}).status_code == 403
