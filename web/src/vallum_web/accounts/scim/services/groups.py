"""Groups as a provider says them. Each is a team here, whose name and people are then the provider's to say."""

from collections.abc import Callable
from uuid import UUID

from django.db import IntegrityError
from scim2_models import InvalidValueException, NotFoundException, UniquenessException

from vallum_web.accounts.models import ApiToken, ScimGroup, ScimGroupMember, ScimUser, Team, TeamMember
from vallum_web.accounts.scim import mapping, queries, resources
from vallum_web.accounts.scim.errors import Full
from vallum_web.accounts.scim.services.versions import Expected, turned
from vallum_web.tenancy import clock
from vallum_web.tenancy.entitlements import hold
from vallum_web.tenancy.events import Happened, emit, emit_many
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

MOST = 5_000
MOST_PEOPLE = 10_000


def make(token: ApiToken, said: resources.Group) -> ScimGroup:
    """Raises SCIMException."""
    name, external, people = mapping.team_name(said), mapping.external_id(said), mapping.people(said)
    try:
        with scope(token.org_id, user=token.by):
            hold(Org(pk=token.org_id))
            if ScimGroup.objects.of(token.org_id).count() >= MOST:
                raise Full(detail=f"There are {MOST:,} groups here, as many as are kept: delete some first.")
            team = Team.objects.create(org_id=token.org_id, name=name, made_at=clock.now())
            row = ScimGroup.objects.create(
                id=uuid7(),
                org_id=token.org_id,
                team=team,
                name_key=mapping.folded(name),
                external_id=external,
                made_at=clock.now(),
                changed_at=clock.now(),
            )
            emit("team.made", team.pk, how="scim")
            _fill(row, people)
            return row
    except IntegrityError as error:
        raise _taken() from error


def change(
    token: ApiToken, key: UUID, edit: Callable[[resources.Group], resources.Group], expected: Expected
) -> ScimGroup:
    """Nothing is written where nothing differs. Raises SCIMException."""
    try:
        with scope(token.org_id, user=token.by):
            hold(Org(pk=token.org_id))
            row = _row(token, key)
            expected.check(row.version)
            said = edit(mapping.group(row, queries.people_of(row)))
            name, external = mapping.team_name(said), mapping.external_id(said)
            named, known = name != row.team.name, external != row.external_id
            if named:
                row.team.name, row.name_key = name, mapping.folded(name)
                Team.objects.of(token.org_id).filter(pk=row.team_id).update(name=name)
                emit("team.renamed", row.team_id, how="scim")
            row.external_id = external
            if _fill(row, mapping.people(said)) or named or known:
                turned(row)
                row.save()
            return row
    except IntegrityError as error:
        raise _taken() from error


def delete(token: ApiToken, key: UUID, expected: Expected) -> None:
    """What the team owned is then owned by nobody. Raises SCIMException."""
    with scope(token.org_id, user=token.by):
        hold(Org(pk=token.org_id))
        row = _row(token, key)
        expected.check(row.version)
        team = row.team_id
        row.team.delete()
        emit("team.deleted", team, how="scim")


def _row(token: ApiToken, key: UUID) -> ScimGroup:
    row: ScimGroup | None = (
        queries.groups(token.org_id).select_for_update(of=("self",)).filter(pk=key).select_related("team").first()
    )
    if row is None:
        raise NotFoundException
    return row


def _fill(row: ScimGroup, wanted: set[UUID]) -> bool:
    """Whether anybody came or went. Raises InvalidValueException for who is not of this organization."""
    if len(wanted) > MOST_PEOPLE:
        raise Full(detail=f"A group has {MOST_PEOPLE:,} people at most: divide it.")
    places = ScimGroupMember.objects.of(row.org_id).filter(group=row)
    present = set(places.values_list("user_id", flat=True))
    came, went = wanted - present, present - wanted
    people = ScimUser.objects.of(row.org_id).filter(pk__in=came | went).values_list("pk", "member_id", "person")
    found = {key: (member, person) for key, member, person in people}
    if not came <= found.keys():
        raise InvalidValueException(detail=mapping.NOBODY)
    ScimGroupMember.objects.bulk_create(
        [ScimGroupMember(org_id=row.org_id, group=row, user_id=key) for key in sorted(came)]
    )
    places.filter(user__in=went).delete()
    joined = {found[key] for key in came if found[key][0]}
    left = {found[key] for key in went if found[key][0]}
    TeamMember.objects.bulk_create(
        [
            TeamMember(org_id=row.org_id, team_id=row.team_id, member_id=member, since=clock.now())
            for member, _ in sorted(joined)
        ],
        ignore_conflicts=True,
    )
    TeamMember.objects.of(row.org_id).filter(team=row.team_id, member__in=[member for member, _ in left]).delete()
    said = [{"person": str(person), "how": "scim"} for _, person in sorted(joined)]
    emit_many(Happened(kind="team.joined", subject=row.team_id, data=data) for data in said)
    said = [{"person": str(person), "how": "scim"} for _, person in sorted(left)]
    emit_many(Happened(kind="team.left", subject=row.team_id, data=data) for data in said)
    return bool(came or went)


def _taken() -> UniquenessException:
    return UniquenessException(
        detail="There is a team of this name, made by hand or by another group: rename one of them."
    )
