"""A rotation moves every value, and may be broken off anywhere."""

import io
import json
import threading
from datetime import timedelta
from uuid import uuid4

import making
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections
from tenancy.keyring import killed

from vallum_web.repositories import services
from vallum_web.repositories.models import Credential
from vallum_web.tenancy import clock, keyring
from vallum_web.tenancy.keyring import errors, kek, keys, progress, rotation, store
from vallum_web.tenancy.keyring.envelope import Sealed
from vallum_web.tenancy.keyring.inventory import inventory
from vallum_web.tenancy.keyring.keys import Owner
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope


@pytest.fixture
def apart(tmp_path, settings):
    settings.HOME = tmp_path
    settings.KEK_FILE = tmp_path / "keyring_key"
    return tmp_path


def fill(org, count):
    """So many sealed values, each with its number inside."""
    repositories = [services.add_by_url(org, None, url=f"https://code.example/a/b{number}") for number in range(count)]
    with scope(org.pk):
        for number, repository in enumerate(repositories):
            row = Credential(org=org, repository=repository, user="x", digest="0")
            row.token = keyring.seal(org, keyring.place(row, "token"), f"value {number}")
            row.save()


def values(org):
    with scope(org.pk):
        rows = list(Credential.objects.of(org).order_by("pk"))
        return [keyring.unseal(org, keyring.place(row, "token"), row.token) for row in rows]


def versions(org):
    """Which keys values are sealed under."""
    with scope(org.pk):
        return {Sealed.parse(row.token).version for row in Credential.objects.of(org)}


def held(org):
    return [key.version for key in keys.listed(Owner.org(org.pk))]


def kinds(org):
    with scope(org.pk):
        return [event.kind for event in Event.objects.of(org).order_by("id")]


def run(*arguments):
    said = io.StringIO()
    call_command("keys", *arguments, stdout=said)
    return said.getvalue()


@pytest.mark.asvs("11.2.2")
def test_every_value_is_moved_and_the_old_key_goes(apart, people):
    fill(people.org, 5)
    fill(people.elsewhere, 2)
    assert rotation.rotate(people.org.pk)
    assert (versions(people.org), held(people.org)) == ({2}, [2])
    assert values(people.org) == [f"value {number}" for number in range(5)]
    assert (versions(people.elsewhere), held(people.elsewhere)) == ({1}, [1])
    assert progress.last(Owner.org(people.org.pk)).moved == 5


def test_more_rows_than_one_transaction_takes(apart, people):
    fill(people.org, 2 * rotation._BATCH + 1)
    assert rotation.rotate(people.org.pk)
    assert progress.last(Owner.org(people.org.pk)).moved == 2 * rotation._BATCH + 1


def test_the_same_job_twice_rotates_once(apart, people):
    fill(people.org, 1)
    assert rotation.rotate(people.org.pk, 2)
    assert rotation.rotate(people.org.pk, 2)
    assert held(people.org) == [2]


def test_what_does_not_open_keeps_its_key_and_is_told(apart, people):
    fill(people.org, 2)
    with scope(people.org.pk):
        row = Credential.objects.of(people.org).order_by("pk").first()
        Credential.objects.of(people.org).filter(pk=row.pk).update(token=row.token[:-4])
    assert not rotation.rotate(people.org.pk)
    assert held(people.org) == [1, 2]
    with pytest.raises(CommandError, match=r"Older keys are kept for /acme/"):
        run("rotate", "--org", "acme")
    said = run("list", "--org", "acme")
    assert "/acme/ key 1" in said
    with scope(people.org.pk):
        Credential.objects.of(people.org).filter(pk=row.pk).delete()
    rotation.rotate(people.org.pk)
    assert len(held(people.org)) == 1


def test_forgotten_keys_are_not_rotated(apart, people):
    fill(people.org, 1)
    keyring.forget_org(people.org)
    with pytest.raises(errors.ForgottenError):
        rotation.rotate(people.org.pk)
    assert held(people.org) == []


def test_no_key_is_dropped_while_somebody_is_sealing(apart, live_database, django_db_blocker):
    """The value is stored by a transaction that began before the rotation and ends after it."""
    people = making.people()
    fill(people.org, 1)
    sealed, rotated = threading.Event(), threading.Event()

    def slow():
        with django_db_blocker.unblock():
            repository = services.add_by_url(people.org, None, url="https://code.example/slow/one")
            with scope(people.org.pk):
                row = Credential(org=people.org, repository=repository, user="x", digest="0")
                row.token = keyring.seal(people.org, keyring.place(row, "token"), "value 1")
                sealed.set()
                rotated.wait(20)
                row.save()
            connections.close_all()

    other = threading.Thread(target=slow)
    other.start()
    assert sealed.wait(20)
    assert not rotation.rotate(people.org.pk)
    assert held(people.org) == [1, 2]
    rotated.set()
    other.join()
    assert versions(people.org) == {1, 2}
    assert rotation.rotate(people.org.pk)
    assert (versions(people.org), held(people.org)) == ({2}, [2])
    assert values(people.org) == ["value 0", "value 1"]


@pytest.mark.slow
@pytest.mark.asvs("11.2.2")
def test_killed_at_any_step_nothing_is_lost(apart, live_database, monkeypatch):
    """After each death every value opens; after the next run, none is under a dropped key and one key is left."""
    monkeypatch.setattr(rotation, "_BATCH", 8)  # two batches are as good as of a hundred rows
    org = making.people().org
    count = rotation._BATCH + 1
    fill(org, count)
    expected = [f"value {number}" for number in range(count)]
    total = killed.steps(lambda: rotation.rotate(org.pk))
    assert total >= 25
    for step in sorted({round(1 + point * (total - 1) / 24) for point in range(25)}):
        assert killed.killed_at(step, lambda: rotation.rotate(org.pk)), f"not killed at step {step} of {total}"
        assert versions(org) <= set(held(org)), f"killed at step {step}: a value is under a dropped key"
        assert values(org) == expected, f"killed at step {step} of {total}"
        assert rotation.rotate(org.pk)
        assert values(org) == expected
        assert versions(org) == set(held(org))


@pytest.mark.slow
def test_killed_at_every_step_of_a_rotation_of_the_key_encryption_key(apart, db):
    people = [keyring_of(number) for number in range(3)]
    total = killed.steps(rotation.rotate_kek)
    for step in range(1, total + 1):
        assert killed.killed_at(step, rotation.rotate_kek), f"not killed at step {step} of {total}"
        assert [keyring.unseal_for(person, "here", text) for person, text in people] == ["0", "1", "2"], step
        before = kek.made_once(kek.path()).id
        rotation.rotate_kek()
        assert kek.made_once(kek.path()).id != before
        assert not kek.next_path().exists()
    assert [keyring.unseal_for(person, "here", text) for person, text in people] == ["0", "1", "2"]


@pytest.mark.asvs("11.2.2")
def test_a_new_key_encryption_key_touches_no_value(apart, people):
    fill(people.org, 2)
    with scope(people.org.pk):
        before = list(Credential.objects.of(people.org).order_by("pk").values_list("token", flat=True))
    old = kek.path().read_text()
    with store.reading() as asked:
        count = asked("select count(*) from data_key")[0][0]
    assert f"{count} data keys are wrapped" in run("rotate-kek")
    assert kek.path().read_text() != old
    assert kek.path().stat().st_mode & 0o777 == 0o400
    with scope(people.org.pk):
        assert list(Credential.objects.of(people.org).order_by("pk").values_list("token", flat=True)) == before
    assert values(people.org) == ["value 0", "value 1"]
    kek.path().unlink()
    kek.path().write_text(old)
    kek.path().chmod(0o400)
    with pytest.raises(errors.KeyFileError, match="needs the key-encryption key"):
        values(people.org)


def test_a_key_made_between_two_looks_is_wrapped_under_the_present_one(apart):
    """The successor is there and wraps everything, but does not have the present one's name yet."""
    person, text = keyring_of(1)
    progress.wrap_anew(kek.successor())
    later, more = keyring_of(2)
    kek.succeed()
    assert keyring.unseal_for(person, "here", text) == "1"
    assert keyring.unseal_for(later, "here", more) == "2"
    with store.reading() as asked:
        assert len(asked("select distinct kek from data_key")) == 1


def test_the_command_rotates_all_or_one_and_says_so(apart, people):
    fill(people.org, 2)
    assert "/acme/ key 1" in run("list")
    assert "2 tokens of private repositories" in run("list", "--org", "acme")
    assert "/elsewhere/ has no key yet" in run("list")
    assert run("rotate", "--org", "acme") == "/acme/ has a new key.\n"
    assert "key.rotated" in kinds(people.org)
    assert "key.rotated" not in kinds(people.elsewhere)
    run("rotate")
    assert "key.rotated" in kinds(people.elsewhere)
    with pytest.raises(CommandError, match="There is no organization at /nowhere/"):
        run("list", "--org", "nowhere")


def test_a_key_a_year_old_is_rotated_by_itself(apart, people):
    fill(people.org, 1)
    rotation.ask_due()
    assert "key.rotated" not in kinds(people.org)
    with clock.travelled(timedelta(days=366)):
        rotation.ask_due()
    assert kinds(people.org).count("key.rotated") == 1
    assert jobs() == [(str(people.org.pk), 2)]


def test_what_was_broken_off_is_gone_on_with(apart, people):
    fill(people.org, 1)
    progress.begin(Owner.org(people.org.pk), 2)
    rotation.ask_due()
    assert jobs() == [(str(people.org.pk), 2)]
    assert "key.rotated" not in kinds(people.org)


def test_an_inventory_counts_values_by_key_and_those_whose_key_is_lost(apart, people):
    fill(people.org, 3)
    progress.begin(Owner.org(people.org.pk), 2)
    with scope(people.org.pk):
        row = Credential.objects.of(people.org).order_by("pk").first()
        row.token = keyring.seal(people.org, keyring.place(row, "token"), "again")
        row.save()
        found = inventory(people.org.pk)
    assert [(line.version, line.values, line.current) for line in found.lines] == [(2, 1, True), (1, 2, False)]
    assert found.rotation.finished_at is None
    store.path().unlink()
    with scope(people.org.pk):
        found = inventory(people.org.pk)
    assert (found.lines, found.lost) == ((), 3)


def jobs():
    with connection.cursor() as cursor:
        cursor.execute("select args::text from procrastinate_jobs where task_name = %s", [rotation.TASK])
        return [(found["org"], found["version"]) for found in (json.loads(row[0]) for row in cursor.fetchall())]


def keyring_of(number):
    person = uuid4()
    return person, keyring.seal_for(person, "here", str(number))
