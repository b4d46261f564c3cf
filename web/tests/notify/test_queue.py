"""From an event to the receiver by the real queue: the tick follows, hires, and a worker of the queue sends."""

import asyncio

import making
from hooking import PATH, Hook
from procrastinate.contrib.django import app
from procrastinate.periodic import PeriodicRegistry

from vallum_web.notify import tasks
from vallum_web.repositories import services as repositories
from vallum_web.scans import services as scans
from vallum_web.tenancy.jobs import QUEUE


async def _work():
    face = app.with_connector(app.connector.get_worker_connector())
    face.periodic_registry = PeriodicRegistry()  # what the hour of the run asks for would go out for its feeds
    async with face.open_async():
        await face.run_worker_async(queues=[QUEUE], wait=False, install_signal_handlers=False, concurrency=1)


def test_the_queue_carries_it_from_the_event_to_the_receiver(live_database, receiver):
    people = making.people()
    hook = Hook(people, f"{receiver.url}{PATH}")
    made = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/acme/shop")
    scans.fail(scans.request(people.org, made.asset_id, people.alice.pk), "The host is down.")
    tasks.tick()
    asyncio.run(_work())
    [asked] = receiver.asked
    assert b'"type":"scan.failed"' in asked.body
    assert hook.deliveries()[0].status == "delivered"
