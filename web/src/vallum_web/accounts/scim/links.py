"""Whoever becomes a member, whichever way, is the person their provider speaks of, and takes the places it kept for them.

`services.join` calls this in its own transaction: an invitation accepted, a sign-in by the provider, the command line.
"""

from allauth.account.models import EmailAddress

from vallum_web.accounts.models import Membership, ScimGroupMember, ScimUser, TeamMember
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit


def joined(member: Membership) -> None:
    """Inside a scope that holds the organization."""
    free = ScimUser.objects.of(member.org_id).filter(active=True, member=None).order_by("id")
    row = free.filter(person=member.user_id).first() or free.filter(person=None, address__in=_proved(member)).first()
    if row is not None:
        tie(row, member)


def tie(row: ScimUser, member: Membership) -> None:
    """From now on the provider looks after this membership. Raises IntegrityError if it does so by another name."""
    row.member, row.person, row.invitation, row.trouble = member, member.user_id, None, ""
    row.save(update_fields=["member", "person", "invitation", "trouble"])
    teams = ScimGroupMember.objects.of(row.org_id).filter(user=row).values_list("group__team_id", flat=True)
    places = [
        TeamMember(org_id=row.org_id, team_id=team, member=member, since=clock.now()) for team in sorted(set(teams))
    ]
    TeamMember.objects.bulk_create(places, ignore_conflicts=True)
    emit("scim.user_linked", row.pk, person=str(member.user_id))


def _proved(member: Membership) -> list[str]:
    addresses = EmailAddress.objects.filter(user=member.user_id, verified=True).values_list("email", flat=True)
    return sorted(address.lower() for address in addresses)
