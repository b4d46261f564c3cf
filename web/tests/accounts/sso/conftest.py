"""Acme has a provider that speaks the real protocol on loopback, and has proved acme.test."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test import Client
from vouching import BASE, add_oidc, come_back, onward, prove

from dev.fakes import oidc as fake_oidc
from vallum_web.tenancy import lookups
from vallum_web.tenancy.scope import scope


@pytest.fixture(autouse=True)
def _here(settings: Any, db: None) -> None:
    settings.PUBLIC_URL = BASE
    cache.clear()


@pytest.fixture
def world(people: SimpleNamespace, monkeypatch: Any, tmp_path: Any) -> Iterator[SimpleNamespace]:
    """The people, Acme's OIDC provider in use, and `fake`, which plays it."""
    with fake_oidc.provider(tmp_path) as fake:
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", fake.site.opening)
        monkeypatch.setenv("SSL_CERT_FILE", str(fake.site.authority))
        people.fake = fake
        people.provider = add_oidc(people.org, people.alice, fake)
        people.domain = prove(people.org, "acme.test")
        yield people


@pytest.fixture
def trip(world: SimpleNamespace) -> Callable[..., Any]:
    """From our sign-in page to the provider and back, by OIDC: the answer of our callback."""

    def travel(browser: Client, who: str = "ada@acme.test", **answer: str) -> Any:
        return come_back(browser, world.fake, onward(browser.post("/accounts/sso/", {"who": who})), **answer)

    return travel


@pytest.fixture
def live_rows() -> Callable[[], str]:
    """Everything that any table holds, as text."""

    def read() -> str:
        return "\n".join(_rows())

    return read


def _rows() -> Iterator[str]:
    for org in lookups.all_orgs():
        with scope(org), connection.cursor() as cursor:
            for model in apps.get_models():
                cursor.execute(f"select t::text from {connection.ops.quote_name(model._meta.db_table)} t")
                yield from (str(row[0]) for row in cursor.fetchall())
