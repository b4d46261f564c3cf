"""The matrix of roles and actions: read once from `matrix.toml`, asked by every door."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from vallum_web.accounts.models import Membership

Role = Membership.Role


class BrokenMatrixError(ValueError):
    """A row of matrix.toml, or a door that names an action which is not in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something a member may do, in words for people, and who may."""

    id: str
    what: str
    roles: frozenset[Role]
    step_up: bool = False
    api: bool = False
    unpaid: bool = False
    suspended: bool = False


@cache
def actions() -> Mapping[str, Action]:
    rows = tomllib.loads((files(__package__) / "matrix.toml").read_text("utf-8"))["action"]
    found = {row["id"]: _action(row) for row in rows}
    if len(found) != len(rows):
        raise BrokenMatrixError("matrix.toml names an action twice")
    return MappingProxyType(found)


def action(name: str) -> Action:
    """Raises BrokenMatrixError: at import, so that no door stands open for want of a row."""
    try:
        return actions()[name]
    except KeyError:
        raise BrokenMatrixError(f"{name} is not in accounts/matrix.toml: add a row for it") from None


def can(role: str, name: str) -> bool:
    return role in action(name).roles


def may_do(role: str) -> frozenset[str]:
    """Everything a role may do: for templates, which leave out what would be refused."""
    return frozenset(name for name, row in actions().items() if role in row.roles)


def at_most(role: str) -> tuple[Role, ...]:
    """The role and those below it, from the most powerful on: what its holder may hand out or take away."""
    order = tuple(Role)
    return order[order.index(Role(role)) :]


def _action(row: Mapping[str, object]) -> Action:
    try:
        return Action(
            id=str(row["id"]),
            what=str(row["what"]),
            roles=frozenset(Role(role) for role in str(row["roles"]).split()),
            step_up=row.get("step_up", False) is True,
            api=row.get("api", False) is True,
            unpaid=row.get("unpaid", False) is True,
            suspended=row.get("suspended", False) is True,
        )
    except (KeyError, ValueError) as error:
        raise BrokenMatrixError(f"matrix.toml, {row.get('id', 'a row')}: {error}") from error
