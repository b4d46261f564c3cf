"""Checkpoints, pruning and verification on a database that somebody has been at."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import making
import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from vallum_web.tenancy import clock, keyring
from vallum_web.tenancy.audit import outside, queries, services, tasks
from vallum_web.tenancy.audit.models import Checkpoint, Entry, Head
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

YEAR = timedelta(days=366)


@pytest.fixture
def people(live_database, settings, tmp_path):
    """Committed rows, and a state folder of the test's own."""
    settings.HOME, settings.KEK_FILE = tmp_path, tmp_path / "key"
    made = making.people()
    acts(made, 6)
    return made


@pytest.fixture
def owner(live_database, people):
    """The tables' owner, working on Alice's organization: more than the application can ever do."""
    with psycopg.connect(live_database.owner, autocommit=True) as link:
        link.execute(f"set app.org_id = '{people.org.pk}'")
        yield link


@pytest.fixture
def later(live_database):
    """Move all clocks, the database's own too."""

    def move(by):
        with psycopg.connect(live_database.owner) as link:
            link.execute(
                "insert into vallum_clock (moved) values (%s) on conflict (one) do update set moved = excluded.moved",
                [by],
            )
        return clock.travelled(by)

    return move


def acts(people, count):
    for number in range(count):
        with scope(people.org.pk, user=people.alice.pk):
            emit("asset.added", uuid4(), number=number)


def verified(*arguments):
    out = StringIO()
    try:
        call_command("audit", "verify", *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


def test_logs_that_hold(people):
    tasks.keep()
    code, said = verified()
    assert code == 0
    assert "acme: holds. 8 entries (1 to 8), 1 checkpoint\n" in said
    assert "elsewhere: holds. 1 entry (1 to 1), 1 checkpoint\n" in said
    assert "9 entries in" in said


def test_one_log_by_its_address(people):
    assert verified("--org", "acme")[1].count("holds") == 1
    assert verified("--org", str(people.org.pk))[1].startswith("acme: holds")
    assert "There is no audit log of 'nowhere'" in verified("--org", "nowhere")[1]


CUT = (
    "delete from audit_entry where seq > 6; "
    "update audit_head h set seq = 6, hash = e.hash from audit_entry e where e.seq = 6"
)
TAMPERING = {
    "one letter of the facts": ("update audit_entry set facts = replace(facts, '3', '4') where seq = 6", "Entry 6 ("),
    "who did it": ("update audit_entry set actor = null where seq = 5", "Entry 5 ("),
    "one byte of a hash": (
        "update audit_entry set hash = set_byte(hash, 9, get_byte(hash, 9) # 1) where seq = 4",
        "Entry 4 (",
    ),
    "one letter of a sealed part": (
        "update audit_entry set sealed = 'A' || substr(sealed, 2) where seq = 4",
        "Entry 4 (",
    ),
    "a row from the middle": ("delete from audit_entry where seq = 5", "Entry 5 is missing"),
    "the end": ("delete from audit_entry where seq > 6", "Entries 7 to 8 are missing from the end"),
    "the end, and the head": (
        CUT,
        "Entries 7 to 8 are missing from the end",
    ),
    "the end, the head, and the checkpoint": (
        f"{CUT}; delete from audit_checkpoint",
        "Entries 7 to 8 are missing from the end",
    ),
    "everything": (
        "delete from audit_entry; delete from audit_checkpoint; update audit_head set seq = 0",
        "Entries 1 to 8 are",
    ),
    "the place of two rows": (
        "; ".join(f"update audit_entry set seq = {to} where seq = {at}" for at, to in ((4, -4), (5, 4), (-4, 5))),
        "Entry 4 (",
    ),
    "a checkpoint": ("update audit_checkpoint set seq = 7", "The signature of the checkpoint of"),
}


@pytest.mark.asvs("16.4.2")
@pytest.mark.parametrize(("statement", "says"), TAMPERING.values(), ids=TAMPERING)
def test_what_the_owner_of_the_tables_changed_is_named(people, owner, statement, says):
    tasks.keep()
    for part in statement.split(";"):
        owner.execute(part)
    code, said = verified()
    assert code == 1
    assert f"acme: BROKEN. {says}" in said
    assert "elsewhere: holds" in said
    assert "1 of 2 audit logs do not hold" in said
    with scope(people.org.pk):
        assert says in Head.objects.of(people.org).get().problem


def test_a_broken_log_is_an_event_once(people, owner):
    owner.execute("delete from audit_entry where seq = 5")
    verified()
    verified()
    with scope(people.org.pk):
        assert Event.objects.of(people.org).filter(kind="audit.broken").count() == 1
        assert Entry.objects.of(people.org).latest("seq").kind == "audit.broken"


def test_destroying_a_persons_key_changes_no_verdict(people):
    keyring.forget_subject(people.alice.pk)
    assert verified()[0] == 0


def test_a_dropped_identity_is_counted_and_changes_no_verdict(people, owner):
    owner.execute("update audit_entry set sealed = '' where seq in (1, 5)")
    assert "2 identities erased" in verified()[1]


def test_a_checkpoint_is_made_once_a_day_and_lies_outside_too(people, later):
    tasks.keep()
    tasks.keep()
    with later(timedelta(days=1)):
        tasks.keep()
    lines = [point for point in outside.read() if point.org == people.org.pk]
    with scope(people.org.pk):
        rows = [queries.attested(row) for row in Checkpoint.objects.of(people.org).order_by("day")]
    assert lines == rows
    assert [row.seq for row in rows] == [8, 8]


def test_a_line_that_a_crash_cut_off_takes_no_other_with_it(people):
    tasks.keep()
    (place,) = outside.folder().glob("*.ndjson")
    with place.open("a") as file:
        file.write('{"org": "cut o')
    with clock.travelled(timedelta(days=1)):
        tasks.keep()
    assert (len(list(outside.read())), outside.damaged()) == (4, 1)
    code, said = verified()
    assert (code, "1 line is no checkpoint" in said) == (0, True)


def test_files_are_for_their_owner_alone(people):
    tasks.keep()
    (place,) = outside.folder().glob("*.ndjson")
    assert (place.stat().st_mode & 0o777, place.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_one_log_that_cannot_be_kept_leaves_the_others_in_order(people, owner):
    owner.execute("update audit_head set hash = 'x', seq = 99")
    tasks.keep()
    assert [point.seq for point in outside.read() if point.org == people.elsewhere.pk] == [1]


def test_young_entries_are_refused_whoever_asks_for_their_end(people, later):
    with clock.travelled(YEAR):
        assert services.prune(people.org.pk) == 0
    with pytest.raises(DatabaseError, match="not all twelve months old"), scope(people.org.pk):
        connection.cursor().execute("select audit_prune(3)")
    with later(timedelta(days=364)):
        assert services.prune(people.org.pk) == 0


def test_nothing_is_cut_off_without_a_checkpoint(people, later):
    with later(YEAR), pytest.raises(DatabaseError, match="no checkpoint stands for entry 3"), scope(people.org.pk):
        connection.cursor().execute("select audit_prune(3)")


@pytest.mark.policy("PP-4e")
def test_after_twelve_months_entries_are_gone_and_the_rest_holds(people, later, monkeypatch):
    monkeypatch.setattr(services, "AT_ONCE", 3)  # several rounds
    tasks.keep()
    with later(YEAR):
        acts(people, 2)
        assert services.prune(people.org.pk) == 8
        assert services.prune(people.org.pk) == 0
        with scope(people.org.pk):
            assert list(Entry.objects.of(people.org).values_list("seq", flat=True).order_by("seq")) == [9, 10]
            assert [(row.reason, row.seq) for row in Checkpoint.objects.of(people.org)] == [("pruned", 8)]
        tasks.keep()
        assert "acme: holds. 2 entries (9 to 10), 3 checkpoints" in verified()[1]


def test_of_a_pruned_log_the_beginning_of_the_rest_is_missed(people, owner, later):
    with later(YEAR):
        acts(people, 3)
        services.prune(people.org.pk)
        owner.execute("delete from audit_entry where seq = 9")
        assert "Entry 9 is missing" in verified()[1]


@pytest.mark.policy("PP-4e")
def test_a_log_ends_twelve_months_after_its_organization(people, owner, later):
    for table in ("tenancy_event", "accounts_membership", "tenancy_org"):
        owner.execute(f"delete from {table}")
    assert f"{people.org.pk}: holds. 8 entries" in verified()[1]
    with later(YEAR):
        tasks.keep()
        with scope(people.org.pk):
            assert Entry.objects.of(people.org).count() == 0


def test_the_key_is_printed_and_kept_for_whoever_verifies(people):
    tasks.keep()
    out = StringIO()
    call_command("audit", "key", stdout=out)
    name, public = out.getvalue().split()
    assert (outside.folder() / "keys" / name).read_text().strip() == public


def test_checkpoints_of_a_former_key_are_verified_with_it(people, settings):
    tasks.keep()
    settings.AUDIT_KEY = "another one, after a restore"
    with clock.travelled(timedelta(days=1)):
        tasks.keep()
    assert "acme: holds. 8 entries (1 to 8), 2 checkpoints" in verified()[1]


DYING = """
import json, sys, time
import django; django.setup()
from uuid import UUID, uuid4
from django.db import transaction
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.scope import scope
with transaction.atomic():
    with scope(UUID(sys.argv[1]), user=UUID(sys.argv[2])):
        emit("asset.added", uuid4())
    print("written", flush=True)
    time.sleep(60)
"""


def test_a_process_that_is_killed_before_its_commit_leaves_a_good_chain(people, settings):
    """Its entry was written and the head was locked."""
    environment = {**os.environ, "VALLUM_HOME": str(settings.HOME), "VALLUM_KEK_FILE": str(settings.KEK_FILE)}
    for _ in range(3):
        command = [sys.executable, "-c", DYING, str(people.org.pk), str(people.alice.pk)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stdout.readline() == "written\n"
            process.send_signal(signal.SIGKILL)
        acts(people, 1)
    assert "acme: holds. 11 entries" in verified()[1]


def test_a_line_holds_no_name(people):
    tasks.keep()
    (place,) = outside.folder().glob("*.ndjson")
    assert json.loads(place.read_text().splitlines()[0]).keys() == {
        "org", "reason", "day", "at", "seq", "hash", "key", "signature",
    }  # fmt: skip
