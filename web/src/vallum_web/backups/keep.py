"""How long backups live: pure. Ninety days are promised, seven for the keyring; ours go well before."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from vallum_web.backups.manifest import KEYRING, MAIN, NAME, began
from vallum_web.tenancy.objects.held import Held, Shape

PROMISED: Final[Mapping[str, timedelta]] = {MAIN: timedelta(days=90), KEYRING: timedelta(days=7)}
OURS: Final[Mapping[str, timedelta]] = {MAIN: timedelta(days=75), KEYRING: timedelta(days=5)}
ALARM: Final[Mapping[str, timedelta]] = {MAIN: timedelta(days=89), KEYRING: timedelta(days=6, hours=12)}
"""Half a day and more before what is promised: there is time to see to it."""
STORAGES: Final[Mapping[str, int]] = {f"{MAIN}/": 88, f"{KEYRING}/": 6}
"""Days of the storage's own rules. It deletes at the midnight after, so a day more is what they mean."""
DAILY: Final = timedelta(days=14)
"""So long every backup stays; later the first of each week."""
UNFINISHED: Final = timedelta(days=1)


def age(held: Held, now: datetime) -> timedelta:
    """By the storage's clock, or by the backup's own name where that says longer: a copied object looks young."""
    named = began(held.name.partition("/")[2].partition("/")[0])
    return now - min(held.at, named or held.at)


def surplus(held: Iterable[Held], kind: str, now: datetime) -> list[Held]:
    """What is to be deleted now."""
    everything = [each for each in held if each.name.startswith(f"{kind}/")]
    staying = _staying(everything, kind, now)
    return [each for each in everything if not _stays(each, staying, now)]


def late(held: Iterable[Held], kind: str, now: datetime) -> list[Held]:
    """What lies there longer than it may, or is about to: each is an alarm."""
    return [each for each in held if each.name.startswith(f"{kind}/") and age(each, now) > ALARM[kind]]


def _stays(each: Held, staying: set[str], now: datetime) -> bool:
    if each.shape is Shape.OBJECT and _backup(each) in staying:
        return True
    # Of a backup that is being written right now there is no manifest yet.
    return each.shape in {Shape.OBJECT, Shape.UPLOAD} and _is_unfinished(each, now)


def _is_unfinished(each: Held, now: datetime) -> bool:
    named = began(_backup(each))
    return named is not None and age(each, now) < UNFINISHED and each.name.count("/") > 1


def _staying(held: list[Held], kind: str, now: datetime) -> set[str]:
    whole = sorted(
        {_backup(each) for each in held if f"/{NAME}/" in each.name and each.shape is Shape.OBJECT}, reverse=False
    )
    stays: set[str] = set()
    weeks: set[tuple[int, int]] = set()
    for name in whole:
        at = began(name)
        if at is None or now - at > OURS[kind]:
            continue
        week = at.isocalendar()[:2]
        if now - at <= DAILY or week not in weeks:
            stays.add(name)
        weeks.add(week)
    return stays


def _backup(held: Held) -> str:
    return held.name.partition("/")[2].partition("/")[0]
