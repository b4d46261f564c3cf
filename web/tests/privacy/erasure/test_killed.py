"""A purge that is killed between any two statements goes on, does nothing twice and leaves nothing half done.

Here a few dozen times; with VALLUM_FAULTS=1 at each statement that a purge makes.
"""

import os
import signal

import making
import pytest
from django.apps import apps
from django.db import connection, connections

from vallum_web.assets import services as assets
from vallum_web.findings import services as findings
from vallum_web.mail.models import Message
from vallum_web.privacy.erasure import orgs, purge, services
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.scans import services as scans
from vallum_web.tenancy import blobs, tombstones
from vallum_web.tenancy.audit import services as audit
from vallum_web.tenancy.models import Leaving, Org
from vallum_web.tenancy.scope import Purpose, looking_back, outbox, scope
from vallum_web.tenancy.tombstones import ledger

EVERY = os.environ.get("VALLUM_FAULTS") == "1"


@pytest.fixture(autouse=True)
def own_ledger(settings, tmp_path):
    settings.TOMBSTONES = str(tmp_path / "apart")
    ledger._ends.clear()
    yield
    ledger._ends.clear()


class Death:
    """Kills its own process in place of the n-th statement."""

    def __init__(self, after):
        self.left = after

    def __call__(self, execute, sql, params, many, context):
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)


def killed(key, after):
    """Whether a purge in a process of its own was killed before its end."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            with connection.execute_wrapper(Death(after)):
                purge.purge(key, now=True)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the child must not go on as a second test run
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def every_way(key):
    """One after the other, each run killed later than the one before: in the end one lives long enough to end."""
    times, after = 0, 0
    while killed(key, after):
        times += 1
        after += 1 if EVERY else 1 + after // 3
    return times


def holding(people):
    asset = assets.add(people.org, "repository", "shop", people.alice.pk)
    findings.digest(scans.uploaded(asset, people.alice.pk), making.report(making.secret(), making.secret("two")))
    with blobs.create(people.org.pk, limit=100) as file:
        file.write(b"bytes")


def settled(subject, audited):
    with looking_back(Purpose.PURGE):
        done = Deletion.objects.get(subject=subject)
        assert (done.state, done.sealed) == ("purged", "")
        assert not Leaving.objects.exists()
    with outbox():
        assert Message.objects.filter(kind="deletion", person=None).exclude(sealed="").count() == 1
    assert audit.check(audited, ()).problem == ""
    assert tombstones.standing().problem == ""
    assert [e.kind for e in ledger.entries() if e.id == subject and e.reason == "erased"] == [done.whose]
    return done


@pytest.mark.policy("PP-4c")
def test_an_organizations(live_database, record_property):
    people = making.people()
    holding(people)
    made = services.ask_for_org(people.org, people.alice)
    times = every_way(made.pk)
    record_property("killed", times)
    done = settled(people.org.pk, people.org.pk)
    with scope(people.org.pk, purpose=Purpose.PURGE):
        assert [model._meta.label for model in [*orgs.of_org(apps.get_models()), Org] if model.objects.exists()] == []
    # A batch and its count are one transaction: whatever was killed, nothing was counted twice.
    assert done.receipt["rows"]["findings.Finding"] == 2
    assert done.receipt["rows"]["tenancy.Org"] == 1
    assert times > 8


@pytest.mark.policy("PP-4c")
def test_a_persons(live_database, record_property):
    people = making.people()
    made = services.ask_for_person(people.bob)
    times = every_way(made.pk)
    record_property("killed", times)
    done = settled(people.bob.pk, people.org.pk)
    assert done.receipt["rows"]["accounts.User"] == 1
    assert done.receipt["rows"]["accounts.Membership"] == 1
    assert times > 5
