"""`vallum db`: the advisories that packages are matched against."""

import argparse
import os
import sys
from collections.abc import Sequence

from vallum.advisories import archives, importing, location, moments, update
from vallum.cli.exits import Exit
from vallum_engine.errors import BrokenData
from vallum_engine.model.text import size
from vallum_engine.sca.advisories import Facts, open_database

_EPILOG = """\
The database is one file, built from OSV's archives (osv.dev), one per ecosystem. VALLUM_HOME says where it lies,
VALLUM_ADVISORIES names another file to read. Scans never download anything: they use what is here.
"""


def run(arguments: Sequence[str]) -> Exit:
    """Update, import or show."""
    given = _parser().parse_args(arguments)
    if given.verb == "update":
        return _update(given.ecosystem, given.source or os.environ.get("VALLUM_DB_SOURCE", ""))
    if given.verb == "import":
        return _import(given.place)
    return _status()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vallum db",
        description="Download, import or show the advisory database.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="update | import | status")
    fetch = verbs.add_parser("update", help="download what is new, and build the database", allow_abbrev=False)
    fetch.add_argument(
        "--ecosystem",
        action="append",
        default=[],
        metavar="NAME",
        help=f"only this one, may be repeated: {', '.join(archives.KNOWN)}",
    )
    fetch.add_argument(
        "--source", default="", metavar="URL", help="a mirror of OSV's bucket (default: VALLUM_DB_SOURCE, else OSV)"
    )
    bring = verbs.add_parser("import", help="take in OSV archives that are on this machine", allow_abbrev=False)
    bring.add_argument("place", nargs="+", metavar="ZIP|DIR", help="archives, or folders of them")
    verbs.add_parser("status", help="show how old the advisories are, and how many", allow_abbrev=False)
    return parser


def _update(ecosystems: Sequence[str], source: str) -> Exit:
    drawn = sys.stderr.isatty()

    def progress(ecosystem: str, have: int) -> None:
        if drawn:
            sys.stderr.write(f"\r\x1b[K{ecosystem}: {size(have)}")

    update.update(ecosystems, source, say=_say, progress=progress)
    return _status()


def _import(places: Sequence[str]) -> Exit:
    importing.bring_in(places, say=_say)
    return _status()


def _say(text: str) -> None:
    sys.stderr.write(("\r\x1b[K" if sys.stderr.isatty() else "") + f"{text}\n")


def _status() -> Exit:
    path = location.database()
    if not path.exists():
        sys.stdout.write(
            f"No advisory database at {path}.\nScans use the starter set of a few well-known advisories: run `vallum db update`.\n"
        )
        return Exit.INCOMPLETE
    try:
        with open_database(path) as opened:
            facts = opened.facts
    except BrokenData as error:
        sys.stdout.write(f"{error}\n")
        return Exit.INCOMPLETE
    sys.stdout.write("\n".join(_lines(facts, str(path))) + "\n")
    return Exit.CLEAN


def _lines(facts: Facts, path: str) -> list[str]:
    width = max([len(name) for name in facts.counts] + [8])
    lines = [f"{path}", *(f"  {name.ljust(width)}  {count:>7,}" for name, count in sorted(facts.counts.items()))]
    lines += [f"  not used: {count:,} ({why})" for why, count in sorted(facts.left_out.items()) if count]
    days = moments.days_since(facts.meta.built_at)
    if days is None:
        lines.append("Age unknown: run `vallum db update`.")
    else:
        age = "today" if days == 0 else f"{days} day" + ("" if days == 1 else "s") + " ago"
        lines.append(f"{facts.advisories:,} advisories, the oldest archive as of {facts.meta.built_at} ({age}).")
        if days > location.STALE_DAYS:
            lines.append(f"That is more than {location.STALE_DAYS} days: run `vallum db update`.")
    return lines
