"""The steps of a restore that need the database: `vallum-web restore` runs them; nobody else has to."""

import sys
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from vallum_web.backups import canary, keyring
from vallum_web.backups.canary import Answer
from vallum_web.backups.errors import BackupError
from vallum_web.backups.models import Run
from vallum_web.backups.settle import settle


class Command(BaseCommand):
    """Exit code 1 leaves the folder in quarantine."""

    help = "steps of `vallum-web restore`"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("keyring", help="fill the keyring from standard input, and say what opens before and after")
        settled = verbs.add_parser("settle", help="what has to happen before the platform is opened")
        settled.add_argument("backup")
        settled.add_argument("taken_at", type=datetime.fromisoformat)
        settled.add_argument("began_at", type=datetime.fromisoformat)
        settled.add_argument("--without-ledger", default="")

    def handle(self, *_: Any, verb: str, **options: Any) -> None:
        try:
            if verb == "keyring":
                self._keyring()
            else:
                self._settle(options)
        except BackupError as error:
            raise CommandError(str(error)) from error

    def _keyring(self) -> None:
        before = _canary()
        count = keyring.fill(sys.stdin.buffer.read())
        self.stdout.write(f"keyring: {count} keys; canary: {before} without it, {_canary()} with it")

    def _settle(self, options: dict[str, Any]) -> None:
        run = Run(
            kind=Run.Kind.RESTORE,
            began_at=options["began_at"],
            backup=options["backup"],
            rpo=(options["began_at"] - options["taken_at"]).total_seconds(),
            override=options["without_ledger"],
        )
        settle(run, options["taken_at"], self._say)

    def _say(self, words: str) -> None:
        self.stdout.write(words)


def _canary() -> Answer:
    try:
        return canary.read()
    except DatabaseError:  # a backup of before there was one
        return Answer.ABSENT
