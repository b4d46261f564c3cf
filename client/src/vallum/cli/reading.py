"""What the commands have in common that read the packages of a place and write a document."""

import argparse

from vallum.cli import arguments, options
from vallum.cli.delivery import Delivery
from vallum.cli.options import Options

PLACES = "folder, archive, container image, bill of materials, or https:// address of a git repository"


def add_place(command: argparse.ArgumentParser) -> None:
    """What is read."""
    command.add_argument("place", nargs="?", default=".", metavar="PATH", help=f"{PLACES} (default: .)")


def add_options(command: argparse.ArgumentParser, what: str) -> None:
    """How it is read, and where the document goes, which is a `what`."""
    command.add_argument(
        "--output", default="", metavar="FILE", help="write there, whole or not at all (default: standard output)"
    )
    command.add_argument("--branch", default="", help="branch of the repository (default: its own)")
    arguments.add_platform(command)
    command.add_argument("--no-ignore", action="store_true", help="look behind .gitignore and .vallumignore too")
    command.add_argument("--no-archives", action="store_true", help=arguments.NO_ARCHIVES)
    arguments.add_progress(command)
    arguments.add_limits(
        command.add_argument_group("limits", f"each one that is met is said, and makes the {what} incomplete")
    )


def asked(given: argparse.Namespace, place: str) -> Options:
    """What these options ask of the scan."""
    return Options(
        place=place,
        delivery=Delivery(),
        honour_ignores=not given.no_ignore,
        archives=not given.no_archives,
        branch=given.branch,
        platform=given.platform,
        limits=options.limits(given),
    )
