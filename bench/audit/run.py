"""Claim: verifying reads at least 50,000 entries a second, and an entry costs an act a few milliseconds.

One run, one embedded PostgreSQL. The peers: the same rows read and not hashed, the same act without an entry. Prints
medians; nothing here asserts a time.
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


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=200_000)
    parser.add_argument("--acts", type=int, default=300)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with ephemeral() as server:
        os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"] = server.urls.app, server.urls.owner
        subprocess.run(
            [sys.executable, "-m", "vallum_web.config.manage", "migrate", "-v", "0", "--skip-checks"], check=True
        )
        import django  # noqa: PLC0415 - the settings need the server's address

        django.setup()
        from bench.audit import work  # noqa: PLC0415 - models need a configured Django

        times: dict[str, list[tuple[float, float]]] = {}
        for name, count, action in work.actions(given.entries, given.acts, given.runs):
            started, used = time.perf_counter(), time.process_time()
            action()
            cost = (time.perf_counter() - started) / count, (time.process_time() - used) / count
            times.setdefault(name, []).append(cost)
        for name, costs in times.items():
            wall, processor = (statistics.median(values) for values in zip(*costs, strict=True))
            print(
                f"  {name:<40} {wall * 1000:8.3f} ms, of this process {processor * 1000:8.3f} ms  {1 / wall:>9,.0f} a second"
            )
        with suppress(Exception):
            django.db.connection.close()


if __name__ == "__main__":
    main()
