"""Which assets a gate holds for, as data: pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from vallum_engine.gate.policy import BadPolicy
from vallum_web.assets.models import Asset
from vallum_web.assets.worth import Importance

MOST_ASSETS = 200


class Over(StrEnum):
    """What sort of reach it is."""

    ALL = "all"
    ASSETS = "assets"
    TEAM = "team"
    IMPORTANCE = "importance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Of the three below only the one that `over` names is set."""

    over: Over = Over.ALL
    assets: frozenset[UUID] = frozenset()
    team: UUID | None = None
    importance: Importance | None = None
    """And above."""

    def holds(self, asset: Asset) -> bool:
        if self.over is Over.ASSETS:
            return asset.pk in self.assets
        if self.over is Over.TEAM:
            return asset.team_id == self.team
        return self.importance is None or asset.importance >= self.importance


def parse(data: Mapping[str, Any]) -> Reach:
    """Raises BadPolicy for what is no reach."""
    over = data.get("over")
    try:
        wanted = Over(over)  # type: ignore[arg-type]  # what is no text is no word of it either
    except ValueError:
        raise BadPolicy(f"scope.over: {over!r:.60} is none of {', '.join(Over)}.") from None
    allowed = {"over"} if wanted is Over.ALL else {"over", wanted.value}
    if set(data) != allowed:
        raise BadPolicy(f"scope: {wanted} takes {' and '.join(sorted(allowed))}, and nothing else.")
    return Reach(over=wanted, **({} if wanted is Over.ALL else {wanted.value: _READERS[wanted](data[wanted.value])}))


def plain(reach: Reach) -> dict[str, Any]:
    values: dict[Over, Any] = {
        Over.ASSETS: sorted(str(asset) for asset in reach.assets),
        Over.TEAM: str(reach.team),
        Over.IMPORTANCE: reach.importance.word if reach.importance is not None else None,
    }
    return {"over": reach.over.value, **({} if reach.over is Over.ALL else {reach.over.value: values[reach.over]})}


def sentence(reach: Reach, names: Mapping[UUID, str]) -> str:
    """Where it holds, in words; `names` are those of the assets and the team that it names."""
    if reach.over is Over.ASSETS:
        known = sorted(names[asset] for asset in reach.assets if asset in names)
        gone = len(reach.assets) - len(known)
        return ", ".join([*known, *([f"{gone} that {'is' if gone == 1 else 'are'} gone"] if gone else [])])
    if reach.over is Over.TEAM:
        name = names.get(reach.team) if reach.team else None
        return f"Assets of {name}" if name else "Assets of a team that is gone: none"
    if reach.over is Over.IMPORTANCE and reach.importance is not None:
        above = "" if reach.importance is max(Importance) else " or higher"
        return f"Assets of {reach.importance.word} importance{above}"
    return "All assets"


def _assets(value: object) -> frozenset[UUID]:
    if not isinstance(value, list | tuple) or not 0 < len(value) <= MOST_ASSETS:
        raise BadPolicy(f"scope.assets: name 1 to {MOST_ASSETS} assets by their ids.")
    return frozenset(_id(item) for item in value)


def _id(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise BadPolicy(f"scope: {value!r:.60} is no id.") from None


def _importance(value: object) -> Importance:
    for rank in Importance:
        if value == rank.word:
            return rank
    raise BadPolicy(f"scope.importance: {value!r:.60} is none of {', '.join(rank.word for rank in Importance)}.")


_READERS: Mapping[Over, Callable[[object], Any]] = {
    Over.ASSETS: _assets,
    Over.TEAM: _id,
    Over.IMPORTANCE: _importance,
}
