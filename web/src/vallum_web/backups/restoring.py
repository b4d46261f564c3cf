"""`vallum-web restore`: the command, for a machine on which nothing is left."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from vallum_guard.addresses import Opening, read_networks
from vallum_guard.errors import GuardError
from vallum_guard.http import Route
from vallum_web.backups import manifest, places
from vallum_web.backups.errors import BackupError, KitError
from vallum_web.backups.kit import Kit
from vallum_web.backups.manifest import MAIN
from vallum_web.backups.restore import Wanted, restore
from vallum_web.embedded import home
from vallum_web.embedded.database import given
from vallum_web.embedded.errors import EmbeddedError
from vallum_web.tenancy import clock, egress_registry

FAILED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    os.umask(0o077)
    try:
        return _run(chosen)
    except (BackupError, EmbeddedError, GuardError) as error:
        sys.stderr.write(f"vallum-web: {error}\n")
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vallum-web restore", description="Fill an empty state folder from a backup.", allow_abbrev=False
    )
    parser.add_argument("backup", nargs="?", default="", help="one by its name (default: the latest)")
    parser.add_argument("--kit", type=Path, required=True, metavar="FILE", help="the recovery kit")
    parser.add_argument("--list", action="store_true", help="only show which backups there are")
    parser.add_argument(
        "--without-ledger",
        default="",
        metavar="REASON",
        help="open although the ledger of erasures cannot be read; who decides it and why is kept",
    )
    return parser


def _run(chosen: argparse.Namespace) -> int:
    folder = home.locate(os.environ, Path.cwd())
    kit = _kit(chosen.kit)
    stores = places.read(os.environ, kit.key, _route())
    if chosen.list:
        for name in manifest.whole(stores.main, MAIN):
            sys.stdout.write(f"{name}\n")
        return 0
    if given(os.environ):
        raise KitError(
            "A restore fills the embedded database. Unset DATABASE_URL and DATABASE_OWNER_URL; afterwards `vallum-web database dump` "
            "writes a file for a server of your own."
        )
    began = clock.now()
    done = restore(
        Wanted(
            home=folder,
            kit=kit,
            stores=stores,
            environ=os.environ,
            backup=chosen.backup,
            without_ledger=chosen.without_ledger,
            say=lambda words: print(words, flush=True),  # noqa: T201 - the command's own words
        )
    )
    took = (clock.now() - began).total_seconds()
    sys.stdout.write(f"Restored {done.found.backup} in {took:.1f} s. `vallum-web up` starts it.\n")
    return 0


def _kit(file: Path) -> Kit:
    try:
        return Kit.parse(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise KitError(f"The recovery kit {file} cannot be read: {error}.") from error


def _route() -> Route:
    """As `tenancy.egress`, before there is a ledger: what leaves now asks for backups, and says nothing of anybody."""
    return Route(
        opening=Opening.parse(os.environ.get("VALLUM_EGRESS_ALLOW", "")),
        own=read_networks(os.environ.get("VALLUM_OWN_ADDRESSES", "")),
        gate=egress_registry.admit,
        proxy=os.environ.get("VALLUM_HTTPS_PROXY") or None,
    )


if __name__ == "__main__":
    sys.exit(main())
