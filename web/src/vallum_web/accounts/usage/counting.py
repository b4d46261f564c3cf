"""From requests to counters. Pure: who objects is given."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from vallum_web.accounts.person import devices
from vallum_web.accounts.person.devices import Device, Kind
from vallum_web.accounts.usage.features import feature

WORKED = frozenset({2, 3})
_BROWSERS = frozenset(
    {"Edge", "Opera", "Samsung Internet", "Vivaldi", "Firefox", "Chrome", "Chromium", "Safari", "A bot"}
)
_PROGRAMS = frozenset({"curl", "Wget", "python-requests", "python-httpx", "Go-http-client", "git", "vallum"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """Requests that are the same in all that is counted, and how many there were."""

    org: UUID | None
    person: UUID | None
    private: bool
    route: str
    status_class: int
    agent: str
    n: int


class Line(NamedTuple):
    route: str
    status_class: int
    client: str


class Class(NamedTuple):
    kind: str
    browser: str
    system: str


def lines(rows: Iterable[Requests], against: Collection[UUID]) -> dict[UUID | None, Counter[Line]]:
    """Counters of each organization, and under None of what belongs to none. Whoever is `against` it is not counted."""
    found: dict[UUID | None, Counter[Line]] = defaultdict(Counter)
    for row in rows:
        if row.person is None or row.person not in against:
            found[row.org][Line(row.route, row.status_class, _device(row.agent).kind.value)] += row.n
    return found


def of_day(
    rows: Iterable[Requests], *, use: Collection[UUID], aggregates: Collection[UUID]
) -> tuple[Counter[tuple[UUID, str]], dict[Class, tuple[int, int]]]:
    """How often each person used a feature; and of each class of device in how many organizations it was, and how many requests.

    Use is what worked, asked for by a browser that did not ask for anything else. Who is against either is not in it.
    """
    uses: Counter[tuple[UUID, str]] = Counter()
    count: Counter[Class] = Counter()
    orgs: dict[Class, set[UUID]] = defaultdict(set)
    for row in rows:
        if row.person and not row.private and row.person not in use and row.status_class in WORKED:
            uses[row.person, feature(row.route)] += row.n
        if row.person is None or row.person not in aggregates:
            mine = _class(_device(row.agent))
            count[mine] += row.n
            if row.org:
                orgs[mine].add(row.org)
    return uses, {mine: (len(orgs[mine]), n) for mine, n in count.items()}


@lru_cache(maxsize=4096)
def _device(agent: str) -> Device:
    return devices.read(agent)


def _class(device: Device) -> Class:
    """Of what a stranger's program says of itself only a few names are kept."""
    if device.kind is Kind.PROGRAM:
        return Class(device.kind.value, device.browser if device.browser in _PROGRAMS else "Another program", "")
    known = device.browser if device.browser in _BROWSERS else "Another browser"
    return Class(device.kind.value, known, device.system)
