"""A copy of everything whose writer is killed, at any statement: the next attempt goes on, with each row once and no part lost.

Here a few dozen times; with VALLUM_FAULTS=1 at each statement that writing one takes.
"""

import io
import json
import os
import signal
import zipfile
from collections import Counter
from datetime import timedelta

import making
import pytest
from django.db import connection, connections

from vallum_web.accounts.models import SignIn
from vallum_web.assets import services as assets
from vallum_web.findings import services as findings
from vallum_web.findings.models import Finding
from vallum_web.mail.models import Message
from vallum_web.privacy.exports import services, tables, work
from vallum_web.privacy.exports.models import OrgExport, PersonExport
from vallum_web.scans import services as scans
from vallum_web.tenancy import blobs, clock
from vallum_web.tenancy.scope import outbox, scope

pytestmark = [pytest.mark.slow, pytest.mark.policy("PP-6a", "PP-6d")]
EVERY = os.environ.get("VALLUM_FAULTS") == "1"
MANY = 12


class Death:
    """Kills its own process in place of the n-th statement."""

    def __init__(self, after):
        self.left = after

    def __call__(self, execute, sql, params, many, context):
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)


@pytest.fixture(autouse=True)
def small(monkeypatch, settings, tmp_path):
    """Parts of a few rows, so that there are many places to go on from; and as many attempts as it takes."""
    settings.HOME = tmp_path
    monkeypatch.setattr(tables, "PAGE", 4)
    monkeypatch.setattr(work, "PART_ROWS", 9)
    monkeypatch.setattr(services, "MAX_ATTEMPTS", 30_000)


def killed(kind, row, after):
    """Whether an attempt in a process of its own was killed before its end."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            with connection.execute_wrapper(Death(after)):
                work.run(kind, row.owner, row.pk)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the child must not go on as a second test run
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def every_way(kind, row):
    times, after = 0, 0
    while killed(kind, row, after):
        times += 1
        after += 1 if EVERY else 1 + after // 3
    return times


def ended(kind, row, record_property, times):
    """The archive; it is whole, told of once, and what the killed ones left behind goes."""
    with services.room(kind, row.owner):
        row = services.of(kind, row.owner).get(pk=row.pk)
    assert (row.status, row.failure) == ("done", "")
    keys = [part["blob"] for part in row.parts]
    assert len(keys) == len(set(keys)) > 2
    data = b"".join(making.stored(row.owner, key, services.SHELF) for key in keys)
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    assert len(archive.namelist()) == len(set(archive.namelist()))
    with clock.travelled(timedelta(days=2)):
        services.sweep(kind, row.owner)
        blobs.prune()
    folder = blobs.path(row.owner, row.owner, shelf=services.SHELF).parent
    assert sorted(path.name for path in folder.iterdir()) == sorted(keys)
    with outbox():
        assert Message.objects.filter(kind="export").count() == 1
    record_property("killed", times)
    return archive


def told(archive, label):
    names = [name for name in archive.namelist() if name.startswith(f"json/{label}-")]
    return Counter(row["id"] for name in names for row in json.loads(archive.read(name)))


def test_of_an_organization(live_database, record_property):
    people = making.people()
    asset = assets.add(people.org, "repository", "shop", people.alice.pk)
    found = [making.secret(str(number), line=number + 1) for number in range(MANY)]
    findings.digest(scans.uploaded(asset, people.alice.pk), making.report(*found))
    row = services.ask_for_org(people.org, people.alice.pk)
    times = every_way(OrgExport, row)
    archive = ended(OrgExport, row, record_property, times)
    with scope(people.org.pk):
        ids = {str(key) for key in Finding.objects.of(people.org).values_list("pk", flat=True)}
    assert told(archive, "findings.Finding") == Counter(ids)
    assert len(ids) == MANY
    assert times > 8


def test_of_a_person(live_database, record_property):
    people = making.people()
    for number in range(2 * MANY):
        SignIn.objects.create(user=people.bob, kind="password", address=f"192.0.2.{number}", network="192.0.2.0/24")
    row = services.ask_for_person(people.bob)
    times = every_way(PersonExport, row)
    archive = ended(PersonExport, row, record_property, times)
    ids = {str(key) for key in SignIn.objects.filter(user=people.bob).values_list("pk", flat=True)}
    assert told(archive, "accounts.SignIn") == Counter(ids)
    assert len(ids) == 2 * MANY
    assert times > 8
