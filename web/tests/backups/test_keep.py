"""How long backups lie there: simulated day by day, as the storage and the names tell their age."""

from datetime import UTC, datetime, timedelta

import pytest

from vallum_web.backups import check, keep
from vallum_web.backups.manifest import KEYRING, MAIN, NAME, new_name
from vallum_web.backups.places import Places
from vallum_web.backups.sealing import BackupKey
from vallum_web.backups.stores import Directory
from vallum_web.tenancy.objects.held import Held, Shape

START = datetime(2026, 1, 1, 3, tzinfo=UTC)
DAY = timedelta(days=1)


def backup(kind: str, at: datetime, *, whole: bool = True) -> list[Held]:
    name = f"{kind}/{new_name(at)}"
    found = [Held(name=f"{name}/database/0000000", size=1, at=at)]
    return [*found, Held(name=f"{name}/{NAME}/0000000", size=1, at=at)] if whole else found


@pytest.mark.policy("PP-4d")
@pytest.mark.parametrize("kind", [MAIN, KEYRING])
def test_in_four_hundred_days_nothing_gets_older_than_it_may(kind):
    held: list[Held] = []
    for day in range(400):
        now = START + day * DAY
        held += backup(kind, now)
        gone = {each.name for each in keep.surplus(held, kind, now)}
        held = [each for each in held if each.name not in gone]
        ages = sorted({now - each.at for each in held})
        assert ages[-1] <= keep.OURS[kind]
        assert ages[: min(day, 4) + 1] == [DAY * each for each in range(min(day, 4) + 1)], "a recent one is gone"
    assert len({each.name.split("/")[1] for each in held}) == (15 + 9 if kind == MAIN else 6)


@pytest.mark.policy("PP-4d")
@pytest.mark.parametrize("shape", list(Shape))
def test_whatever_lies_there_too_long_is_an_alarm(shape):
    held = Held(name=f"{MAIN}/{new_name(START)}/database/0000000", size=1, at=START, shape=shape)
    assert keep.late([held], MAIN, START + timedelta(days=89)) == []
    assert keep.late([held], MAIN, START + timedelta(days=89, hours=1)) == [held]


def test_what_was_copied_is_as_old_as_its_name():
    held = Held(name=f"{MAIN}/{new_name(START)}/database/0000000", size=1, at=START + 50 * DAY)
    assert keep.age(held, START + 60 * DAY) == 60 * DAY


@pytest.mark.parametrize(
    ("after", "stays"), [(timedelta(hours=23), True), (timedelta(hours=25), False)], ids=["being written", "broken off"]
)
def test_what_has_no_manifest_goes_after_a_day(after, stays):
    held = backup(MAIN, START, whole=False)
    assert (keep.surplus(held, MAIN, START + after) == []) is stays


def test_versions_and_markers_go_at_once_and_what_is_not_ours_too():
    kept = backup(MAIN, START)
    others = [
        Held(name=kept[0].name, size=1, at=START, shape=Shape.VERSION, version="1"),
        Held(name=kept[1].name, size=0, at=START, shape=Shape.MARKER, version="2"),
        Held(name=f"{MAIN}/stray", size=1, at=START),
    ]
    assert keep.surplus([*kept, *others], MAIN, START + DAY) == others


@pytest.mark.policy("PP-4d")
def test_with_the_clock_a_hundred_days_ahead_the_look_finds_what_a_prune_takes_away(tmp_path):
    store = Directory(tmp_path)
    places = Places(main=store, keyring=store, key=BackupKey.made())
    now = datetime.now(UTC)
    store.put(f"{MAIN}/{new_name(now)}/{NAME}/0000000", b"x")
    store.put(f"{KEYRING}/{new_name(now)}/{NAME}/0000000", b"x")
    assert check.look(places, now).problems == ()
    problems = check.look(places, now + timedelta(days=100)).problems
    assert [problem.split(" is ")[1] for problem in problems] == [
        "100 days old: at most 90 are promised",
        "100 days old: at most 7 are promised",
    ]
    assert check.prune(places, now + timedelta(days=100)) == 2
    assert check.look(places, now + timedelta(days=100)).objects == 0
