"""`kill -9` of the worker and of the database while an export is written: the next attempt finishes it, with each finding once."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys

import pytest
from faults.running import Platform, eventually, write_leaks

from vallum_web.embedded import leftovers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

MANY = 20_000
# The one finding that a scan found, so many times.
MULTIPLY = """
insert into findings_finding (id, fingerprint, {columns}) select vallum_uuid7(), md5(random()::text), {columns}
from findings_finding, generate_series(2, %s) n
"""
TOKEN = """
from vallum_web.accounts import services, tokens
from vallum_web.accounts.models import Membership, User
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope
from uuid import UUID
with scope(UUID({org!r})):
    org = Org.objects.get()
_, text = tokens.make(org, User.objects.get(), tokens.Wanted(name="exports", role="owner", scopes=["findings.export"]))
print(text)
"""


@pytest.fixture(scope="module")
def run(place):
    made = Platform(place)
    write_leaks(place / "code", "leaks.txt", 1)
    made.up()
    try:
        made.fill({"code": place / "code"})
        assert made.end_of(made.request("code"))["status"] == "done"
        with made.connected() as link:
            names = link.execute(
                "select string_agg(quote_ident(column_name), ', ') from information_schema.columns "
                "where table_name = 'findings_finding' and is_generated = 'NEVER' and column_name not in ('id', 'fingerprint')"
            ).fetchone()[0]
            link.execute(MULTIPLY.format(columns=names), [MANY])
        script = TOKEN.format(org=made.org)
        command = [sys.executable, "-m", "vallum_web.embedded.cli", "manage", "shell", "-c", script]
        done = subprocess.run(command, env=made.environ, capture_output=True, text=True, check=True, cwd=place)
        made.token = done.stdout.split()[-1]
        yield made
        made.stop()
    finally:
        made.sweep()


def content(run, key):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", run.port, timeout=30)) as link:
        link.request("GET", f"/api/v1/exports/{key}/content", headers={"Authorization": f"Bearer {run.token}"})
        return link.getresponse().read()


@pytest.mark.parametrize(
    "victim",
    [
        pytest.param(lambda run: run.named("vallum_web.config.worker")[0], id="worker"),
        pytest.param(lambda run: leftovers.pid_of(run.folder / "place" / "data"), id="database"),
    ],
)
def test_killed_while_writing(run, victim):
    key = run.ask("POST", "exports", {"format": "ndjson"})["id"]

    def begun():
        export = run.ask("GET", f"exports/{key}")
        assert export is None or export["status"] in {"queued", "running"}, "it was over before it was seen"
        return export and export["rows"] > 1000

    eventually(begun, every=0.02)
    os.kill(victim(run), signal.SIGKILL)

    def over():
        export = run.ask("GET", f"exports/{key}")
        return export if export and export["status"] in {"done", "failed"} else None

    export = eventually(over, seconds=120)
    assert (export["status"], export["rows"], export["total"], export["note"]) == ("done", MANY, MANY, "")
    ids = [json.loads(line)["id"] for line in content(run, key).splitlines()]
    assert (len(ids), len(set(ids))) == (MANY, MANY)
