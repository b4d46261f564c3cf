"""Live figures about audit logs; see tenancy/figures.py."""

from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Min

from vallum_web.tenancy import clock
from vallum_web.tenancy.audit.models import Entry, Head
from vallum_web.tenancy.figures import figure, in_every_org


@figure("audit-oldest", "PP-4e", words="age of the oldest entry of an audit log", at_most=367, unit="days")
def oldest() -> float | None:
    def age(org: UUID) -> float | None:
        at = Entry.objects.of(org).aggregate(at=Min("at"))["at"]
        return None if at is None else (clock.now() - at) / timedelta(days=1)

    return max((round(days, 1) for days in in_every_org(age)), default=None)


@figure("audit-deletable", "PP-4e", words="ways for the application to change or remove an entry", at_most=0)
def deletable() -> float:
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from unnest(array['UPDATE', 'DELETE', 'TRUNCATE']) way where has_table_privilege('audit_entry', way)"
        )
        return float(cursor.fetchone()[0])


@figure("audit-broken", "PP-4e", "PP-2e", words="audit logs whose last verification found a flaw", at_most=0)
def broken() -> float:
    return sum(in_every_org(lambda org: Head.objects.of(org).exclude(problem="").count()))
