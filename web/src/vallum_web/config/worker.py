"""The worker process: jobs of the queue, in threads of one process, until it is told to stop."""

import asyncio
import os
from typing import cast

import django
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from vallum_guard import audit
from vallum_guard.addresses import NOTHING_OPENED


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vallum_web.config.settings")
    # Every connection to others goes through the guard, libraries' included (the database's is made in C and unseen).
    audit.install(NOTHING_OPENED)
    django.setup()
    asyncio.run(_work())


async def _work() -> None:
    # A second face of the app: its own asynchronous connections here, while jobs that enqueue jobs do it through Django's,
    # in their transaction.
    connector = cast("DjangoConnector", app.connector)
    worker = app.with_connector(connector.get_worker_connector())
    async with worker.open_async():
        await worker.run_worker_async(
            concurrency=int(os.environ.get("VALLUM_JOBS", "2")),
            fetch_job_polling_interval=1.0,
            delete_jobs="successful",
            shutdown_graceful_timeout=5.0,
            # A worker that says nothing for 20 seconds is dead, and its jobs begin again (tenancy/tasks.py).
            update_heartbeat_interval=5.0,
            stalled_worker_timeout=20.0,
        )


if __name__ == "__main__":
    main()
