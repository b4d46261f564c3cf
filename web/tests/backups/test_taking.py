"""Taking a backup: what is refused, what is kept of it, and what a restored database does before it is opened."""

import io
import os
from datetime import timedelta

import psycopg
import pytest
from django.core.management import CommandError, call_command

from vallum_web.backups import canary, figures, kit, manifest, services, snapshot, state
from vallum_web.backups.errors import KitError, RestoreError, SourceError
from vallum_web.backups.manifest import KEYRING, MAIN
from vallum_web.backups.models import Run
from vallum_web.backups.settle import settle
from vallum_web.mail.models import Message
from vallum_web.tenancy import clock
from vallum_web.tenancy.clock import travelled
from vallum_web.tenancy.scope import outbox


def restored(**values):
    return Run(kind=Run.Kind.RESTORE, began_at=clock.now(), backup="x", **values)


@pytest.mark.policy("PP-4d")
def test_nothing_is_backed_up_by_itself_before_the_kit_is_stored(platform, stores, home, held):
    with pytest.raises(KitError, match="before somebody has stored the recovery kit"):
        services.back_up(stores, unattended=True)
    assert list(manifest.whole(stores.main, MAIN)) == []
    assert "recovery kit" in Run.objects.get().failure
    written = kit.first(home, os.environ)
    assert written.stat().st_mode & 0o777 == 0o400
    text = written.read_text()
    assert kit.Kit.parse(text) == held
    assert kit.first(home, os.environ) is None, "it lies there already"
    with pytest.raises(KitError, match="is not the code"):
        kit.confirm(home, held, "AAAA-AAAA")
    kit.confirm(home, held, text.split("--confirm ")[1].split()[0])
    assert not written.exists()
    found = services.back_up(stores, unattended=True)
    assert list(manifest.whole(stores.main, MAIN)) == [found.backup]
    assert state.when(home, "backup") is not None


def test_a_new_key_encryption_key_needs_a_new_kit(home, held):
    kit.confirm(home, held, held.code)
    (home / "keyring_key").unlink()
    assert not kit.is_confirmed(home, kit.present(home, os.environ))


@pytest.mark.parametrize("text", ["", "backup key: AAAA", "key-encryption key: x\nbackup key: y"])
def test_half_a_kit_is_none(text):
    with pytest.raises(KitError):
        kit.Kit.parse(text)


def test_a_table_that_hides_rows_stops_the_backup(platform, stores, live_database):
    with psycopg.connect(live_database.owner) as owner:
        owner.execute("create table hiding (id int); alter table hiding enable row level security")
    with pytest.raises(SourceError, match="does not see all rows of hiding: nothing was backed up"):
        services.back_up(stores, unattended=False)
    assert list(manifest.whole(stores.main, MAIN)) == []


def test_no_table_of_ours_hides_rows_from_backups(platform, live_database):
    with snapshot.held(live_database.backup) as (connection, _):
        snapshot.refuse_hidden(connection)
        seen = snapshot.look(connection)
    assert seen.tables["accounts_membership"].rows == 3
    assert snapshot.differences(seen, seen) == []


def test_a_difference_is_named(platform, live_database):
    with snapshot.held(live_database.backup) as (connection, _):
        before = snapshot.look(connection)
    with psycopg.connect(live_database.owner) as owner:
        owner.execute("update accounts_user set name = 'Mallory' where name = 'Bob'; drop table backups_canary")
    with snapshot.held(live_database.backup) as (connection, _):
        after = snapshot.look(connection)
    assert snapshot.differences(before, after) == ["accounts_user: as many rows, and others", "backups_canary: missing"]


def test_the_command_takes_lists_verifies_and_looks(platform, home, folder, monkeypatch):
    monkeypatch.setenv("VALLUM_BACKUP", str(folder))
    out = io.StringIO()
    call_command("backup", stdout=out)
    assert "Nobody has stored the recovery kit yet" in out.getvalue()
    for verb in ("list", "verify", "check", "prune"):
        call_command("backup", verb, stdout=out)
    said = out.getvalue()
    assert said.count(": whole") == 2
    assert "0.0 days old" in said
    assert said.endswith("0 objects deleted\n")
    chunk = next(folder.glob(f"{MAIN}/*/database/0000000"))
    chunk.write_bytes(chunk.read_bytes()[:-1] + b"x")
    with pytest.raises(CommandError, match="does not open under the backup key"):
        call_command("backup", "verify", stdout=out)
    with travelled(timedelta(days=100)), pytest.raises(CommandError, match="100 days old: at most 90 are promised"):
        call_command("backup", "check", stdout=out)
    assert [run.kind for run in Run.objects.order_by("began_at")] == ["backup", "check", "check"]


def test_without_a_place_the_command_says_what_to_set(platform, home):
    with pytest.raises(CommandError, match="set VALLUM_BACKUP"):
        call_command("backup")


@pytest.mark.policy("PP-4d")
def test_figures_tell_of_the_oldest_and_of_the_last_drill(platform):
    assert (figures.oldest(), figures.looked_at(), figures.drilled()) == (None, None, None)
    now = clock.now()
    Run.objects.create(kind=Run.Kind.BACKUP, began_at=now - timedelta(days=20))
    Run.objects.create(kind=Run.Kind.CHECK, began_at=now - timedelta(days=1), oldest=88.5)
    assert pytest.approx(figures.oldest(), abs=0.01) == 89.5
    assert pytest.approx(figures.drilled(), abs=0.01) == 20
    Run.objects.create(kind=Run.Kind.DRILL, began_at=now - timedelta(days=3), failure="no")
    Run.objects.create(kind=Run.Kind.DRILL, began_at=now - timedelta(days=9))
    assert pytest.approx(figures.drilled(), abs=0.01) == 9


def test_no_old_mail_leaves_a_restored_platform(platform):
    def mail(**values):
        row = Message(kind="verification", recipient=b"x", not_after=clock.now() + timedelta(days=1), **values)
        row.save()
        return row.pk

    with outbox():
        Message.objects.all().delete()
        waiting, begun, doubted, sent = (
            mail(),
            mail(state="sending"),
            mail(doubt_since=clock.now()),
            mail(state="delivered"),
        )
    settle(restored(), clock.now(), lambda _: None)
    with outbox():
        later = mail()
        states = dict(Message.objects.values_list("pk", "state"))
    assert [states[key] for key in (waiting, begun, doubted, sent, later)] == [
        "dropped",
        "unknown",
        "unknown",
        "delivered",
        "queued",
    ]


def test_an_unreadable_ledger_keeps_the_door_shut_until_somebody_answers_for_it(platform, home, monkeypatch, settings):
    place = home / "tombstones"
    (place / "000000").mkdir(parents=True)
    (place / "000000" / "000000000001.json").write_text("{}")
    settings.TOMBSTONES = str(place)
    with pytest.raises(RestoreError, match="cannot be read"):
        settle(restored(), clock.now(), lambda _: None)
    assert not Run.objects.exists()
    said = []
    settle(restored(override="Olga: the disk is gone"), clock.now(), said.append)
    assert any("NOT replayed" in line for line in said)
    assert Run.objects.get().override == "Olga: the disk is gone"


def test_the_keyring_is_backed_up_apart_and_no_longer_than_a_week(platform, stores, home):
    canary.ensure()
    services.back_up_keyring(stores)
    (name,) = manifest.whole(stores.keyring, KEYRING)
    found = manifest.read(stores.shelf(KEYRING, name))
    assert set(found.streams) == {"keyring", "tombstones"}
    assert set(found.tables) == set()
