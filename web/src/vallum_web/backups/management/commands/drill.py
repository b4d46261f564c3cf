"""`vallum-web drill`: prove that the latest backup can be restored."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vallum_web.backups import services
from vallum_web.backups.drill import drill
from vallum_web.backups.errors import BackupError
from vallum_web.embedded.errors import EmbeddedError


class Command(BaseCommand):
    """Exit code 1 where it cannot."""

    help = "restore the latest backup into nothing, compare, and throw it away"

    def handle(self, *_: Any, **__: Any) -> None:
        try:
            with services.opened() as stores:
                run = drill(stores)
        except (BackupError, EmbeddedError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{run.backup}: {run.rows:,} rows and {run.size:,} bytes were restored and are the same. "
            f"RPO {run.rpo or 0:.0f} s, RTO {run.rto or 0:.1f} s"
        )
