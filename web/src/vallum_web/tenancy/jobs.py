"""The queue's facade: enqueue by name in the transaction that asks for the work, run inside the tenant's scope."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.db import connections
from procrastinate.contrib.django import app

QUEUE = "default"


def enqueue(task: str, *, org: UUID, lock: str | None = None, **arguments: Any) -> int:
    """Defer `task` (a dotted name such as `ingest.run_scan`) with the organization it works for.

    Joins the present transaction: rolled back, there is no job. `lock` serialises jobs that share it.
    """
    values = {name: str(value) if isinstance(value, UUID) else value for name, value in arguments.items()}
    return app.configure_task(name=task, lock=lock, queue=QUEUE).defer(org=str(org), **values)


def tenant_job(name: str, **options: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a job. The function gets `org` as a UUID and opens its own scopes: nothing slow runs inside one."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def run(org: str, **arguments: Any) -> None:
            try:
                function(UUID(org), **arguments)
            finally:
                # The thread may not serve again for long: its connection goes back to the pool.
                connections.close_all()

        app.task(name=name, queue=QUEUE, **options)(run)  # type: ignore[no-untyped-call]  # its decorator is overloaded over Any
        return function

    return register


def periodic_job(name: str, *, cron: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a job that the queue starts by the clock, once however many workers there are."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        @wraps(function)
        def run(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands every periodic task its time
            try:
                function()
            finally:
                connections.close_all()

        app.periodic(cron=cron)(app.task(name=name, queue=QUEUE)(run))
        return function

    return register
