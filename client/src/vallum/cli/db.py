"""`vallum db`: the advisories that packages are matched against, and what scans need ready."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from vallum import cache, compiled, detectors
from vallum.advisories import location, moments
from vallum.cli.exits import Exit
from vallum.errors import ClientError
from vallum_engine.errors import BrokenData
from vallum_engine.model.text import size
from vallum_engine.plugins import load
from vallum_engine.sca.advisories import Facts, open_database
from vallum_engine.sca.versions import ORDERS
from vallum_engine.triggers import collect

# The platform asks for `prepare` before each scan: what needs TLS is loaded only to download.
_VERBS: Mapping[str, str] = {
    "import": "vallum.advisories.importing:bring_in",
    "update": "vallum.advisories.update:update",
}
_EPILOG = """\
The database is one file, built from OSV's archives (osv.dev), one per ecosystem. VALLUM_HOME says where it lies,
VALLUM_ADVISORIES names another file to read. Scans never download anything: they use what is here.
"""


def run(arguments: Sequence[str]) -> Exit:
    """Update, import, show, or prepare."""
    given = _parser().parse_args(arguments)
    if given.verb == "update":
        source = given.source or os.environ.get("VALLUM_DB_SOURCE", "")
        load(_VERBS["update"])(given.ecosystem, source, say=_say, progress=_draw)
    elif given.verb == "import":
        load(_VERBS["import"])(given.place, say=_say)
    elif given.verb == "prepare":
        return _prepare()
    return _status()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vallum db",
        description="Download, import or show the advisory database.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="update | import | status | prepare")
    fetch = verbs.add_parser("update", help="download what is new, and build the database", allow_abbrev=False)
    names = ", ".join(sorted(ORDERS))
    fetch.add_argument(
        "--ecosystem", action="append", default=[], metavar="NAME", help=f"only this one, may be repeated: {names}"
    )
    fetch.add_argument(
        "--source", default="", metavar="URL", help="a mirror of OSV's bucket (default: VALLUM_DB_SOURCE, else OSV)"
    )
    bring = verbs.add_parser("import", help="take in OSV archives that are on this machine", allow_abbrev=False)
    bring.add_argument("place", nargs="+", metavar="ZIP|DIR", help="archives, or folders of them")
    verbs.add_parser("status", help="show how old the advisories are, and how many", allow_abbrev=False)
    verbs.add_parser("prepare", help="make ready, now, what the first scan would", allow_abbrev=False)
    return parser


def _say(text: str) -> None:
    sys.stderr.write(("\r\x1b[K" if sys.stderr.isatty() else "") + f"{text}\n")


def _draw(ecosystem: str, have: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{ecosystem}: {size(have)}")


def _prepare() -> Exit:
    """Compiled rules and starter advisories into the cache, from where a sandbox only reads them."""
    kept = cache.opened()
    if kept.trouble:
        raise ClientError(kept.trouble)
    with detectors.made(detectors.NAMES, kept, say=_say) as chosen:
        compiled.database(collect(chosen), kept, say=_say)
    return Exit.CLEAN


def _status() -> Exit:
    path = location.database()
    if not path.exists():
        sys.stdout.write(
            f"No advisory database at {path}.\n"
            "Scans use the starter set of a few well-known advisories: run `vallum db update`.\n"
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
    lines = [path, *(f"  {name.ljust(width)}  {count:>7,}" for name, count in sorted(facts.counts.items()))]
    lines += [f"  not used: {count:,} ({why})" for why, count in sorted(facts.left_out.items()) if count]
    days = moments.days_since(facts.meta.built_at)
    if days is None:
        lines.append("Age unknown: run `vallum db update`.")
        return lines
    age = "today" if days == 0 else f"{days:,} day" + ("" if days == 1 else "s") + " ago"
    lines.append(f"{facts.advisories:,} advisories, the oldest archive as of {facts.meta.built_at} ({age}).")
    if days > location.STALE_DAYS:
        lines.append(f"That is more than {location.STALE_DAYS} days: run `vallum db update`.")
    return lines
