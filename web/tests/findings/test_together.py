"""Several at once on the same findings: scans that are digested, people who decide, an action on all of them."""

import random
from concurrent.futures import ThreadPoolExecutor

import making
import pytest
from django.db import connections
from making import report, secret

from vallum_web.assets import services as assets
from vallum_web.findings import services
from vallum_web.findings.models import Bulk, Decision, Finding
from vallum_web.findings.services import bulk as bulks
from vallum_web.scans import services as scans
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.slow

FINDINGS, ASSETS, DECISIONS = 600, 4, 60
WHY = {"reason": "test_data", "justification": "", "note": "", "until": None}


@pytest.fixture
def crowd(live_database, monkeypatch):
    """Assets with many findings, in a database of their own: threads commit."""
    monkeypatch.setattr(bulks, "PART", 100)  # many parts, so that others come between
    people = making.people()
    made = [assets.add(people.org, "repository", f"shop-{n}", people.alice.pk) for n in range(ASSETS)]
    for asset in made:
        services.digest(scans.uploaded(asset, None), seen(0))
    return people, made


def seen(round_):
    """What a scan sees: each time another tenth is missing and moved lines change the rest."""
    return report(
        *(secret(f"n{number}", line=number + round_ + 1) for number in range(FINDINGS) if number % 10 != round_ % 10)
    )


def closing(act):
    def run(*given):
        try:
            return act(*given)
        finally:
            connections.close_all()

    return run


def test_nothing_is_lost_and_nobody_waits_in_a_circle(crowd):
    people, made = crowd
    org = people.org
    with scope(org.pk):
        keys = list(Finding.objects.of(org).values_list("pk", flat=True))

    @closing
    def scanning(asset):
        for round_ in range(1, 4):
            services.digest(scans.uploaded(asset, None), seen(round_))

    @closing
    def deciding(person, seed):
        chance = random.Random(seed)
        for key in chance.sample(keys, DECISIONS):
            services.suppress(org, key, person.pk, reason="risk_accepted")
            if chance.random() < 0.5:
                services.lift(org, key, person.pk)
            services.assign(org, key, person.pk, assignee=person.pk, team=None)

    @closing
    def at_once():
        hidden = services.begin_bulk(org, people.alice.pk, Bulk.Verb.SUPPRESS, arguments=WHY, query="status=open")
        hidden = services.run_bulk(org.pk, hidden.pk)
        again = services.undo_bulk(org, hidden.pk, people.bob.pk)
        return hidden, services.run_bulk(org.pk, again.pk)

    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(scanning, asset) for asset in made]
        running += [pool.submit(deciding, people.alice, 1), pool.submit(deciding, people.bob, 2)]
        actions = pool.submit(at_once)
        for each in running:
            each.result(timeout=300)
        hidden, again = actions.result(timeout=300)
    assert (hidden.status, again.status) == ("done", "done")
    whole(org, keys, hidden)


def whole(org, keys, hidden):
    """Every row as its decisions say, every change with its event."""
    with scope(org.pk):
        rows = {row.pk: row for row in Finding.objects.of(org)}
        assert set(keys) <= set(rows)
        assert len(rows) == FINDINGS * ASSETS
        covered = set(Decision.objects.of(org).filter(lifted_at=None).values_list("finding", flat=True))
        for row in rows.values():
            if row.status != "resolved":
                assert (row.status == "suppressed") == (row.pk in covered), row.pk
        assert not Decision.objects.of(org).filter(bulk=hidden.pk, lifted_at=None).exists()
        told = Event.objects.of(org).filter(kind="finding.suppressed", data__bulk=str(hidden.pk)).count()
        assert told == hidden.touched
        assert {row.assignee for row in rows.values()} - {None} != set()
