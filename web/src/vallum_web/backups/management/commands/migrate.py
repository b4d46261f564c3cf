"""Django's `migrate`, and after it every table is readable by the role of backups: also one whose policies were written by hand."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from vallum_web.embedded import roles


class Command(migrate.Command):
    """As Django's."""

    def handle(self, *arguments: Any, **options: Any) -> None:
        super().handle(*arguments, **options)
        with connections[options["database"]].cursor() as cursor:
            cursor.execute(roles.readable_sql())
