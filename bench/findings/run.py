"""Claim: a list of a million findings answers like one of a thousand, and a report of a hundred thousand joins it in seconds.

One run: an embedded PostgreSQL, one organization with `--rows` findings beside others, every list that the pages can make
through the same functions that the pages call, under row-level security as the platform's own role, and the pages themselves;
then digests of 100,000 findings into the asset-filled table. The server has the settings of a platform, not of a test. Prints
medians, 95th and 99th percentiles; nothing here asserts a time.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from contextlib import suppress

os.environ |= {"VALLUM_HOME": tempfile.mkdtemp(prefix="vallum-bench-"), "VALLUM_POOL": "0", "VALLUM_LOG": "ERROR"}
os.environ["DJANGO_SETTINGS_MODULE"] = "vallum_web.config.settings"

from vallum_web.embedded.ephemeral import ephemeral

_DURABLE = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "2GB",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--others", type=int, default=100, help="organizations beside the large one")
    parser.add_argument("--each", type=int, default=1_000, help="findings of each of them")
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--digest", type=int, default=100_000)
    given = parser.parse_args()
    with ephemeral(settings=_DURABLE) as server:
        os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"] = server.urls.app, server.urls.owner
        subprocess.run(
            [sys.executable, "-m", "vallum_web.config.manage", "migrate", "-v", "0", "--skip-checks"], check=True
        )
        import django  # noqa: PLC0415 - the settings need the server's address

        django.setup()
        from bench.findings import lists, seed  # noqa: PLC0415 - models need a configured Django

        large, small = seed.organizations(given.rows, given.others, given.each)
        lists.measure(large, given.runs, f"the organization of {given.rows:,}")
        lists.measure(small, given.runs, f"one of {given.each:,} beside it")
        lists.digests(large, given.digest)
        with suppress(Exception):
            django.db.connection.close()


if __name__ == "__main__":
    main()
