"""`vallum-web audit verify`: do the audit logs hold? `vallum-web audit key`: what signs their checkpoints."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vallum_web.tenancy import signing
from vallum_web.tenancy.audit import outside, queries, services
from vallum_web.tenancy.audit.verify import Verdict

BROKEN = 1


class Command(BaseCommand):
    """Exit code 1 where one does not hold."""

    help = "verify audit logs; show the key that signs their checkpoints"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verify = verbs.add_parser("verify", help="read every entry, and name the first that is wrong")
        verify.add_argument(
            "--org", metavar="ADDRESS", help="only this organization's (its part of addresses, or its id)"
        )
        verbs.add_parser("key", help="print the public half of the key that signs checkpoints")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        if options["verb"] == "key":
            name, public = signing.present_key()
            self.stdout.write(f"{name} {public}")
            return
        self._verify(options["org"])

    def _verify(self, wanted: str | None) -> None:
        logs = {org: queries.slug(org) for org in queries.audited()}
        chosen = {org: slug for org, slug in logs.items() if wanted in (None, slug, str(org))}
        if not chosen:
            raise CommandError(f"There is no audit log of {wanted!r}." if wanted else "There is no audit log yet.")
        points = outside.by_org()
        broken, began, entries = 0, time.monotonic(), 0
        for org, slug in chosen.items():
            verdict = services.check(org, points.get(org, ()))
            entries += verdict.entries
            broken += bool(verdict.problem)
            self.stdout.write(_said(slug, verdict))
        self._remarks(time.monotonic() - began, entries)
        if broken:
            raise CommandError(
                f"{broken} of {len(chosen)} audit logs do not hold. Keep the database and VALLUM_HOME/audit as they are, and compare with "
                "a backup (docs/operations.md).",
                returncode=BROKEN,
            )

    def _remarks(self, seconds: float, entries: int) -> None:
        self.stdout.write(f"{_count(entries, 'entry', 'entries')} in {seconds:.1f} s")
        if lines := outside.damaged():
            what = _count(lines, "line is no checkpoint", "lines are no checkpoints")
            self.stdout.write(f"In {outside.folder()} {what}: cut off by a crash, or changed.")


def _said(slug: str, verdict: Verdict) -> str:
    if verdict.problem:
        return f"{slug}: BROKEN. {verdict.problem}"
    reach = f" ({verdict.first:,} to {verdict.last:,})" if verdict.entries else ""
    entries = _count(verdict.entries, "entry", "entries")
    parts = [f"{entries}{reach}", _count(verdict.checkpoints, "checkpoint", "checkpoints")]
    if verdict.erased:
        parts.append(_count(verdict.erased, "identity erased", "identities erased"))
    return f"{slug}: holds. {', '.join(parts)}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
