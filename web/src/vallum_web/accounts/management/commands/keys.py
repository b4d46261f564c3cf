"""The keys of organizations: list them, rotate them, and rotate the key that wraps them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vallum_web.tenancy import lookups
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.keyring import KeyringError
from vallum_web.tenancy.keyring.inventory import inventory
from vallum_web.tenancy.keyring.rotation import rotate, rotate_kek
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope


class Command(BaseCommand):
    help = "List the keys that organizations' secrets are sealed under, rotate them, or rotate the key that wraps them."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        listing = verbs.add_parser("list", help="which keys there are, and how many values each seals")
        rotating = verbs.add_parser("rotate", help="move every value under a new key, then drop the older ones")
        for verb in (listing, rotating):
            verb.add_argument("--org", metavar="SLUG", help="one organization's part of addresses (default: all)")
        verbs.add_parser("rotate-kek", help="wrap every data key under a new key-encryption key")

    def handle(self, *_: Any, verb: str, **options: Any) -> None:
        try:
            if verb == "rotate-kek":
                self._rotate_kek()
            elif verb == "rotate":
                self._rotate(options["org"])
            else:
                self._list(options["org"])
        except KeyringError as error:
            raise CommandError(str(error)) from error

    def _list(self, slug: str | None) -> None:
        for org, name in _chosen(slug):
            with scope(org):
                found = inventory(org)
            for line in found.lines:
                what = ", ".join(f"{count.values} {count.what}" for count in line.counts) or "nothing sealed"
                now = "" if line.current else ", to be dropped"
                self.stdout.write(f"/{name}/ key {line.version}, made {line.made_at:%Y-%m-%d %H:%M} UTC: {what}{now}")
            if not found.lines:
                self.stdout.write(f"/{name}/ has no key yet: it is made with the first value.")
            if found.lost:
                self.stdout.write(f"/{name}/ has {found.lost} sealed values whose key is gone: enter them again.")

    def _rotate(self, slug: str | None) -> None:
        unfinished = []
        for org, name in _chosen(slug):
            with scope(org):
                emit("key.rotated", org)
            if rotate(org):
                self.stdout.write(f"/{name}/ has a new key.")
            else:
                unfinished.append(name)
        if unfinished:
            raise CommandError(
                f"Older keys are kept for {', '.join(f'/{name}/' for name in unfinished)}: values are left under them that do not "
                "open, or one was being sealed just now. Run this again; `keys list` tells how many."
            )

    def _rotate_kek(self) -> None:
        count = rotate_kek()
        self.stdout.write(
            f"{count} data keys are wrapped under a new key-encryption key: keep a copy of it apart, and destroy the old one's."
        )


def _chosen(slug: str | None) -> Iterator[tuple[UUID, str]]:
    """The organization of this address, or every one. Outside of the scope that asked for its name."""
    found = False
    for key in lookups.all_orgs():
        with scope(key):
            name = Org.objects.get(pk=key).slug
        if slug in {None, name}:
            found = True
            yield key, name
    if slug is not None and not found:
        raise CommandError(f"There is no organization at /{slug}/: give the part of its addresses as --org.")
