"""A restored backup readmits nobody: what was taken back since is taken back again."""

from datetime import timedelta

import making
import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.db import connection, transaction

from vallum_web.accounts import tokens
from vallum_web.accounts.models import ApiToken, Invitation, Membership, Operator, SignIn, User
from vallum_web.accounts.services import invitations, join, members, signins, staff
from vallum_web.embedded.ephemeral import clone, drop
from vallum_web.mail import services as mails
from vallum_web.mail.models import Choice
from vallum_web.tenancy import clock, tombstones
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.scope import person, scope
from vallum_web.tenancy.tombstones import ledger


@pytest.fixture(autouse=True)
def own_ledger(settings, tmp_path):
    settings.TOMBSTONES = str(tmp_path / "apart")
    ledger._ends.clear()
    yield
    ledger._ends.clear()


def phases():
    return [(entry.kind, entry.phase.value) for entry in ledger.entries()]


def member(people, user):
    with scope(people.org.pk):
        return Membership.objects.of(people.org).select_related("user").get(user=user)


def test_an_intent_is_there_before_the_commit_and_confirmed_after(live_database):
    people = making.people()
    with transaction.atomic():
        members.leave(people.org, people.bob)
        assert phases() == [("member", "intent")]
    assert phases() == [("member", "intent"), ("member", "done")]


def test_outside_a_transaction_nothing_is_recorded(live_database):
    with pytest.raises(RuntimeError, match="inside the transaction"):
        tombstones.record("token", uuid7(), reason="revoked")


def test_a_kind_that_nobody_replays_is_refused(db):
    with pytest.raises(tombstones.UnknownKindError, match="replaying"):
        tombstones.record("weather", uuid7(), reason="changed")


def test_what_cannot_be_recorded_does_not_happen(people, settings, tmp_path):
    (tmp_path / "file").write_text("")
    settings.TOMBSTONES = str(tmp_path / "file" / "apart")
    with pytest.raises(tombstones.LedgerError):
        members.leave(people.org, people.bob)
    assert member(people, people.bob)


def test_of_what_a_crash_left_open_the_database_says_whether_it_happened(people):
    with transaction.atomic():
        members.leave(people.org, people.bob)
        transaction.set_rollback(True)
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role="admin"))
    tokens.revoke(tokens.find(text))
    assert phases() == [("member", "intent"), ("token", "intent")]  # a test's transaction never commits
    assert tombstones.settle() == 0
    with clock.travelled(timedelta(hours=2)):
        assert tombstones.settle() == 2
        assert tombstones.settle() == 0
    assert phases()[2:] == [("member", "undone"), ("token", "done")]
    assert tombstones.replay(clock.now() - timedelta(days=1)).done == {"token": 1}
    assert member(people, people.bob)


def copy(server, name, template):
    connection.close()
    clone(server, name, template=template)


def test_a_database_restored_from_an_older_backup(live_database, server, signed_in):
    """The clone `older` is what a backup holds; everything after it happens in the present database alone."""
    people = making.people()
    dora = making.person("dora@example.test")
    doras = join(people.org, dora, "admin")
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role="admin"))
    sent = invitations.invite(people.org, member(people, people.alice), email="eve@example.test", role="developer")
    staff.add_operator(people.bob)
    browser = signed_in(people.alice)
    assert browser.get("/accounts/profile/").status_code == 200
    backup_at = clock.now()
    copy(server, "older", "live")

    members.change_role(people.org, member(people, people.alice), doras.pk, "auditor")
    members.remove(people.org, member(people, people.alice), member(people, people.bob).pk)
    tokens.revoke(tokens.find(text))
    invitations.withdraw(people.org, people.alice.pk, sent.pk)
    staff.remove_operator(people.bob)
    signins.note(dora, SignIn.Kind.PASSWORD_CHANGED)
    mails.choose(dora.pk, [("digest", False)])

    copy(server, "live", "older")
    drop(server, "older")
    assert tokens.authenticate(text) is not None
    with clock.travelled(timedelta(days=60)):
        first = tombstones.replay(backup_at)
        again = tombstones.replay(backup_at)
    assert first.failed == again.failed == ()
    assert first.done == {
        "credentials": 1, "invitation": 1, "member": 1, "operator": 1, "role": 1, "token": 1, "unwanted": 1,
    }  # fmt: skip
    assert tokens.authenticate(text) is None
    with scope(people.org.pk):
        assert not Membership.objects.of(people.org).filter(user=people.bob).exists()
        assert Membership.objects.of(people.org).get(user=dora).role == "auditor"
        assert not Invitation.objects.of(people.org).filter(withdrawn_at=None).exists()
        assert ApiToken.objects.of(people.org).get().revoked_at is not None
        told = Entry.objects.of(people.org).order_by("-seq").values_list("kind", flat=True)[:3]
        assert set(told) == {"member.removed", "member.role", "token.revoked"}
    assert not Operator.objects.exists()
    assert not User.objects.get(pk=dora.pk).has_usable_password()
    assert not Authenticator.objects.filter(user=dora).exists()
    with person(dora.pk):
        assert Choice.objects.get(person=dora.pk, kind="digest").wanted is False
    assert browser.get("/accounts/profile/").status_code == 302


def test_the_command_says_what_it_did(people, capsys, settings):
    settings.TOMBSTONES = str(settings.HOME / "beside")
    members.leave(people.org, people.bob)
    call_command("tombstones", "verify")
    call_command("tombstones", "replay", "--since", (clock.now() - timedelta(hours=1)).isoformat())
    told = capsys.readouterr().out
    assert "holds: 1 entries" in told
    assert "WEAK" in told
    assert "member: 1" in told
