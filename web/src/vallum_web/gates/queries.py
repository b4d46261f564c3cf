from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from vallum_engine.gate.policy import Policy
from vallum_engine.gate.policy import parse as parse_policy
from vallum_engine.gate.words import sentences
from vallum_web.accounts import queries as people
from vallum_web.accounts.models import ApiToken, Team
from vallum_web.assets.models import Asset
from vallum_web.gates import reach
from vallum_web.gates.models import Evaluation, Gate
from vallum_web.gates.reach import Reach
from vallum_web.gates.ready import READY, Ready
from vallum_web.tenancy import keyset
from vallum_web.tenancy.models import Org, OrgQuerySet

PAGE = 50
RECENT = 200
MOST_CHOICES = 500
BY_NAME = keyset.Order(fields=("name", "id"), falling=False)
NEWEST = keyset.Order()


def gates(org: Org) -> OrgQuerySet[Gate]:
    return Gate.objects.of(org).order_by("name", "id")


def gate(org: Org, key: UUID) -> Gate:
    """Raises Gate.DoesNotExist."""
    found: Gate = Gate.objects.of(org).get(pk=key)
    return found


def policy(gate: Gate) -> Policy:
    return parse_policy(gate.policy)


def holding(org: Org, asset: Asset) -> list[Gate]:
    """The gates that hold for an asset, by name."""
    return [gate for gate in gates(org) if reach.parse(gate.scope).holds(asset)]


def asset_called(org: Org, name: str) -> Asset:
    """By its id or by its name. Raises Asset.DoesNotExist, also for a name that two kinds of assets share."""
    rows = Asset.objects.of(org).filter(retired_at=None)
    try:
        found: Asset = rows.get(pk=UUID(name))
    except ValueError:
        try:
            found = rows.get(name=name)
        except Asset.MultipleObjectsReturned as error:
            raise Asset.DoesNotExist(f"{name} is the name of several: ask by the id") from error
    return found


def evaluations(org: Org, *, gate: UUID | None = None, asset: UUID | None = None) -> OrgQuerySet[Evaluation]:
    rows = (
        Evaluation.objects.of(org)
        .select_related("gate", "asset", "scan", "baseline")
        .defer("scan__errors", "baseline__errors")
    )
    rows = rows.filter(gate=gate) if gate else rows
    return rows.filter(asset=asset) if asset else rows


def evaluation_page(
    org: Org, *, gate: UUID | None = None, asset: UUID | None = None, after: str = "", before: str = ""
) -> keyset.Page[Evaluation]:
    """What was answered, the newest first."""
    return keyset.page([evaluations(org, gate=gate, asset=asset)], NEWEST, after=after, before=before, size=PAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A gate in the list."""

    gate: Gate
    sentences: Sequence[str]
    where: str


def lines(org: Org, rows: Iterable[Gate]) -> list[Line]:
    found = [(row, reach.parse(row.scope)) for row in rows]
    names = named(org, [scope for _, scope in found])
    return [
        Line(gate=row, sentences=sentences(policy(row)), where=reach.sentence(scope, names)) for row, scope in found
    ]


def named(org: Org, scopes: Collection[Reach]) -> Mapping[UUID, str]:
    """What the assets and teams of these are called; those that are gone are not there."""
    assets = {asset for scope in scopes for asset in scope.assets}
    teams = {scope.team for scope in scopes if scope.team}
    return {
        **(dict(Asset.objects.of(org).filter(pk__in=assets).values_list("pk", "name")) if assets else {}),
        **(dict(Team.objects.of(org).filter(pk__in=teams).values_list("pk", "name")) if teams else {}),
    }


def latest(org: Org) -> list[Evaluation]:
    """The newest answer of each gate about each asset, among the last that were given; the newest first."""
    seen: dict[tuple[UUID, UUID], Evaluation] = {}
    for row in evaluations(org).order_by("-id")[:RECENT]:
        seen.setdefault((row.asset_id, row.gate_id), row)
    return list(seen.values())


def ready(rows: Iterable[Gate]) -> Mapping[str, Ready]:
    """The ready-made ones that are not there yet."""
    names = {row.name for row in rows}
    return {key: each for key, each in READY.items() if each.name not in names}


def choices(org: Org) -> list[tuple[str, str]]:
    rows = Asset.objects.of(org).filter(retired_at=None).order_by("name", "id")
    return [(str(key), name) for key, name in rows.values_list("pk", "name")[:MOST_CHOICES]]


def team_choices(org: Org) -> list[tuple[str, str]]:
    return [(str(team.pk), team.name) for team in people.teams(org)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer, and what to call who asked."""

    row: Evaluation
    asker: str


def with_askers(org: Org, rows: Sequence[Evaluation]) -> list[Answered]:
    """By the name of the token; of the person who made it where that is gone."""
    tokens = ApiToken.objects.of(org).filter(pk__in={row.token for row in rows if row.token})
    names = {**people.names(row.by for row in rows if row.by), **dict(tokens.values_list("pk", "name"))}
    return [
        Answered(row=row, asker=next((names[key] for key in (row.token, row.by) if key in names), "a former member"))
        for row in rows
    ]
