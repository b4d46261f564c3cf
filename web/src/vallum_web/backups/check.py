"""The daily look at what the storages hold: nothing may be older than was promised, in any shape."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from vallum_web.backups import keep
from vallum_web.backups.manifest import MAIN
from vallum_web.backups.places import Places
from vallum_web.backups.stores import Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was found."""

    objects: int
    size: int
    oldest: timedelta
    """Of the main backups, versions, markers and unfinished uploads among them."""
    problems: tuple[str, ...]


def look(places: Places, now: datetime) -> Looked:
    """Raises PlaceError."""
    problems: list[str] = []
    objects = size = 0
    oldest = timedelta()
    for kind in keep.PROMISED:
        held = list(places.store(kind).everything(f"{kind}/"))
        objects += len(held)
        size += sum(each.size for each in held)
        if kind == MAIN:
            oldest = max((keep.age(each, now) for each in held), default=oldest)
        problems += [
            f"{each.name} ({each.shape}) is {keep.age(each, now).days} days old: at most {keep.PROMISED[kind].days} are promised"
            for each in keep.late(held, kind, now)
        ]
        problems += _rule(places, kind)
    return Looked(objects=objects, size=size, oldest=oldest, problems=tuple(problems))


def prune(places: Places, now: datetime) -> int:
    """Delete what is to go, every version of it. How many objects went. Raises PlaceError."""
    gone = 0
    for kind in keep.PROMISED:
        store = places.store(kind)
        going = keep.surplus(store.everything(f"{kind}/"), kind, now)
        store.remove(going)
        gone += len(going)
    return gone


def _rule(places: Places, kind: str) -> list[str]:
    store, prefix = places.store(kind), f"{kind}/"
    if isinstance(store, Directory):
        return []
    days = store.expires(prefix)
    if days is not None and days <= keep.STORAGES[prefix]:
        return []
    found = "has no rule that deletes" if days is None else f"deletes only after {days} days"
    return [f"{store} {found} what lies below {prefix}: run `vallum-web backup rules`"]
