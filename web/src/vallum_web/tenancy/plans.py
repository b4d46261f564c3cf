"""Plans as pure values: what each includes. An operator, later billing, says which one an organization is on."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`members` is how many an organization may have without buying seats; None is any number."""

    id: str
    name: str
    members: int | None


PLANS: Mapping[str, Plan] = MappingProxyType(
    {
        plan.id: plan
        for plan in (
            Plan(id="free", name="Free", members=3),
            Plan(id="pro", name="Pro", members=None),
            Plan(id="enterprise", name="Enterprise", members=None),
        )
    }
)


def seats(plan: str, bought: int | None) -> int | None:
    """How many members there may be; None is any number. Bought seats count instead of the plan's own."""
    return bought if bought is not None else PLANS[plan].members


def room(plan: str, bought: int | None, *, members: int) -> bool:
    """Whether one more member fits. Invitations that nobody accepted yet take no seat."""
    most = seats(plan, bought)
    return most is None or members < most
