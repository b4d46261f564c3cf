"""SQL that no query of Django's says: definer functions of the database, and texts with an id in them."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from django.db.models import Model


def purge_rows(model: type[Model], at_most: int) -> int:
    """Inside the scope of an organization that is purged: how many rows went."""
    with connection.cursor() as cursor:
        cursor.execute("select vallum_purge(%s::regclass, %s)", [_table(model), at_most])
        return int(cursor.fetchone()[0])


def refresh(models: Iterable[type[Model]]) -> int:
    """Have the planner forget values that are gone (`pg_stats`)."""
    with connection.cursor() as cursor:
        tables = sorted({_table(model) for model in models})
        for table in tables:
            cursor.execute("select vallum_refresh(%s::regclass)", [table])
        return len(tables)


def forget_acceptances(person: UUID) -> int:
    """Whose these are stays a number; from where and with what they were given goes."""
    with connection.cursor() as cursor:
        cursor.execute("select vallum_forget_acceptances(%s)", [person])
        return int(cursor.fetchone()[0])


def forget_jobs(subject: UUID) -> int:
    """What waits in the queue, or failed there, with this id in it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from procrastinate_jobs where position(%s in args::text) > 0 and status <> 'doing'", [str(subject)]
        )
        return int(cursor.rowcount)


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)  # noqa: SLF001 - Django's documented way to a model's table
