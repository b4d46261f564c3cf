"""Who waits too long for another is told so, and may try again."""

import json
import threading
from datetime import timedelta

import making
import pytest
from django.db import OperationalError, connection, connections
from django.test import Client
from making import report, secret

from vallum_web.accounts import tokens
from vallum_web.assets import services as assets
from vallum_web.assets.models import Asset
from vallum_web.config import busy
from vallum_web.findings import services
from vallum_web.findings.models import Bulk, Decision, Finding
from vallum_web.findings.services import bulk as bulks
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope


@pytest.fixture
def held(live_database):
    """An organization's finding and its asset, which somebody else's transaction holds for as long as the test lasts."""
    people = making.people()
    asset = assets.add(people.org, "repository", "shop", people.alice.pk)
    services.digest(scans.uploaded(asset, None), report(secret(), secret("two")))
    with scope(people.org.pk):
        people.finding, ended = Finding.objects.of(people.org).order_by("pk").values_list("pk", flat=True)
    yesterday = clock.now().date() - timedelta(days=1)
    services.suppress(people.org, ended, people.alice.pk, reason="test_data", until=yesterday)
    ready, over = threading.Event(), threading.Event()

    def hold():
        with scope(people.org.pk):
            list(Asset.objects.of(people.org).select_for_update())
            list(Finding.objects.of(people.org).select_for_update())
            ready.set()
            over.wait(60)
        connections.close_all()

    holding = threading.Thread(target=hold)
    holding.start()
    ready.wait(60)
    with connection.cursor() as cursor:
        cursor.execute("set lock_timeout = '200ms'")
    people.over, people.holding = over, holding
    yield people
    over.set()
    holding.join()


def decisions(org):
    with scope(org.pk):
        return Decision.objects.of(org).filter(until=None).count()


def test_a_page_says_that_somebody_else_is_at_it(held, signed_in):
    sent = {"reason": "risk_accepted"}
    answer = signed_in(held.alice).post(f"/acme/findings/{held.finding}/suppress/", sent)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "Nothing was done: try again" in answer.content.decode()
    assert decisions(held.org) == 0


def test_the_api_says_so_too(held):
    _, text = tokens.make(held.org, held.alice, tokens.Wanted(name="n", role="owner"))
    answer = Client(headers={"Authorization": f"Bearer {text}"}).post(
        f"/api/v1/findings/{held.finding}/suppression",
        json.dumps({"reason": "risk_accepted"}),
        content_type="application/json",
    )
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30"), answer.content
    assert "try again" in answer.json()["detail"]
    assert decisions(held.org) == 0


def test_an_action_on_a_few_becomes_a_job(held, monkeypatch):
    monkeypatch.setattr(bulks, "AT_ONCE_PATIENCE", "200ms")
    why = {"reason": "test_data", "justification": "", "note": "", "until": None}
    begun = services.begin_bulk(held.org, held.alice.pk, Bulk.Verb.SUPPRESS, arguments=why, keys=[held.finding])
    assert (begun.status, decisions(held.org)) == ("queued", 0)


def test_a_day_that_ended_waits_for_the_next_hour(held):
    assert services.expire_decisions(held.org.pk) == 0
    held.over.set()
    held.holding.join()
    assert services.expire_decisions(held.org.pk) == 1


def test_of_two_that_wait_for_each_other_one_may_try_again(held):
    held.over.set()
    held.holding.join()
    with scope(held.org.pk):
        first, second = Finding.objects.of(held.org).order_by("pk").values_list("pk", flat=True)
    start, errors = threading.Barrier(2), []

    def hold(*keys):
        try:
            with scope(held.org.pk):
                Finding.objects.of(held.org).select_for_update().get(pk=keys[0])
                start.wait(10)
                Finding.objects.of(held.org).select_for_update().get(pk=keys[1])
        except OperationalError as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=hold, args=keys) for keys in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (error,) = errors
    assert busy.waited(error)
