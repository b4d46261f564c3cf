"""Teams: made, named, filled."""

from uuid import UUID

from django.db import IntegrityError

from vallum_web.accounts.models import Membership, ScimGroup, Team, TeamMember
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope


class TeamNameTakenError(ValueError):
    """The organization has a team of this name."""


class ProvidersTeamError(ValueError):
    """The team's name and people are the provider's to say: what is changed here would be changed back, or never again."""


def make(org: Org, by: UUID | None, name: str) -> Team:
    """Raises TeamNameTakenError."""
    try:
        with scope(org.pk, user=by):
            team: Team = Team.objects.create(org=org, name=name)
            emit("team.made", team.pk)
            return team
    except IntegrityError as error:
        raise TeamNameTakenError(name) from error


def rename(team: Team, by: UUID | None, name: str) -> None:
    """Raises TeamNameTakenError, ProvidersTeamError."""
    _by_hand(team)
    try:
        with scope(team.org_id, user=by):
            Team.objects.of(team.org_id).filter(pk=team.pk).update(name=name)
            emit("team.renamed", team.pk)
    except IntegrityError as error:
        raise TeamNameTakenError(name) from error


def delete(team: Team, by: UUID | None) -> None:
    """What it owned is then owned by nobody. Raises ProvidersTeamError."""
    _by_hand(team)
    with scope(team.org_id, user=by):
        key = team.pk
        team.delete()
        emit("team.deleted", key)


def put(team: Team, by: UUID | None, member: Membership) -> None:
    """Who is in it already stays in it. Raises ProvidersTeamError."""
    _by_hand(team)
    with scope(team.org_id, user=by):
        _, made = TeamMember.objects.get_or_create(org_id=team.org_id, team=team, member=member)
        if made:
            emit("team.joined", team.pk, person=str(member.user_id))


def take_out(team: Team, by: UUID | None, member: Membership) -> None:
    """Raises ProvidersTeamError."""
    _by_hand(team)
    with scope(team.org_id, user=by):
        if TeamMember.objects.of(team.org_id).filter(team=team, member=member).delete()[0]:
            emit("team.left", team.pk, person=str(member.user_id))


def _by_hand(team: Team) -> None:
    """Raises ProvidersTeamError."""
    with scope(team.org_id):
        if ScimGroup.objects.of(team.org_id).filter(team=team).exists():
            raise ProvidersTeamError(f"{team.name} is looked after by your identity provider: change its group there.")
