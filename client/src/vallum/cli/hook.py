"""`vallum hook`: git's pre-commit hook, put into a repository and taken away."""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from vallum import hooks, progress
from vallum.cli import parser
from vallum.cli.exits import Exit

_EPILOG = f"""\
The hook runs `{hooks.COMMAND}`.
It goes where git looks for it (core.hooksPath holds), replaces no other hook, and serves all work trees of a
repository. A finding, or a staged file that cannot be scanned, stops the commit; `git commit --no-verify` skips it.
"""


def run(arguments: Sequence[str]) -> Exit:
    """Install or uninstall, and say where."""
    given = _parser().parse_args(arguments)
    shown = progress.chosen("auto")
    hook = hooks.place(Path(given.path))
    if given.verb == "install":
        new = hooks.install(hook, _program())
        shown.tell(f"{'Installed' if new else 'Written anew'}: {hook}")
    else:
        gone = hooks.uninstall(hook)
        shown.tell(f"Taken away: {hook}" if gone else f"There is no hook at {hook}.")
    return Exit.CLEAN


def _program() -> str:
    """Where this command lies, for programs that know no search path."""
    beside = Path(sys.executable).with_name("vallum")
    found = str(beside) if beside.is_file() else shutil.which("vallum")
    return found or "vallum"


def _parser() -> argparse.ArgumentParser:
    command = parser.command(
        "hook", description="Scan for secrets before each commit, by git's pre-commit hook.", epilog=_EPILOG
    )
    verbs = command.add_subparsers(dest="verb", required=True, metavar="install | uninstall")
    for verb, what in (("install", "put the hook there"), ("uninstall", "take it away, if it is ours")):
        each = verbs.add_parser(verb, help=what, allow_abbrev=False)
        each.add_argument("path", nargs="?", default=".", metavar="PATH", help="a work tree (default: .)")
    return command
