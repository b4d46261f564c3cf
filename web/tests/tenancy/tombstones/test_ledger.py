"""The ledger outside the database: a number once, a chain that shows every change, and nothing of a person."""

import os
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from vallum_web.tenancy import clock, tombstones
from vallum_web.tenancy.tombstones import ledger, shelf
from vallum_web.tenancy.tombstones.entry import BEGINNING, Entry, Phase


@pytest.fixture
def home(settings, tmp_path):
    settings.HOME = tmp_path / "home"
    settings.TOMBSTONES = str(tmp_path / "apart")
    settings.HOME.mkdir()
    ledger._ends.clear()
    yield settings.HOME
    ledger._ends.clear()


def add(count=1, **values):
    for _ in range(count):
        last = ledger.append(
            Entry(seq=0, phase=Phase.INTENT, at=clock.now(), kind="token", id=uuid4(), reason="revoked", **values)
        )
    return last


def file_of(seq):
    return Path(shelf.present().name) / "000000" / f"{seq:012}.json"


def test_entries_are_numbered_and_each_holds_the_one_before(home):
    add(3)
    first, second, third = ledger.entries()
    assert [first.seq, second.seq, third.seq] == [1, 2, 3]
    assert (first.previous, second.previous, third.previous) == (BEGINNING, first.digest, second.digest)
    held = tombstones.standing()
    assert (held.entries, held.problem) == (3, "")


def test_what_lies_on_the_state_folders_volume_is_said_to_be_weak(home, settings):
    add()
    assert tombstones.standing().weak
    if os.stat("/dev/shm").st_dev != home.stat().st_dev:  # noqa: PTH116 - as the code asks
        settings.TOMBSTONES = f"/dev/shm/vallum-{uuid4()}"
        try:
            assert not shelf.present().is_weak()
        finally:
            Path(settings.TOMBSTONES).rmdir()


def test_a_number_is_given_once(home):
    add()
    taken = file_of(1).read_bytes()
    assert not shelf.present().put(1, b"another")
    assert file_of(1).read_bytes() == taken
    assert file_of(1).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file_of(1).parent.iterdir()] == [file_of(1).name]


def test_many_at_once_make_one_chain(home, monkeypatch):
    # Without the process's own lock, as several processes are to each other.
    monkeypatch.setattr(ledger, "_lock", threading.Semaphore(100))
    threads = [threading.Thread(target=add, args=(10,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = tombstones.standing()
    assert (held.entries, held.problem) == (40, "")


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        pytest.param(lambda: file_of(2).unlink(), "Tombstone 2 is missing", id="one taken out"),
        pytest.param(lambda: file_of(3).unlink(), "its end was cut off", id="the end cut off"),
        pytest.param(lambda: file_of(1).unlink(), "Tombstones 1 to 1 are missing", id="the beginning cut off"),
        pytest.param(
            lambda: file_of(2).write_bytes(file_of(2).read_bytes().replace(b"revoked", b"removed")),
            "Tombstone 2 is not signed",
            id="one changed",
        ),
        pytest.param(lambda: file_of(2).write_bytes(file_of(1).read_bytes()), "In the place of", id="one put twice"),
        pytest.param(lambda: file_of(2).write_bytes(b"{"), "No tombstone", id="one torn"),
        pytest.param(lambda: file_of(2).write_bytes(b"[" * 100_000), "No tombstone", id="a hundred thousand deep"),
    ],
)
def test_what_was_done_to_it_is_named_and_nothing_is_replayed(home, harm, says):
    add(3)
    harm()
    assert says in tombstones.standing().problem
    with pytest.raises(tombstones.BrokenLedgerError, match=says):
        tombstones.replay(clock.now())


def test_an_entry_of_another_installation_is_refused(home, settings):
    add()
    settings.AUDIT_KEY = "another"
    entry = replace(next(iter(ledger.entries())), seq=0)
    ledger.append(entry)
    settings.AUDIT_KEY = "a third"
    for key in (settings.HOME / "audit" / "keys").iterdir():
        key.unlink()
    assert "not signed by this installation" in tombstones.standing().problem


@pytest.mark.parametrize("word", ["ann@example.test", "Ann Smith", "a\nb", "x" * 61])
def test_nothing_that_could_be_a_name_fits_in(word):
    with pytest.raises(ValueError, match="no word of the ledger"):
        Entry(seq=0, phase=Phase.INTENT, at=clock.now(), kind="token", id=uuid4(), reason=word)


def test_entries_go_when_no_backup_can_contradict_them(home):
    add(2)
    with clock.travelled(timedelta(days=119)):
        assert tombstones.prune() == 0
        add()
    with clock.travelled(timedelta(days=121)):
        assert tombstones.prune() == 2
        assert [(entry.seq, entry.phase.value) for entry in ledger.entries()] == [(3, "intent"), (4, "pruned")]
        assert tombstones.standing().problem == ""


def test_a_disk_that_takes_nothing_is_named(home, settings):
    Path(settings.TOMBSTONES).write_text("a file")
    with pytest.raises(tombstones.LedgerError, match="free or mend its disk"):
        add()
