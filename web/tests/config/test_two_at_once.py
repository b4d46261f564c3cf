"""Two machines that know the same object, and change it at the same moment."""

import json
import threading
import time

import making
import pytest
from django.db import connection, connections
from django.test import Client

from vallum_web.accounts import tokens
from vallum_web.assets.models import Asset
from vallum_web.assets.services import lock
from vallum_web.findings import services as findings
from vallum_web.findings.models import Finding, Identity
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope


@pytest.mark.usefixtures("live_database")
def test_of_two_who_know_the_same_one_changes_it(django_db_blocker):
    with django_db_blocker.unblock():
        people = making.people()
        with scope(people.org.pk):
            asset = Asset.objects.create(org=people.org, kind="repository", name="shop")
        _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="n", role="owner"))
        address, statuses, start = f"/api/v1/assets/{asset.pk}", [], threading.Barrier(2)
        tag = Client(headers={"Authorization": f"Bearer {text}"}).get(address).headers["ETag"]

        def change(importance):
            client = Client(headers={"Authorization": f"Bearer {text}"})
            start.wait()
            try:
                statuses.append(
                    client.patch(
                        address,
                        json.dumps({"importance": importance}),
                        content_type="application/json",
                        headers={"If-Match": tag},
                    ).status_code
                )
            finally:
                connections.close_all()

        threads = [threading.Thread(target=change, args=[word]) for word in ("low", "high")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200, 412]


@pytest.mark.usefixtures("live_database")
def test_who_takes_a_finding_apart_and_knows_it_waits_for_its_asset_first(django_db_blocker):
    """A digest holds the asset, and then its findings: with `If-Match`, the finding must not be held before the asset."""
    with django_db_blocker.unblock():
        people = making.people()
        org, asset = people.org, Asset(org=people.org, kind="repository", name="shop")
        with scope(org.pk):
            asset.save()
            for path in ("a.py", "b.py"):
                found = making.secret(path, path=path, content="same")
                findings.digest(scans.uploaded(asset, None), making.report(found, paths=()))
            line = Identity.objects.of(org).get()
        _, text = tokens.make(org, people.alice, tokens.Wanted(name="n", role="owner"))
        client, address = Client(headers={"Authorization": f"Bearer {text}"}), f"/api/v1/findings/{line.finding_id}"
        tag, answers = client.get(address).headers["ETag"], []

        def take_apart():
            try:
                answers.append(client.delete(f"{address}/identities/{line.pk}", headers={"If-Match": tag}))
            finally:
                connections.close_all()

        with scope(org.pk):
            lock(asset.pk)
            thread = threading.Thread(target=take_apart)
            thread.start()
            waiting(org)
            Finding.objects.of(org).select_for_update().get(pk=line.finding_id)
        thread.join()
        assert answers[0].status_code == 200


def waiting(org):
    """Until another connection waits for what this one holds."""
    with scope(org.pk), connection.cursor() as cursor:
        for _ in range(200):
            cursor.execute("select count(*) from pg_locks where not granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.05)
    raise AssertionError("nobody waits")
