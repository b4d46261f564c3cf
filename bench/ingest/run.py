"""Claim: bringing a report into the record costs less than Django's own bulk upsert of the same rows, and does more.

One run, one embedded PostgreSQL, the same table with all its indexes and row-level security. Ours does more: it matches,
decides what is new, changed, reopened and resolved, writes places and events. The peer writes the finding rows alone.
Prints medians and their ratio; nothing here asserts a time.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress

os.environ |= {"VALLUM_HOME": tempfile.mkdtemp(prefix="vallum-bench-"), "VALLUM_POOL": "0", "VALLUM_LOG": "ERROR"}
os.environ["DJANGO_SETTINGS_MODULE"] = "vallum_web.config.settings"

from vallum_web.embedded.ephemeral import ephemeral

PEER_FIELDS = ["severity", "confidence", "risk", "title", "message", "path", "line", "package", "data", "changed_at"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with ephemeral() as server:
        os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"] = server.urls.app, server.urls.owner
        subprocess.run(
            [sys.executable, "-m", "vallum_web.config.manage", "migrate", "-v", "0", "--skip-checks"], check=True
        )
        import django  # noqa: PLC0415 - the settings need the server's address

        django.setup()
        for size in (int(text) for text in given.sizes.split(",")):
            measure(size, given.runs)
        with suppress(Exception):
            django.db.connection.close()


def measure(size: int, runs: int) -> None:
    from bench.ingest import work  # noqa: PLC0415 - models need a configured Django

    times: dict[str, list[float]] = {}
    for number in range(runs):
        for name, action in work.actions(size, number):
            started = time.perf_counter()
            action()
            times.setdefault(name, []).append(time.perf_counter() - started)
    print(f"\n{size:,} findings, medians of {runs}")
    middle = {name: statistics.median(values) for name, values in times.items()}
    for name, seconds in middle.items():
        print(f"  {name:<34} {seconds:8.2f} s  {size / seconds:>9,.0f} rows/s")
    for kind in ("new", "same"):
        print(
            f"  ratio, {kind:<4} bulk_create / digest     {middle[f'bulk_create, {kind}'] / middle[f'digest, {kind}']:6.1f}"
        )


if __name__ == "__main__":
    main()
