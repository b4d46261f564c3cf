from datetime import timedelta

from django.db import connection

KEPT_FOR = timedelta(days=30)
BATCH = 5_000
_DELETE = """
delete from tenancy_requestlog where id = any(array(
  select id from tenancy_requestlog where at < vallum_now() - interval '30 days' limit %s))
"""


def prune() -> int:
    """Forget requests of more than 30 days ago, by the database's own time: its policy lets go of no younger ones."""
    gone = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_DELETE, [BATCH])
            gone += int(cursor.rowcount)
            if cursor.rowcount < BATCH:
                return gone
