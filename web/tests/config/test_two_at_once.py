"""Two machines that know the same object, and change it at the same moment."""

import json
import threading

import making
import pytest
from django.db import connections
from django.test import Client

from vallum_web.accounts import tokens
from vallum_web.assets.models import Asset
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
