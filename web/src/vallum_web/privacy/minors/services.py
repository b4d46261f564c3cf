"""What an operator does about a minor's account: it goes at once. What the account did in organizations stays theirs."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from vallum_web.accounts import queries as people
from vallum_web.accounts.addresses import looked_up
from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import Membership, User
from vallum_web.accounts.services import members
from vallum_web.mail import services as mails
from vallum_web.mail.letters import letter
from vallum_web.mail.recipients import Recipient
from vallum_web.privacy.erasure import queries as deletions
from vallum_web.privacy.erasure import services as erasure
from vallum_web.privacy.minors import queries
from vallum_web.privacy.minors.models import Decision
from vallum_web.privacy.requests import services as requests
from vallum_web.tenancy import clock, keyring, lookups
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.lookups import MyOrg
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import looking_back, person, scope

KEPT_FOR = timedelta(days=5 * 365)
KIND = "security"
ANSWER = (
    "The account was closed at once. Everything that is kept of it is deleted now or, where a law has us keep it, as soon as "
    "that ends. Encrypted backups of it end within 90 days after."
)


class NotNowError(ValueError):
    """What cannot be done as it stands; the message says why."""


def delete(address: str, by: UUID, *, how: str, heir: str = "", request: UUID | None = None) -> Decision:
    """Delete the account of this address for good, from now on. Raises NotNowError.

    What an authority has preserved is hidden, and deleted when that ends.
    `heir` takes over organizations that only this account owns and that have other members; those without others go with it.
    """
    with looking_back():
        user = User.objects.filter(email=looked_up(address)).first()
    if user is None:
        raise NotNowError("Nobody has an account with this address.")
    with person(user.pk):
        mine = lookups.my_orgs()
    others = [org for org in deletions.owned_alone(user) if deletions.has_others(org.id, user)]
    successor = _heir(others, heir, user)
    with person(user.pk):
        for org in others:
            members.appoint(org.id, successor)
        handed = {org.id for org in others}
        for org in deletions.owned_alone(user):
            if org.id in handed:
                continue  # members are there: it is theirs, whatever became of whoever took it over
            with scope(org.id):
                held = Org.objects.get(pk=org.id)
            erasure.ask_for_org(held, user)
        for org in mine:
            _tell_owners(org, user)
        deletion = erasure.delete_now(user)
        row = Decision(id=uuid7(), subject=user.pk, deletion=deletion.pk, request=request, at=clock.now(), by=by)
        row.sealed = keyring.seal_for(row.pk, queries.place(row), how)
        row.save()
    if request is not None:
        _answer(request, by)
    return row


def _heir(orgs: Iterable[MyOrg], address: str, gone: User) -> UUID:
    """Who takes these over; nobody has to where there are none. Raises NotNowError."""
    orgs = list(orgs)
    found = people.with_email(address) if address else None
    if found is not None and (found.pk == gone.pk or not found.is_active):
        raise NotNowError("Whoever takes it over is somebody else, and not deactivated.")
    for org in orgs:
        with scope(org.id):
            joined = found is not None and Membership.objects.of(org.id).filter(user=found).exists()
        if not joined:
            raise NotNowError(f"/{org.slug}/ has no other owner: name a member of it who takes it over.")
    return found.pk if found else UUID(int=0)


def _tell_owners(org: MyOrg, gone: User) -> None:
    """Without a name: what is deleted is in no mail."""
    said = letter("minor_deleted", org=org.name)
    with scope(org.id):
        owners = Membership.objects.of(org.id).filter(role=Role.OWNER).exclude(user=gone)
        for who, address in owners.values_list("user_id", "user__email"):
            mails.tell(kind=KIND, to=Recipient(address=address, person=who), letter=said, org=org.id)


def _answer(request: UUID, by: UUID) -> None:
    try:
        requests.answer(request, by, ANSWER)
    except requests.NotNowError:
        return  # whoever reported it has not confirmed their address, or was answered: there is nobody to tell


def prune() -> int:
    """Forget decisions of five years ago."""
    gone = list(Decision.objects.filter(at__lt=clock.now() - KEPT_FOR).values_list("pk", flat=True))
    for key in gone:
        keyring.forget_subject(key)
    Decision.objects.filter(pk__in=gone).delete()
    return len(gone)
