"""`vallum-web feeds status | update | import`: what is known in public about the exploitation of vulnerabilities."""

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vallum_web.advisories import queries, services
from vallum_web.advisories.errors import FeedError
from vallum_web.advisories.kinds import KINDS, Kind
from vallum_web.advisories.models import Feed
from vallum_web.advisories.services import Taken


class Command(BaseCommand):
    """Exit code 1 where a feed or a file could not be taken in; the others are all the same."""

    help = "show, fetch or import EPSS and CISA's KEV, by which findings are weighed"

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="ACTION")
        verbs.add_parser("status", help="how old each feed is, and why there is no newer one")
        fetched = verbs.add_parser("update", help="fetch what is newer, now")
        fetched.add_argument("feed", nargs="*", type=_kind, help=f"{' or '.join(KINDS)} (default: all)")
        imported = verbs.add_parser("import", help="take in files that somebody else fetched")
        imported.add_argument("file", nargs="+", type=Path, help="epss_scores-….csv(.gz), or CISA's JSON")
        imported.add_argument(
            "--force", action="store_true", help="even where it is older, or much shorter, than what is here"
        )

    def handle(self, *_: Any, verb: str, **options: Any) -> None:
        if verb == "status":
            self._status()
        elif verb == "update":
            self._all([(kind.id, kind) for kind in options["feed"] or KINDS.values()], force=False)
        else:
            self._all([(str(path), path) for path in options["file"]], force=options["force"])

    def _all(self, wanted: list[tuple[str, Kind | Path]], *, force: bool) -> None:
        failures = []
        for name, each in wanted:
            try:
                taken = services.take_file(each, force=force) if isinstance(each, Path) else services.update(each)
            except FeedError as error:
                failures.append(f"{name}: {error} What was known before stays.")
            except OSError as error:
                failures.append(f"{name}: {error.strerror}.")
            else:
                self.stdout.write(f"{name}: {_said(taken)}")
        if failures:
            raise CommandError("\n".join(failures))

    def _status(self) -> None:
        known = queries.feeds()
        for kind in KINDS.values():
            self.stdout.write(f"{kind.title:<6}{_standing(known.get(kind.id))}")


def _kind(text: str) -> Kind:
    if text not in KINDS:
        raise ArgumentTypeError(f"{text!r} is no feed: there are {' and '.join(KINDS)}")
    return KINDS[text]


def _said(taken: Taken | None) -> str:
    if taken is None:
        return "nothing newer."
    return (
        f"{taken.kind.title} {taken.version}, {_entries(taken.rows)}. {len(taken.changed):,} may weigh differently now."
    )


def _standing(feed: Feed | None) -> str:
    if feed is None or feed.as_of is None or feed.fetched_at is None:
        lines = ["not here yet"]
    else:
        lines = [
            f"{feed.version} of {feed.day}, {_entries(feed.rows)}, as of {feed.as_of:%Y-%m-%d %H:%M} UTC",
            f"from {feed.source}, taken in {feed.fetched_at:%Y-%m-%d %H:%M} UTC",
        ]
    if feed is not None and feed.failed_at is not None:
        lines.append(f"failed {feed.failed_at:%Y-%m-%d %H:%M} UTC: {feed.failure}")
    return "\n      ".join(lines)


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"
