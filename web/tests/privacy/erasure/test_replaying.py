"""A database that is restored from an older backup: who was erased since is erased again, who had asked is hidden again."""

import making
import pytest
from django.db import connection

from vallum_web.accounts.models import User
from vallum_web.embedded.ephemeral import clone, drop
from vallum_web.mail.models import Message
from vallum_web.privacy.erasure import purge, services
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.tenancy import clock, tombstones
from vallum_web.tenancy.lookups import all_orgs
from vallum_web.tenancy.models import Leaving, Org
from vallum_web.tenancy.scope import Purpose, looking_back, outbox, scope
from vallum_web.tenancy.tombstones import ledger


@pytest.fixture(autouse=True)
def own_ledger(settings, tmp_path):
    settings.TOMBSTONES = str(tmp_path / "apart")
    ledger._ends.clear()
    yield
    ledger._ends.clear()


def copy(server, name, template):
    connection.close()
    clone(server, name, template=template)


def exists(org):
    with scope(org.pk, purpose=Purpose.PURGE):
        return Org.objects.filter(pk=org.pk).exists()


@pytest.mark.policy("PP-4c", "PP-4d")
def test_what_was_deleted_since_the_backup_is_deleted_again(live_database, server):
    people = making.people()
    dora, eve = making.person("dora@example.test"), making.person("eve@example.test")
    back_again = services.ask_for_person(eve)
    backup_at = clock.now()
    copy(server, "older", "live")

    purge.purge(services.ask_for_person(people.bob).pk, now=True)
    purge.purge(services.ask_for_org(people.elsewhere, people.charlie).pk, now=True)
    services.ask_for_person(dora)
    services.have_person_back(back_again)
    copy(server, "live", "older")
    drop(server, "older")
    assert User.objects.filter(pk=people.bob.pk).exists()
    assert exists(people.elsewhere)

    assert tombstones.look_up() == tombstones.LookedUp(erased=2, there=2)
    first = tombstones.replay(backup_at)
    assert tombstones.look_up() == tombstones.LookedUp(erased=2, there=0)
    again = tombstones.replay(backup_at)
    assert first.failed == again.failed == ()
    with looking_back(Purpose.PURGE):
        assert not User.objects.filter(pk=people.bob.pk).exists()
        assert list(Leaving.objects.values_list("id", flat=True)) == [dora.pk]
        states = dict(Deletion.objects.values_list("subject", "state"))
    assert states == {people.bob.pk: "purged", people.elsewhere.pk: "purged", dora.pk: "pending", eve.pk: "recovered"}
    assert not exists(people.elsewhere)
    assert all_orgs() == [people.org.pk]
    assert not User.objects.filter(pk=dora.pk).exists()
    assert User.objects.filter(pk=eve.pk).exists()
    with outbox():
        # The receipt was sent then, and the address is nobody's any more.
        assert not Message.objects.filter(kind="deletion", person=None).exclude(sealed="").exists()
