"""The worker process: jobs of the queues, in threads of one process, until it is told to stop."""

import asyncio
import logging
import os
import signal
import tempfile
import threading
from hashlib import blake2b
from pathlib import Path
from typing import cast

import django
from django.conf import settings
from django.utils.module_loading import import_string
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.worker import Worker

from vallum_guard.removal import remove_quietly
from vallum_web.backups import kit
from vallum_web.config import tripwire
from vallum_web.embedded import home, quarantine
from vallum_web.embedded.errors import AlreadyRunningError
from vallum_web.tenancy.jobs import QUEUE, SLOW, STALLED_AFTER, restart_stalled

log = logging.getLogger(__name__)

# The parent waits four seconds before it kills.
GRACE = 3.0
# The guard's sockets lie in the folder for temporary files, and their paths end at 107 bytes.
LONGEST_PLACE = 70


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vallum_web.config.settings")
    # Every connection to others goes through the guard, libraries' included.
    tripwire.arm()
    django.setup()
    quarantine.refuse(Path(settings.HOME))
    os.umask(0o077)
    asyncio.run(_work(Path(settings.HOME)))


class _Worker(Worker):
    """Gone in time once it stops, because it was asked to or because it lost the database.

    Jobs are threads, which nothing can end: a scan would keep a worker for half an hour that takes no other job. What it
    breaks off, its successor takes up.
    """

    def stop(self) -> None:
        super().stop()  # type: ignore[no-untyped-call]  # not annotated there
        timer = threading.Timer(GRACE, os._exit, [1])
        timer.daemon = True
        timer.start()


async def _work(folder: Path) -> None:
    # A second face of the app: its own asynchronous connections here, while jobs that enqueue jobs do it through Django's,
    # in their transaction.
    face = app.with_connector(cast("DjangoConnector", app.connector).get_worker_connector())
    lock = home.Lock(folder / "worker.lock")
    own: set[int] = set()
    async with face.open_async():
        await _inherit(face, lock, folder)
        _hire_postman()
        # Two queues with threads of their own: what a person waits for never stands behind two long scans.
        workers = [
            _worker(face, QUEUE, int(os.environ.get("VALLUM_SHORT_JOBS", "4")), own),
            _worker(face, SLOW, int(os.environ.get("VALLUM_JOBS", "2")), own),
        ]
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, _stop, workers)
        running = [asyncio.create_task(worker.run()) for worker in workers]  # type: ignore[no-untyped-call]  # as above
        noting = asyncio.create_task(_note(workers, own, lock))
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        _stop(workers)
        noting.cancel()
        await asyncio.gather(*running)


def _hire_postman() -> None:
    """He may die with the process at any moment: what he held is taken up when its lease ends."""
    # By name: what it imports are models, which Django has to be set up for.
    postman = import_string("vallum_web.mail.post.hired")()
    if postman is not None:
        threading.Thread(target=postman.serve, name="postman", daemon=True).start()


def _worker(face: App, queue: str, threads: int, own: set[int]) -> Worker:
    return _Worker(
        app=face,
        queues=[queue],
        name=queue,
        concurrency=threads,
        fetch_job_polling_interval=1.0,
        delete_jobs="successful",
        shutdown_graceful_timeout=GRACE - 1,
        install_signal_handlers=False,
        # A worker that says nothing for so long is dead, and its jobs begin again (tenancy/tasks.py).
        update_heartbeat_interval=STALLED_AFTER / 4,
        stalled_worker_timeout=STALLED_AFTER,
        additional_context={"own": own},
    )


def _stop(workers: list[Worker]) -> None:
    for worker in workers:
        worker.stop()  # type: ignore[no-untyped-call]  # as above


async def _inherit(face: App, lock: home.Lock, folder: Path) -> None:
    """Take over from the worker that died over this state folder: its jobs begin again now, its leftovers go."""
    try:
        left = lock.take("", taken="{note}")
    except AlreadyRunningError:
        log.warning("Another worker runs over %s: each of them leaves the other's files alone.", folder)
        return
    lock.write(left)
    if (place := kit.first(folder, os.environ)) is not None:
        log.warning("%s: store it apart from this machine, then run vallum-web backup kit --confirm CODE", place)
    _make_room(folder)
    database, *numbers = left.split() or [""]
    if database == _database():
        for number in numbers:
            await face.job_manager.unregister_worker(int(number))
    await restart_stalled(face)


async def _note(workers: list[Worker], own: set[int], lock: home.Lock) -> None:
    """Write down who we are to the queue, for `_inherit` of our successor."""
    while not all(worker.worker_id for worker in workers):  # noqa: ASYNC110 - the library tells nobody when it knows
        await asyncio.sleep(0.01)
    own.update(worker.worker_id for worker in workers if worker.worker_id)
    lock.write(" ".join([_database(), *(str(number) for number in sorted(own))]))


def _database() -> str:
    """Which database the numbers are of: in another one they may be those of living workers."""
    return _short(os.environ.get("DATABASE_URL", ""))


def _short(text: str) -> str:
    return blake2b(text.encode(), digest_size=6).hexdigest()


def _make_room(folder: Path) -> None:
    """Empty the folders of this worker's temporary files, and have every library use them."""
    remove_quietly(folder / "scratch")
    place = folder / "scratch" / "tmp"
    if len(str(place)) > LONGEST_PLACE:
        place = Path(tempfile.gettempdir()) / f"vallum-worker-{_short(str(folder))}"
        home.ensure(place)
        remove_quietly(place)
    home.ensure(folder / "scratch")
    home.ensure(place)
    os.environ["TMPDIR"] = tempfile.tempdir = str(place)


if __name__ == "__main__":
    main()
