from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AnonymousUser
from django.db.models import Prefetch, QuerySet

from vallum_web.accounts.addresses import looked_up
from vallum_web.accounts.models import ApiToken, Invitation, Membership, Operator, StaffAccess, Team, TeamMember, User
from vallum_web.accounts.person.queries import with_second_step
from vallum_web.accounts.standing import wants_second_step
from vallum_web.tenancy import clock, lookups
from vallum_web.tenancy.models import Org, OrgQuerySet
from vallum_web.tenancy.scope import current_org, person, scope


def my_orgs(user: User | AnonymousUser) -> list[lookups.MyOrg]:
    """The person's organizations by name; empty for nobody."""
    if not isinstance(user, User):
        return []
    if current_org() is not None:
        # Inside a tenant's scope the same question needs no transaction of its own.
        return lookups.my_orgs()
    with person(user.pk):
        return lookups.my_orgs()


def former_slug(user: User, slug: str) -> str | None:
    """The present address of the person's own organization that once had this one."""
    key = lookups.former_slug(slug)
    return next((mine.slug for mine in my_orgs(user) if mine.id == key), None)


def members(org: Org) -> OrgQuerySet[Membership]:
    return Membership.objects.of(org).select_related("user").order_by("since", "id")


def member(org: Org, user: UUID) -> Membership:
    """Raises Membership.DoesNotExist."""
    found: Membership = members(org).get(user=user)
    return found


def member_by_key(org: Org, key: UUID) -> Membership:
    """Raises Membership.DoesNotExist."""
    found: Membership = members(org).get(pk=key)
    return found


def open_invitations(org: Org) -> OrgQuerySet[Invitation]:
    return Invitation.objects.of(org).filter(accepted_at=None, withdrawn_at=None).order_by("-made_at", "-id")


def teams(org: Org) -> OrgQuerySet[Team]:
    places = TeamMember.objects.select_related("member__user").order_by("member__since", "id")
    return Team.objects.of(org).prefetch_related(Prefetch("places", places), "scim_groups").order_by("name", "id")


def team(org: Org, key: UUID) -> Team:
    """Raises Team.DoesNotExist."""
    found: Team = Team.objects.of(org).get(pk=key)
    return found


def staff_accesses(org: Org) -> OrgQuerySet[StaffAccess]:
    """What its members may know of: an access that an authority forbids to tell of is among them later."""
    return StaffAccess.objects.of(org).filter(silent=False).order_by("-began_at", "-id")


def operators() -> QuerySet[Operator]:
    return Operator.objects.select_related("user").order_by("added_at")


def verified(user: User) -> bool:
    """Whether the address of the account was proved to be the person's own."""
    return bool(EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists())


def tokens(org: Org) -> OrgQuerySet[ApiToken]:
    return ApiToken.objects.of(org).order_by("-id")


def token(org: Org, key: UUID) -> ApiToken:
    """Raises ApiToken.DoesNotExist."""
    return ApiToken.objects.of(org).get(pk=key)


def lacks_second_step(org: Org, person: UUID) -> bool:
    """Whether the organization lets the person in only once they have a second step. A question more only where it asks for one."""
    return wants_second_step(org.two_step_from, clock.now()) and not with_second_step([person])


def second_step_due(org: Org, person: UUID) -> datetime | None:
    """From when on the organization lets the person in no more without a second step, while that is to come."""
    begins: datetime | None = org.two_step_from
    return begins if begins and begins > clock.now() and not with_second_step([person]) else None


def names(people: Iterable[UUID]) -> dict[UUID, str]:
    """What to call each of these people, in one query; who is gone is not in it."""
    wanted = set(people)
    if not wanted:
        return {}
    return {user.pk: str(user) for user in User.objects.filter(pk__in=wanted).only("name", "email")}


def with_email(email: str) -> User | None:
    return User.objects.filter(email=looked_up(email)).first()


def org_at(slug: str) -> Org | None:
    """The organization of this address, found by visiting each: for the operator's command line."""
    for key in lookups.all_orgs():
        with scope(key):
            org: Org = Org.objects.get(pk=key)
        if org.slug == slug:
            return org
    return None


def user(key: UUID) -> User:
    """Raises User.DoesNotExist."""
    return User.objects.get(pk=key)
