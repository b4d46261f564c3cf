"""`vallum-web manage tombstones`: does the ledger hold, and replay it after a restore."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vallum_web.tenancy import tombstones

BROKEN = 1


class Command(BaseCommand):
    """Exit code 1 where the ledger does not hold, or something could not be replayed."""

    help = "verify the ledger of what was erased and taken back; replay it after a restore"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("verify", help="read every entry, and name the first that is wrong")
        again = verbs.add_parser("replay", help="make true again what was recorded since a backup; twice is as once")
        again.add_argument("--since", required=True, metavar="TIME", help="of the backup, such as 2026-11-26T03:00")

    def handle(self, *_: Any, verb: str, since: str | None = None, **__: Any) -> None:
        try:
            if verb == "verify":
                self._verify()
            else:
                self._replay(_moment(since or ""))
        except tombstones.LedgerError as error:
            raise CommandError(str(error), returncode=BROKEN) from error

    def _verify(self) -> None:
        found = tombstones.standing()
        if found.problem:
            raise CommandError(f"{found.place} does not hold: {found.problem}", returncode=BROKEN)
        self.stdout.write(f"{found.place} holds: {found.entries:,} entries.")
        if found.weak:
            self.stdout.write(
                "WEAK: it lies on the volume of the state folder, and is lost with it. Put VALLUM_TOMBSTONES on another."
            )

    def _replay(self, since: datetime) -> None:
        found = tombstones.replay(since)
        for kind, count in found.done.items():
            self.stdout.write(f"{kind}: {count:,}")
        if found.failed:
            raise CommandError("Let nobody in yet. Not replayed: " + "; ".join(found.failed), returncode=BROKEN)
        self.stdout.write("Replayed.")


def _moment(text: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text!r} is no time: write it as 2026-11-26T03:00 (UTC).") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
