"""The ledger in S3-compatible storage: the storage itself refuses a second entry of one number."""

import threading
from datetime import timedelta
from uuid import uuid4

import making
import pytest
from django.db import connection
from storing import port, s3

from vallum_web.accounts import tokens
from vallum_web.backups import apart, manifest, places, services
from vallum_web.backups.manifest import KEYRING
from vallum_web.tenancy import clock, tombstones
from vallum_web.tenancy.models import PlatformDeparture
from vallum_web.tenancy.objects.s3 import Storage
from vallum_web.tenancy.tombstones import LedgerError, bucket, ledger, shelf
from vallum_web.tenancy.tombstones.entry import Entry, Phase, file_name

__all__ = ["port", "s3"]  # the fixtures
pytestmark = pytest.mark.policy("PP-4c", "PP-4d")


@pytest.fixture
def placed(settings, tmp_path, s3, monkeypatch):
    """A state folder, and a ledger in a bucket."""
    settings.HOME = tmp_path
    settings.TOMBSTONES = s3.place
    monkeypatch.setenv("VALLUM_EGRESS_ALLOW", s3.opening)
    monkeypatch.setenv("VALLUM_TOMBSTONES_ACCESS", "a")
    monkeypatch.setenv("VALLUM_TOMBSTONES_SECRET", "b")
    _fresh()
    yield s3
    _fresh()


@pytest.fixture
def apart_from_it(placed, db):
    return placed


def _fresh():
    """As a process that has just begun."""
    ledger._ends.clear()
    bucket._opened.cache_clear()
    bucket._refusing.clear()


def add(count=1):
    for _ in range(count):
        last = ledger.append(
            Entry(seq=0, phase=Phase.INTENT, at=clock.now(), kind="token", id=uuid4(), reason="revoked")
        )
    return last


def key(seq):
    return f"vallum/{file_name(seq)}"


def test_entries_follow_each_other_there_and_hold(apart_from_it):
    add(2)
    _fresh()
    third = add()
    held = tombstones.standing()
    assert (held.entries, held.problem, held.place) == (3, "", f"s3://{apart_from_it.bucket}/vallum")
    assert [entry.seq for entry in ledger.entries()] == [1, 2, 3]
    assert third.seq == 3
    assert held.weak  # this storage is on loopback, so on this machine
    left = PlatformDeparture.objects.filter(entry="tombstones")
    assert {row.ok for row in left} == {True}


def test_what_takes_a_right_back_is_there_before_it_counts(placed, live_database, settings):
    people = making.people()
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role="admin"))
    tokens.revoke(tokens.find(text))
    assert [(entry.kind, entry.phase.value) for entry in ledger.entries()] == [("token", "intent"), ("token", "done")]
    assert PlatformDeparture.objects.filter(entry="tombstones", ok=True).count() >= 2
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role="admin"))
    settings.TOMBSTONES = placed.place.replace(placed.bucket, "no-such-bucket")
    with pytest.raises(LedgerError):
        tokens.revoke(tokens.find(text))
    assert tokens.authenticate(text) is not None


def test_a_number_is_given_once_and_the_second_is_refused_by_the_storage(apart_from_it):
    first = add()
    with shelf.present() as place:
        assert not place.put(1, b"another")
        assert place.put(1, first.written()), "the same bytes are the answer to a put whose first answer was lost"
        assert place.get(1) == first.written()
        assert place.get(2) is None


def test_many_at_once_make_one_chain(placed, live_database):
    def one():
        add(3)
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tombstones.standing().problem == ""
    assert tombstones.standing().entries == 9


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        pytest.param(lambda s3: s3.client.delete_object(Bucket=s3.bucket, Key=key(2)), "is missing", id="removed"),
        pytest.param(lambda s3: s3.client.delete_object(Bucket=s3.bucket, Key=key(3)), "cut off", id="the end"),
        pytest.param(lambda s3: s3.client.put_object(Bucket=s3.bucket, Key=key(2), Body=b"{}"), "No tombstone", id="changed"),
    ],
)  # fmt: skip
def test_every_change_shows(apart_from_it, harm, said):
    add(3)
    harm(apart_from_it)
    assert said in tombstones.standing().problem
    with pytest.raises(LedgerError):
        tombstones.replay(clock.now() - timedelta(days=1))


def test_a_storage_that_overwrites_is_refused(apart_from_it, monkeypatch):
    def overwriting(self, name, data):
        self.put(name, data)
        return True

    monkeypatch.setattr(Storage, "put_new", overwriting)
    with pytest.raises(LedgerError, match="overwrites what it holds"):
        add()


def test_out_of_reach_it_is_said_and_nothing_is_recorded(apart_from_it, settings, monkeypatch):
    settings.TOMBSTONES = apart_from_it.place.replace(apart_from_it.bucket, "no-such-bucket")
    with pytest.raises(LedgerError, match="nothing is erased, and no right is taken back"):
        add()
    monkeypatch.delenv("VALLUM_TOMBSTONES_SECRET")
    bucket._opened.cache_clear()
    with pytest.raises(LedgerError, match="VALLUM_TOMBSTONES_SECRET"):
        add()


def test_what_no_backup_can_contradict_goes(apart_from_it):
    add(3)
    with clock.travelled(ledger.KEPT_FOR + timedelta(days=1)):
        assert tombstones.prune() == 3
        assert tombstones.standing().problem == ""
        assert [entry.phase for entry in ledger.entries()] == [Phase.PRUNED]


def test_its_copy_is_in_the_keyring_s_backup(apart_from_it, tmp_path):
    add(3)
    (tmp_path / "audit_key").write_text("x")
    stores = places.read({"VALLUM_BACKUP": str(tmp_path / "storage")}, places.key(tmp_path), None)
    services.back_up_keyring(stores)
    (name,) = manifest.whole(stores.keyring, KEYRING)
    found = manifest.read(stores.shelf(KEYRING, name))
    assert found.streams[apart.LEDGER].size > 3 * 400
    assert list(tmp_path.glob("tombstones-*")) == []
