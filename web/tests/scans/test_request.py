"""Asking for a scan: twice at once, and while a digest holds the asset."""

import threading

import making
from django.db import connection, connections

from vallum_web.assets import services as assets
from vallum_web.scans import services
from vallum_web.scans.models import Scan
from vallum_web.tenancy.scope import scope


def test_asking_twice_is_answered_by_one_scan(people):
    asset = assets.add(people.org, "repository", "shop", None)
    first = services.request(people.org, asset.pk, people.alice.pk)
    assert services.request(people.org, asset.pk, people.bob.pk).pk == first.pk


def test_many_who_ask_at_once_are_given_one_scan(live_database):
    people = making.people()
    asset = assets.add(people.org, "repository", "shop", None)
    start, answers = threading.Barrier(6), []

    def ask():
        start.wait()
        answers.append(services.request(people.org, asset.pk, None).pk)
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 6
    assert len(set(answers)) == 1
    with scope(people.org.pk):
        assert Scan.objects.of(people.org).count() == 1


def test_a_scan_can_be_asked_for_and_a_report_taken_while_a_digest_holds_the_asset(live_database):
    people = making.people()
    asset = assets.add(people.org, "repository", "shop", None)
    held, done = threading.Event(), threading.Event()

    def digest():
        with scope(people.org.pk):
            assets.lock(asset.pk)
            held.set()
            done.wait(30)
        connections.close_all()

    thread = threading.Thread(target=digest)
    thread.start()
    held.wait(30)
    with connection.cursor() as cursor:
        cursor.execute("set lock_timeout = '2s'")
    assert services.request(people.org, asset.pk, None).status == "queued"
    assert services.uploaded(asset, None).origin == "uploaded"
    done.set()
    thread.join(30)
