from collections.abc import Iterable
from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from vallum_web.accounts.models import ApiToken, Membership, User
from vallum_web.tenancy import lookups
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


def tokens(org: Org) -> OrgQuerySet[ApiToken]:
    return ApiToken.objects.of(org).order_by("-id")


def token(org: Org, key: UUID) -> ApiToken:
    """Raises ApiToken.DoesNotExist."""
    return ApiToken.objects.of(org).get(pk=key)


def names(people: Iterable[UUID]) -> dict[UUID, str]:
    """What to call each of these people, in one query; who is gone is not in it."""
    wanted = set(people)
    if not wanted:
        return {}
    return {user.pk: str(user) for user in User.objects.filter(pk__in=wanted).only("name", "email")}


def with_email(email: str) -> User | None:
    return User.objects.filter(email=email.strip().lower()).first()


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
