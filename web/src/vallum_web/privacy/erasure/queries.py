"""Reads about deletions; each opens what it needs to see."""

from uuid import UUID

from django.db.models import Q

from vallum_web.accounts.addresses import looked_up
from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import Membership, User
from vallum_web.privacy.erasure import links
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.tenancy import clock, lookups
from vallum_web.tenancy.lookups import MyOrg
from vallum_web.tenancy.models import Leaving, Org
from vallum_web.tenancy.scope import Purpose, looking_back, person, scope

State = Deletion.State


def pending(key: str) -> Deletion | None:
    """The deletion that the mailed link can still take back."""
    found = links.read(key)
    with looking_back():
        rows = Deletion.objects.filter(state=State.PENDING, purge_at__gt=clock.now())
        return rows.filter(pk=found).first() if found else None


def open_one(key: UUID) -> Deletion | None:
    """The deletion of this id, while it can still be taken back."""
    with looking_back():
        return Deletion.objects.filter(pk=key, state=State.PENDING, purge_at__gt=clock.now()).first()


def of_address(email: str) -> Deletion | None:
    """The deletion of the account that has this address, while it can still be taken back."""
    with looking_back():
        rows = Deletion.objects.filter(whose=Deletion.Whose.PERSON, state=State.PENDING, purge_at__gt=clock.now())
        return rows.filter(subject__in=User.objects.filter(email=looked_up(email)).values("id")).first()


def orgs_of(user: User) -> list[tuple[Deletion, str]]:
    """The organizations that this person owned and that are being deleted, each with its name."""
    with person(user.pk, purpose=Purpose.PRIVACY):
        owned = {org.id: org.name for org in lookups.my_orgs() if org.role == Role.OWNER}
        rows = Deletion.objects.filter(subject__in=owned, state=State.PENDING, purge_at__gt=clock.now())
        return [(row, owned[row.subject]) for row in rows.order_by("purge_at", "id")]


def leaving_person(deletion: Deletion) -> User:
    """Raises User.DoesNotExist."""
    with looking_back():
        return User.objects.get(pk=deletion.subject)


def called(deletion: Deletion) -> str:
    """What to call what is being deleted, to those who may have it back."""
    if deletion.whose == Deletion.Whose.PERSON:
        return "Your account"
    with scope(deletion.subject, purpose=Purpose.PRIVACY):
        return f"The organization {Org.objects.get(pk=deletion.subject).name}"


def was_owner(deletion: Deletion, who: UUID) -> bool:
    """Whether the person owned the organization when its deletion was asked for."""
    with scope(deletion.subject, purpose=Purpose.PRIVACY):
        return bool(Membership.objects.of(deletion.subject).filter(user=who, role=Role.OWNER).exists())


def owned_alone(user: User) -> list[MyOrg]:
    """The organizations that would be without an owner: to be handed over, or deleted, before the account can be."""
    with person(user.pk):
        mine = [org for org in lookups.my_orgs() if org.role == Role.OWNER]
    return [org for org in mine if not _other_owners(org.id, user)]


def _other_owners(org: UUID, user: User) -> bool:
    with scope(org):
        owners = Membership.objects.of(org).filter(role=Role.OWNER, user__is_active=True).exclude(user=user)
        return bool(owners.exclude(user_id__in=Leaving.objects.values("id")).exists())


def has_others(org: UUID, user: User) -> bool:
    """Whether anybody else works there, in whatever role."""
    with scope(org):
        return bool(Membership.objects.of(org).filter(user__is_active=True).exclude(user=user).exists())


def due() -> list[UUID]:
    """Deletions whose thirty days are over, and those that a crash left half done."""
    over = Q(state=State.PENDING, purge_at__lte=clock.now()) | Q(state=State.PURGING)
    with looking_back():
        return list(Deletion.objects.filter(over).order_by("purge_at", "id").values_list("id", flat=True))


def with_receipt(secret: str) -> Deletion | None:
    with looking_back():
        return Deletion.objects.filter(receipt_link=links.digest(secret)).first()
