"""The larger set of breached passwords, looked up on this machine alone."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from vallum_web.accounts.passwords import breached


class Command(BaseCommand):
    help = "Keep a list of breached passwords, so that nobody here chooses one of them."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(required=True, metavar="ACTION")
        importing = actions.add_parser("import", help="take a list, in the place of the one before")
        importing.add_argument(
            "file", type=Path, help="one SHA-1 digest a line, with :COUNT or without, or one password a line"
        )

    def handle(self, *_: Any, file: Path, **__: Any) -> None:
        kept_at = Path(settings.BREACHED_PASSWORDS)
        try:
            with file.open("rb") as lines:
                written = breached.write(lines, kept_at)
        except OSError as error:
            raise CommandError(f"{error.filename or kept_at}: {error.strerror}. Nothing was changed.") from error
        except breached.BrokenSetError as error:
            raise CommandError(f"{file}: {error} Nothing was changed.") from error
        kind = "SHA-1 digests" if written.hashes else "passwords"
        size = kept_at.stat().st_size / 1_000_000
        self.stdout.write(f"{file} was read as {kind}. {written.kept:,} are kept in {kept_at} ({size:,.1f} MB).")
        if written.skipped:
            why = "hold no digest" if written.hashes else "are shorter than a password here may be, or no text"
            self.stdout.write(f"Lines left out, which {why}: {written.skipped:,}.")
