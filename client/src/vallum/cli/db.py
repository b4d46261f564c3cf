"""`vallum db`: the advisories that packages are matched against, and what scans need ready."""

import argparse
import os
from collections.abc import Mapping, Sequence

from vallum import cache, compiled, detectors, output, progress
from vallum.advisories import location, moments
from vallum.cli import parser
from vallum.cli.exits import Exit
from vallum.errors import ClientError
from vallum.progress import Progress
from vallum_engine.errors import BrokenData
from vallum_engine.model.known import STALE_DAYS
from vallum_engine.model.text import size
from vallum_engine.plugins import load
from vallum_engine.sca.advisories import Facts, open_database
from vallum_engine.sca.exploitation import TITLES
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
    shown = progress.chosen("auto")
    if given.verb == "update":
        source = given.source or os.environ.get("VALLUM_DB_SOURCE", "")
        load(_VERBS["update"])(
            given.ecosystem, source, say=shown.tell, progress=lambda name, have: shown.status(f"{name}: {size(have)}")
        )
    elif given.verb == "import":
        load(_VERBS["import"])(given.place, replace=given.replace, say=shown.tell)
    elif given.verb == "prepare":
        return _prepare(shown)
    shown.done()
    return _status()


def _parser() -> argparse.ArgumentParser:
    command = parser.command(
        "db",
        description="Download, import or show the advisory database.",
        epilog=_EPILOG,
    )
    verbs = command.add_subparsers(dest="verb", required=True, metavar="update | import | status | prepare")
    fetch = verbs.add_parser("update", help="download what is new, and build the database", allow_abbrev=False)
    names = ", ".join(sorted(ORDERS))
    fetch.add_argument(
        "--ecosystem",
        action="append",
        default=[],
        metavar="NAME",
        help=f"only this one, may be repeated (default: the languages', and what was asked for before): {names}",
    )
    fetch.add_argument(
        "--source", default="", metavar="URL", help="a mirror of OSV's bucket (default: VALLUM_DB_SOURCE, else OSV)"
    )
    bring = verbs.add_parser("import", help="take in OSV archives that are on this machine", allow_abbrev=False)
    bring.add_argument(
        "place",
        nargs="+",
        metavar="FILE|DIR",
        help="archives, each the whole of one ecosystem, or folders of them; EPSS scores, CISA's catalogue",
    )
    bring.add_argument(
        "--replace", action="store_true", help="even by an archive of fewer than half the records that are here"
    )
    verbs.add_parser("status", help="show how old the advisories are, and how many", allow_abbrev=False)
    verbs.add_parser("prepare", help="make ready, now, what the first scan would", allow_abbrev=False)
    return command


def _prepare(shown: Progress) -> Exit:
    """Compiled rules and starter advisories into the cache, from where a sandbox only reads them."""
    kept = cache.opened()
    if kept.trouble:
        raise ClientError(kept.trouble)
    with detectors.made(detectors.NAMES, kept, say=shown.tell) as chosen:
        compiled.database(collect(chosen), kept, say=shown.tell)
    return Exit.CLEAN


def _status() -> Exit:
    path = location.database()
    if not path.exists():
        lines = [
            f"No advisory database at {path}.",
            "Scans use the starter set of a few well-known advisories: run `vallum db update`.",
        ]
        return _shown(lines, Exit.INCOMPLETE)
    try:
        with open_database(path) as opened:
            facts = opened.facts
    except BrokenData as error:
        return _shown([str(error)], Exit.INCOMPLETE)
    return _shown(_lines(facts, str(path)), Exit.CLEAN)


def _shown(lines: Sequence[str], code: Exit) -> Exit:
    output.to_stdout(("\n".join(lines) + "\n").encode("utf-8", "backslashreplace"))
    return code


def _lines(facts: Facts, path: str) -> list[str]:
    width = max([len(name) for name in facts.counts] + [8])
    lines = [path, *(f"  {name.ljust(width)}  {count:>7,}" for name, count in sorted(facts.counts.items()))]
    lines += [f"  not used: {count:,} ({why})" for why, count in sorted(facts.left_out.items()) if count]
    lines += [f"  {TITLES.get(name, name)} as of {day}" for name, day in sorted(facts.meta.feeds.items())]
    days = moments.days_since(facts.meta.built_at)
    if days is None:
        lines.append("Age unknown: run `vallum db update`.")
        return lines
    age = "today" if days == 0 else f"{days:,} day" + ("" if days == 1 else "s") + " ago"
    lines.append(f"{facts.advisories:,} advisories, the oldest archive as of {facts.meta.built_at} ({age}).")
    if days > STALE_DAYS:
        lines.append(f"That is more than {STALE_DAYS} days: run `vallum db update`.")
    return lines
