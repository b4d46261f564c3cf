"""What tests of single sign-on share: providers, proved domains, and the way to a provider and back."""

import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import requests
from django.test import Client

from dev.fakes import oidc as fake_oidc
from dev.fakes import saml as fake_saml
from vallum_web.accounts.models import Domain, IdentityProvider, User
from vallum_web.accounts.sso import flow, services
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

BASE = "http://testserver"


def prove(org: Any, name: str) -> Domain:
    with scope(org.pk):
        return Domain.objects.create(org=org, name=name, challenge=name, verified_at=now(), checked_at=now())


def events(org: Any, *kinds: str) -> list[Event]:
    with scope(org.pk):
        return list(Event.objects.of(org).filter(kind__in=kinds).order_by("id"))


def onward(answer: Any) -> str:
    """Where the page that leads on leads to."""
    assert answer.status_code == 200, answer.content.decode()
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', answer.content.decode())
    assert found, answer.content.decode()
    return unescape(found.group(1))


def add_oidc(org: Any, by: User, fake: fake_oidc.Provider, **more: Any) -> IdentityProvider:
    made = services.add(
        org,
        by,
        kind="oidc",
        name="Acme login",
        issuer=fake.issuer,
        client_id=fake.client_id,
        secret=fake.secret,
        **more,
    )
    services.tested(made, by)
    services.use(made, by)
    fake.redirect_uris.add(flow.address(made.pk, "callback"))
    with scope(org.pk):
        return IdentityProvider.objects.of(org).get(pk=made.pk)


def come_back(browser: Client, fake: fake_oidc.Provider, url: str, answer: str = "yes") -> Any:
    """Sign in at the provider's page, and follow it back to us."""
    page = requests.get(url, verify=str(fake.site.authority), timeout=5)
    assert page.status_code == 200, page.text
    back = requests.post(
        url, data={"answer": answer}, verify=str(fake.site.authority), timeout=5, allow_redirects=False
    )
    return browser.get(back.headers["Location"].removeprefix(BASE))


def signed_in_as(browser: Client) -> str:
    """The address of whoever is signed in; empty for nobody."""
    key = browser.session.get("_auth_user_id")
    return User.objects.get(pk=key).email if key else ""


def path(answer: Any) -> str:
    return urlsplit(answer.headers["Location"]).path


def add_saml(org: Any, by: User, fake: fake_saml.Provider, **more: Any) -> IdentityProvider:
    made = services.add(
        org, by, kind="saml", name="Acme SAML", issuer=fake.entity, metadata=fake.metadata(), metadata_url="", **more
    )
    services.tested(made, by)
    services.use(made, by)
    with scope(org.pk):
        return IdentityProvider.objects.of(org).get(pk=made.pk)


def carried(fake: fake_saml.Provider, url: str) -> tuple[str, str]:
    """What the provider's page would post, and to where."""
    page = requests.post(url, verify=str(fake.site.authority), timeout=5)
    assert requests.get(url, verify=str(fake.site.authority), timeout=5).status_code == 200
    action, posted = re.search(r"action='([^']+)'>.*value='([^']+)'", page.text).groups()
    return unescape(action).removeprefix(BASE), posted


def post_back(browser: Client, fake: fake_saml.Provider, url: str) -> Any:
    """By SAML: sign in there, and follow the form back to us. Browsers send no cookie of ours along with it."""
    action, posted = carried(fake, url)
    answer = Client().post(action, {"SAMLResponse": posted, "RelayState": ""})
    return browser.get(answer.headers["Location"]) if answer.status_code == 302 else answer
