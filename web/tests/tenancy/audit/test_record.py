"""Every act of a person or a token is in the chain when its transaction commits, or the transaction does not commit."""

import json
import threading
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import making
import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from vallum_web.accounts import services as accounts
from vallum_web.accounts import tokens
from vallum_web.accounts.models import ApiToken, Membership, Team
from vallum_web.assets import services as assets
from vallum_web.assets.models import Asset
from vallum_web.findings import services as findings
from vallum_web.scans import services as scans
from vallum_web.tenancy import keyring
from vallum_web.tenancy.audit import chain, identity
from vallum_web.tenancy.audit.errors import NotRecordedError
from vallum_web.tenancy.audit.identity import Identity
from vallum_web.tenancy.audit.models import Entry, Head
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.origin import Origin, coming_from
from vallum_web.tenancy.scope import owe, scope

BEGINNING = ["org.founded", "member.joined"]


def entries(org):
    with scope(org.pk):
        return list(Entry.objects.of(org).order_by("seq"))


def kinds(org):
    return [entry.kind for entry in entries(org)]


def unbroken(org):
    """Written anew from the recipe in the documentation, not with the code that wrote the chain."""
    last = bytes(32)
    for number, entry in enumerate(entries(org), 1):
        lines = [
            "vallum audit entry 1",
            str(entry.org_id),
            str(number),
            str(entry.id),
            entry.at.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00"),
            entry.kind,
            str(entry.subject),
            str(entry.actor or ""),
            entry.actor_kind,
            str(entry.via or ""),
            bytes(entry.sealed_sha256).hex(),
            entry.facts,
            last.hex(),
        ]
        if sha256("\n".join(lines).encode()).digest() != bytes(entry.hash) or bytes(entry.previous) != last:
            return False
        last = bytes(entry.hash)
    with scope(org.pk):
        head = Head.objects.of(org).get()
    return (head.seq, bytes(head.hash)) == (len(entries(org)), last)


def who(org, subject, sealed):
    return identity.unsealed(org, [(subject, sealed)])[0]


def test_what_a_person_does_becomes_an_entry(people):
    with scope(people.org.pk, user=people.alice.pk):
        emit("asset.added", subject := uuid4(), name="shop\n", size=3)
    entry = entries(people.org)[-1]
    assert (entry.kind, entry.subject, entry.actor) == ("asset.added", subject, people.alice.pk)
    assert (entry.actor_kind, json.loads(entry.facts)) == ("person", {"name": "shop\n", "size": 3})
    with scope(people.org.pk):
        event = Event.objects.of(people.org).latest("id")
    assert (entry.id, entry.at) == (event.id, event.at)
    assert unbroken(people.org)


def test_what_a_scan_finds_does_not(people):
    asset = assets.add(people.org, "repository", "shop", people.alice.pk)
    scan = scans.uploaded(asset, people.alice.pk)
    findings.digest(scan, making.report(making.secret()))
    assert kinds(people.org) == [*BEGINNING, "asset.added", "scan.uploaded"]


def test_a_change_of_who_may_do_what_is_recorded_whoever_made_it(people):
    token = made(people)[0]
    tokens.revoke(token)
    assert [(entry.kind, entry.actor_kind) for entry in entries(people.org)] == [
        ("org.founded", "person"),
        ("member.joined", "system"),
        ("token.made", "person"),
        ("token.revoked", "system"),
    ]


@pytest.mark.asvs("16.2.1", "16.2.2")
def test_an_entry_of_a_token_says_which_and_whose_and_from_where(people, client):
    token, text = made(people)
    other, _ = made(people)
    bearer = {"Authorization": f"Bearer {text}", "User-Agent": "pipeline/1"}
    assert client.delete(f"/api/v1/tokens/{other.pk}", headers=bearer, REMOTE_ADDR="192.0.2.7").status_code == 204
    entry = entries(people.org)[-1]
    assert (entry.kind, entry.actor_kind, entry.actor, entry.via) == (
        "token.revoked",
        "token",
        people.alice.pk,
        token.pk,
    )
    assert entry.at.utcoffset() == timedelta()
    known = who(people.org.pk, people.alice.pk, entry.sealed)
    assert (known.name, known.address, known.agent) == ("Alice", "192.0.2.7", "pipeline/1")
    assert UUID(known.request)


def test_a_token_that_acts_for_nobody_is_recorded_too(people):
    """Provisioning: the identity provider's machine."""
    origin = Origin(request_id=uuid4(), address="192.0.2.8", agent="provider", token=uuid4())
    with coming_from(origin), scope(people.org.pk):
        emit("asset.added", uuid4())
    entry = entries(people.org)[-1]
    assert (entry.actor, entry.actor_kind, entry.via) == (None, "token", origin.token)
    assert who(people.org.pk, origin.token, entry.sealed).address == "192.0.2.8"


def test_what_staff_looked_at_is_theirs(people):
    with scope(people.org.pk, user=people.charlie.pk):
        emit("staff.viewed", uuid4(), page="findings:worklist")
    assert [entry.actor_kind for entry in entries(people.org)] == ["person", "system", "staff"]


def made(people):
    wanted = tokens.Wanted(name="ci", role=Membership.Role.OWNER)
    return tokens.make(people.org, people.alice, wanted)


def test_acts_of_one_transaction_stand_in_their_order(people):
    with scope(people.org.pk, user=people.alice.pk):
        for number in range(30):
            with scope(people.org.pk):
                emit("asset.added", uuid4(), number=number)
    assert [json.loads(entry.facts)["number"] for entry in entries(people.org)[2:]] == list(range(30))
    assert unbroken(people.org)


@pytest.mark.parametrize("inner", [scope, lambda org: transaction.atomic()], ids=["a scope", "a bare savepoint"])
def test_what_a_savepoint_undid_leaves_no_entry(people, inner):
    with scope(people.org.pk, user=people.alice.pk):
        emit("asset.added", uuid4(), name="stays")
        with suppress(ZeroDivisionError), inner(people.org.pk):
            emit("asset.added", uuid4(), name="goes")
            raise ZeroDivisionError
    assert [json.loads(entry.facts)["name"] for entry in entries(people.org)[2:]] == ["stays"]
    assert unbroken(people.org)


def test_an_act_that_was_undone_leaves_no_entry(people):
    with suppress(ZeroDivisionError), scope(people.org.pk, user=people.alice.pk):
        emit("asset.added", uuid4())
        raise ZeroDivisionError
    assert kinds(people.org) == BEGINNING
    assert unbroken(people.org)


def test_each_organization_has_a_chain_of_its_own(people):
    assert [kinds(people.org), kinds(people.elsewhere)] == [BEGINNING, ["org.founded"]]
    assert unbroken(people.org)
    assert unbroken(people.elsewhere)


def test_an_act_outside_a_scope_is_refused(db):
    with pytest.raises(RuntimeError, match=r"outside of tenancy\.scope"):
        owe()


def test_a_refused_reference_is_no_failure_of_the_log(people):
    """It would otherwise reach a service as an error that it does not expect."""
    with pytest.raises(IntegrityError):
        scans.request(people.org, uuid4(), people.alice.pk)


# An app that is broken into, and one that has a bug: neither can write anything but what follows.
FORGERIES = {
    "an entry that leaves one out": {"seq": 4},
    "an entry in another's place": {"seq": 2},
    "an entry that follows another hash": {"previous": b"x" * 32},
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES)
def test_the_database_takes_only_an_entry_that_follows(people, change):
    last = entries(people.org)[-1]
    values = {"seq": 3, "previous": bytes(last.hash), **change}
    with pytest.raises(DatabaseError), scope(people.org.pk):
        Entry.objects.create(
            org=people.org, at=last.at, kind="x", subject=uuid4(), actor_kind="system", hash=b"y" * 32, **values
        )
    assert unbroken(people.org)


@pytest.mark.asvs("16.4.2")
@pytest.mark.parametrize(
    ("table", "allowed"),
    [
        ("audit_entry", {"select", "insert"}),
        ("audit_checkpoint", {"select", "insert"}),
        ("audit_head", {"select"}),
        ("vallum_clock", set()),
    ],
)
def test_the_application_can_change_and_remove_nothing(db, table, allowed):
    rights = ("select", "insert", "update", "delete", "truncate", "references", "trigger")
    with connection.cursor() as cursor:
        cursor.execute(
            "select r from unnest(%s::text[]) r where has_table_privilege('vallum_app', %s, r)", [list(rights), table]
        )
        assert {row[0] for row in cursor.fetchall()} == allowed


def test_of_the_head_the_application_writes_only_when_it_looked(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "select attname from pg_attribute where attrelid = 'audit_head'::regclass and attnum > 0"
            " and has_column_privilege('vallum_app', attrelid, attnum, 'update')"
        )
        assert {row[0] for row in cursor.fetchall()} == {"verified_at", "verified_seq", "problem"}


@pytest.fixture
def unwritable(live_database):
    """An organization whose audit log takes no entry any more."""
    people = making.people()
    with psycopg.connect(live_database.owner) as owner:
        owner.execute("revoke insert on audit_entry from vallum_app")
    return people


def counted(people):
    with scope(people.org.pk):
        live = ApiToken.objects.of(people.org).filter(revoked_at=None).count()
        return live, Team.objects.of(people.org).count(), Event.objects.of(people.org).count()


@pytest.mark.asvs("16.5.3")
def test_a_page_whose_act_cannot_be_recorded_says_so_and_changes_nothing(unwritable, signed_in):
    before = counted(unwritable)
    answer = signed_in(unwritable.alice).post("/acme/settings/teams/make/", {"name": "Platform"})
    assert answer.status_code == 503
    assert "could not be written into the audit log" in answer.content.decode()
    assert counted(unwritable) == before


@pytest.mark.asvs("16.5.3")
def test_a_machine_whose_act_cannot_be_recorded_is_told_so(live_database, client):
    people = making.people()
    token, text = made(people)
    with psycopg.connect(live_database.owner) as owner:
        owner.execute("revoke insert on audit_entry from vallum_app")
    before = counted(people)
    bearer = {"Authorization": f"Bearer {text}"}
    answer = client.delete(f"/api/v1/tokens/{token.pk}", headers=bearer)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "nothing was changed" in answer.json()["detail"]
    assert counted(people) == before
    assert client.get("/api/v1/tokens", headers=bearer).status_code == 200


def test_a_service_cannot_mistake_it_for_an_error_of_its_own(unwritable):
    with pytest.raises(NotRecordedError):
        accounts.found("Another", "another", unwritable.alice)


def test_many_at_once_make_one_chain(live_database):
    people = making.people()
    threads = [threading.Thread(target=act, args=(people, number)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entries(people.org)) == 2 + 8 * 12
    assert unbroken(people.org)


def act(people, number):
    for turn in range(12):
        with scope(people.org.pk, user=people.alice.pk):
            emit("asset.added", uuid4(), number=number, turn=turn)
    connection.close()


def test_two_that_found_the_log_at_once_make_one_chain(live_database):
    """Neither finds a head to lock."""
    people = making.people()
    with psycopg.connect(live_database.owner) as owner:
        owner.execute(f"set app.org_id = '{people.org.pk}'")
        owner.execute("delete from audit_entry")
        owner.execute("delete from audit_head")
    threads = [threading.Thread(target=act, args=(people, number)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entries(people.org)) == 4 * 12
    assert unbroken(people.org)


def test_nobody_waits_for_another_row_while_holding_the_head(live_database):
    """A reference is checked at commit, and waits for whoever holds the row; whoever holds it may wait for the head."""
    people = making.people()
    asset = assets.add(people.org, "repository", "shop", people.alice.pk)
    holding, failed = threading.Event(), []

    def hold():
        try:
            with scope(people.org.pk, user=people.alice.pk):
                Asset.objects.select_for_update().get(pk=asset.pk)
                emit("asset.branch", asset.pk)
                holding.set()
                # Until the other one waits: for the row as it should, or for it with the head in its hand.
                waiting = "select exists (select from pg_locks where not granted)"
                with connection.cursor() as cursor:
                    for _ in range(500):
                        cursor.execute(f"select pg_sleep(0.01), ({waiting})")
                        if cursor.fetchone()[1]:
                            break
        except DatabaseError as error:
            failed.append(error)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    holding.wait(10)
    scans.uploaded(asset, people.alice.pk)
    holder.join()
    assert failed == []
    assert kinds(people.org)[-2:] == ["asset.branch", "scan.uploaded"]
    assert unbroken(people.org)


def test_facts_are_written_one_way(db):
    assert chain.written({"b": 1, "a": "é\n\x00"}) == '{"a":"\\u00e9\\n\\u0000","b":1}'


def test_who_it_was_is_sealed_under_their_own_key(people):
    entry = entries(people.org)[0]
    assert "alice" not in entry.sealed
    alice = Identity(name="Alice", email="alice@example.test")
    assert who(people.org.pk, people.alice.pk, entry.sealed) == alice
    assert who(people.elsewhere.pk, people.alice.pk, entry.sealed) is None
    keyring.forget_subject(people.alice.pk)
    assert who(people.org.pk, people.alice.pk, entry.sealed) is None
    assert unbroken(people.org)


def test_somebody_whose_keys_are_destroyed_can_still_be_recorded(people):
    """The last thing a person does is to go."""
    keyring.forget_subject(people.bob.pk)
    with scope(people.org.pk, user=people.bob.pk):
        emit("asset.added", uuid4())
    assert (entries(people.org)[-1].sealed, entries(people.org)[-1].actor) == ("", people.bob.pk)
    assert unbroken(people.org)


def test_without_the_keyring_nothing_is_done(people, settings, tmp_path):
    settings.KEK_FILE = tmp_path / "gone"
    before = kinds(people.org)
    with pytest.raises(NotRecordedError), scope(people.org.pk, user=people.alice.pk):
        emit("asset.added", uuid4())
    assert kinds(people.org) == before
