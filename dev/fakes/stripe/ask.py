"""A request to the API as its handlers see it: parameters, filters and pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dev.fakes.stripe.errors import Refused, invalid
from dev.fakes.stripe.params import MOMENT, NAME, Spec, group, take, whole
from dev.fakes.stripe.shapes import listing
from dev.fakes.stripe.world import Thing, World

LARGEST_PAGE = 100
_RANGE = {"gt": MOMENT, "gte": MOMENT, "lt": MOMENT, "lte": MOMENT}


@dataclass(kw_only=True)
class Ask:
    """`names` are what the path names. `began`: from here on an idempotency key is used up."""

    world: World
    path: str
    given: dict[str, Any]
    names: Mapping[str, str]
    began: bool = False
    _filters: dict[str, Any] | None = None

    def take(self, spec: Spec, real: str = "") -> dict[str, Any]:
        taken = take(self.given, spec, real)
        self.began = True
        return taken

    def named(self, kind: str, part: str = "id") -> Thing:
        return self.world.find(kind, self.names[part], part)

    def filters(self, spec: Spec, real: str = "") -> dict[str, Any]:
        """With what every list takes; `page` reads it."""
        created = group(_RANGE) if isinstance(self.given.get("created"), Mapping) else MOMENT
        paging: Spec = {
            "limit": whole(least=1, most=LARGEST_PAGE),
            "starting_after": NAME,
            "ending_before": NAME,
            "created": created,
        }
        self._filters = take(self.given, {**paging, **spec}, real)
        return self._filters

    def page(self, kind: str, keep: Callable[[Thing], bool] = lambda _thing: True) -> Thing:
        given = self._filters if self._filters is not None else self.filters({})
        found = self.world.all(kind, lambda thing: keep(thing) and _within(thing.get("created"), given.get("created")))
        return self.paged(found[::-1])

    def paged(self, newest: list[Thing]) -> Thing:
        """A page of a list that is in order already. Pages go by id, in either direction."""
        given = self._filters if self._filters is not None else self.filters({})
        if "starting_after" in given and "ending_before" in given:
            raise invalid("starting_after", "it excludes ending_before.")
        limit = given.get("limit", 10)
        ids = [thing["id"] for thing in newest]
        if "ending_before" in given:
            before = newest[: _place(ids, given["ending_before"], "ending_before")]
            return listing(before[-limit:], self.path, more=len(before) > limit)
        if "starting_after" in given:
            newest = newest[_place(ids, given["starting_after"], "starting_after") + 1 :]
        return listing(newest[:limit], self.path, more=len(newest) > limit)


def _place(ids: list[str], wanted: str, param: str) -> int:
    if wanted not in ids:
        raise Refused(f"No such object: '{wanted}'.", code="resource_missing", param=param)
    return ids.index(wanted)


def _within(created: Any, wanted: Any) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return bool(created == wanted)
    tests = {
        "gt": lambda at: created > at,
        "gte": lambda at: created >= at,
        "lt": lambda at: created < at,
        "lte": lambda at: created <= at,
    }
    return all(tests[word](at) for word, at in wanted.items())


Handler = Callable[[Ask], Thing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Routes, what time does (`action` → function), and fields that `expand` adds (`kind.field` → function)."""

    routes: tuple[tuple[str, str, Handler], ...] = ()
    actions: Mapping[str, Callable[[World, Thing], None]] = field(default_factory=dict)
    included: Mapping[str, Callable[[World, Thing], Any]] = field(default_factory=dict)
