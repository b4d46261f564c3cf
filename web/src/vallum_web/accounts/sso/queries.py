from uuid import UUID

from allauth.account.models import EmailAddress

from vallum_web.accounts.models import Domain, IdentityProvider, Membership, SsoIdentity, User
from vallum_web.accounts.queries import with_email
from vallum_web.accounts.sso.claims import Claims
from vallum_web.accounts.sso.decision import Account, Found
from vallum_web.tenancy import lookups
from vallum_web.tenancy.models import Event, Org, OrgQuerySet
from vallum_web.tenancy.scope import person

# After which a former member comes back by an invitation alone, whoever ended it.
ENDED = "member.removed"


def providers(org: Org) -> OrgQuerySet[IdentityProvider]:
    return IdentityProvider.objects.of(org).order_by("-enabled", "id")


def provider(org: Org | UUID, key: UUID) -> IdentityProvider:
    """Raises IdentityProvider.DoesNotExist."""
    return IdentityProvider.objects.of(org).select_related("org").get(pk=key)


def in_use(org: Org) -> IdentityProvider | None:
    return IdentityProvider.objects.of(org).filter(enabled=True).first()


def domains(org: Org | UUID) -> OrgQuerySet[Domain]:
    return Domain.objects.of(org).order_by("name")


def domain(org: Org | UUID, key: UUID) -> Domain:
    """Raises Domain.DoesNotExist."""
    return Domain.objects.of(org).get(pk=key)


def proved(org: Org | UUID, name: str) -> bool:
    return bool(name) and Domain.objects.of(org).filter(name=name, verified_at__isnull=False).exists()


def identities(provider: IdentityProvider) -> OrgQuerySet[SsoIdentity]:
    return SsoIdentity.objects.of(provider.org_id).filter(provider=provider).select_related("user").order_by("tied_at")


def identity(org: Org | UUID, key: UUID) -> SsoIdentity:
    """Raises SsoIdentity.DoesNotExist."""
    return SsoIdentity.objects.of(org).select_related("user", "provider").get(pk=key)


def owners(org: Org | UUID) -> list[User]:
    held = Membership.objects.of(org).filter(role=Membership.Role.OWNER).select_related("user").order_by("since")
    return [membership.user for membership in held]


def found(provider: IdentityProvider, claims: Claims, present: User | None) -> Found:
    """What the decision needs. `present` is who is signed in by means of their own."""
    known = (
        SsoIdentity.objects.of(provider.org_id)
        .filter(provider=provider, subject=claims.subject)
        .select_related("user")
        .first()
    )
    named = _with_address(claims.email)
    return Found(
        identity=account(provider, known.user) if known else None,
        address=account(provider, named) if named else None,
        present=account(provider, present) if present else None,
        domain_ours=proved(provider.org_id, claims.domain),
    )


def _with_address(email: str) -> User | None:
    """Whose address it is, or whose it also is: while one is being changed, an account has two."""
    if not email:
        return None
    also = EmailAddress.objects.filter(email=email, verified=True).select_related("user").first()
    return with_email(email) or (also.user if also else None)


def account(provider: IdentityProvider, user: User) -> Account:
    org = provider.org_id
    member = Membership.objects.of(org).filter(user=user).exists()
    return Account(
        id=user.pk,
        active=user.is_active,
        member=member,
        removed=not member and Event.objects.of(org).filter(subject=user.pk, kind=ENDED).exists(),
        tied=SsoIdentity.objects.of(org).filter(provider=provider, user=user).exists(),
        ours=proved(org, user.email.rpartition("@")[2]),
    )


def may_open(user: User) -> tuple[UUID, UUID] | None:
    """The organization and provider that may vouch for the person's whole account."""
    with person(user.pk):
        return next(iter(lookups.my_sso()), None)
