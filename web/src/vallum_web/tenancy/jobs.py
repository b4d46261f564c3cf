"""The queue's facade: enqueue by name in the transaction that asks for the work; the work opens its own scopes."""

from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from functools import wraps
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, connections
from django.db.models import Q
from procrastinate import App
from procrastinate.contrib.django import app

from vallum_web.tenancy import clock

QUEUE = "default"
# Work of minutes: it never stands in front of what a person waits for.
SLOW = "slow"
# A worker that gave no sign of life for so many seconds is dead.
STALLED_AFTER = 20.0


def enqueue(
    task: str,
    *,
    org: UUID,
    lock: str | None = None,
    queue: str = QUEUE,
    after: timedelta | None = None,
    **arguments: Any,
) -> int:
    """Defer `task` (a dotted name such as `ingest.run_scan`) with the organization it works for.

    Joins the present transaction: rolled back, there is no job. `lock` serialises jobs that share it; `after`: it is not begun sooner.
    """
    values = {name: str(value) if isinstance(value, UUID) else value for name, value in arguments.items()}
    at = clock.now() + after if after else None
    return app.configure_task(name=task, lock=lock, queue=queue, schedule_at=at).defer(org=str(org), **values)


def enqueue_alone(task: str, *, lock: str | None = None, queue: str = QUEUE, **arguments: str) -> int:
    """As `enqueue`, for work that is no organization's (`lone_job`)."""
    return app.configure_task(name=task, lock=lock, queue=queue).defer(**arguments)


def is_leaving(key: UUID) -> bool:
    """Whether this organization or person is being deleted: then nothing is done for them."""
    leaving: Any = apps.get_model("tenancy.Leaving")  # by name: the worker reads this module before it sets Django up
    return bool(leaving.objects.filter(pk=key).exists())


def staying(orgs: Iterable[UUID]) -> list[UUID]:
    """Those of these organizations that are not being deleted."""
    leaving: Any = apps.get_model("tenancy.Leaving")
    found = set(leaving.objects.values_list("pk", flat=True))
    return [org for org in orgs if org not in found]


def is_suspended(*keys: UUID) -> bool:
    """Whether this organization, or this person, may not work now."""
    return bool(_suspended().filter(id__in=keys).exists())


def working(orgs: Iterable[UUID]) -> list[UUID]:
    """Those of these organizations that are not suspended: for clocks that ask for work of theirs."""
    found = set(_suspended().values_list("id", flat=True))
    return [org for org in orgs if org not in found]


def _suspended() -> Any:
    now = clock.now()
    rows: Any = apps.get_model("tenancy.Suspended").objects
    return rows.filter(Q(until=None) | Q(until__gt=now), since__lte=now)


def forget_org(org: UUID) -> int:
    """Take what waits for an organization out of the queue. What runs finds the organization gone."""
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs where args ->> 'org' = %s and status <> 'doing'", [str(org)])
        return int(cursor.rowcount)


async def restart_stalled(face: App, *, own: Collection[int] = ()) -> int:
    """Have the jobs of dead workers begin again: nothing else would ever look at them.

    `own` are the workers of this very process: one that slept along with its machine looks dead to the clock, and lives.
    """
    stalled = await face.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER)
    taken = [job for job in stalled if job.worker_id not in own]
    for job in taken:
        await face.job_manager.retry_job(job)
    return len(taken)


def forsake() -> int:
    """After a restore: no job that waited or ran is taken up again. How many there were; clocks ask for their jobs anew."""
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set status = 'cancelled' where status = 'todo'")
        waiting = int(cursor.rowcount)
        cursor.execute("update procrastinate_jobs set status = 'aborted', worker_id = null where status = 'doing'")
        return waiting + int(cursor.rowcount)


def tenant_job(
    name: str, *, of_right: bool = False, **options: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a job. The function gets `org` as a UUID and opens its own scopes: nothing slow runs inside one.

    `of_right`: it runs for an organization that is suspended, or being deleted, too. Any other does nothing for one.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def run(org: str, **arguments: Any) -> None:
            if of_right or not (is_leaving(UUID(org)) or is_suspended(UUID(org))):
                function(UUID(org), **arguments)

        lone_job(name, **options)(run)
        return function

    return register


def lone_job(name: str, **options: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a job for no organization in particular."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        app.task(name=name, queue=QUEUE, **options)(_giving_back(function))  # type: ignore[no-untyped-call]  # its decorator is overloaded over Any
        return function

    return register


def periodic_job(name: str, *, cron: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a job that the queue starts by the clock, once however many workers there are."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        @wraps(function)
        def run(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands every periodic task its time
            function()

        app.periodic(cron=cron)(app.task(name=name, queue=QUEUE)(_giving_back(run)))
        return function

    return register


def _giving_back(function: Callable[..., None]) -> Callable[..., None]:
    """Its connection goes back to the pool at the end: the thread may not serve again for long."""

    @wraps(function)
    def run(**arguments: Any) -> None:
        try:
            function(**arguments)
        finally:
            connections.close_all()

    return run
