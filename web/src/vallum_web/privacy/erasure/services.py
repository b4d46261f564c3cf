"""Asking for a deletion, taking it back, and having it sooner. What follows after thirty days is `purge`."""

from datetime import datetime, timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Q

from vallum_web.accounts import tokens
from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import ApiToken, Membership, User
from vallum_web.accounts.person import sessions
from vallum_web.mail import services as mails
from vallum_web.mail.letters import letter
from vallum_web.mail.recipients import Recipient
from vallum_web.privacy.erasure import links, queries
from vallum_web.privacy.erasure.models import Deletion, Preservation
from vallum_web.tenancy import clock, erasing, lookups, tombstones
from vallum_web.tenancy.entitlements import hold
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.jobs import enqueue_alone
from vallum_web.tenancy.lookups import MyOrg
from vallum_web.tenancy.models import Leaving, Org
from vallum_web.tenancy.scope import Purpose, looking_back, person, scope

KEPT_FOR = timedelta(days=30)
COOLING = timedelta(hours=24)
"""Before what was asked to go at once is gone: a stolen session must not be enough."""
NEAR = timedelta(days=7)
PURGE = "privacy.purge"
State = Deletion.State
Whose = Deletion.Whose


class SoleOwnerError(ValueError):
    """Organizations would be left without an owner."""

    def __init__(self, orgs: list[MyOrg]) -> None:
        self.orgs = orgs
        super().__init__(", ".join(f"/{org.slug}/" for org in orgs))


class TooLateError(ValueError):
    """It is no longer pending; the message says so."""

    def __init__(self) -> None:
        super().__init__("It was had back already, or is being deleted for good: nothing was changed.")


def ask_for_person(user: User, *, unused: int = 0) -> Deletion:
    """Hide the account for thirty days; sessions and tokens end at once. Raises SoleOwnerError.

    `unused`: nobody asked, but it was not used for so many days.
    """
    _demand_other_owners(user)
    with person(user.pk, purpose=Purpose.PRIVACY):
        made = _hide(user, clock.now() + KEPT_FOR, by=None if unused else user.pk)
        _tell_person(made, user, "deletion_asked", unused=unused)
        return made


def delete_now(user: User) -> Deletion:
    """Of a minor: hidden, and deleted as soon as a worker gets to it. Nobody has it back. Raises SoleOwnerError."""
    _demand_other_owners(user)
    with person(user.pk, purpose=Purpose.PRIVACY):
        begun = Deletion.objects.select_for_update().filter(subject=user.pk, state__in=(State.PENDING, State.PURGING))
        waiting = begun.first()
        made = waiting or _hide(user, clock.now(), by=None)
        made.purge_at = clock.now()
        made.save(update_fields=["purge_at"])
        enqueue_alone(PURGE, lock=f"purge {made.pk}", deletion=str(made.pk))
        return made


def _demand_other_owners(user: User) -> None:
    if alone := queries.owned_alone(user):
        raise SoleOwnerError(alone)


def _hide(user: User, purge_at: datetime, *, by: UUID | None) -> Deletion:
    for org in lookups.my_orgs():
        _stop_in(org.id, user.pk)
    for part in erasing.parts(erasing.Whose.PERSON):
        part.stop(user.pk)
    made = _begin(Whose.PERSON, user.pk, by, purge_at)
    hide_person(user.pk)
    return made


def hide_person(user: UUID) -> None:
    """Nobody finds them by their address, and nothing of theirs is open any more."""
    EmailAddress.objects.filter(user=user).delete()
    sessions.end_all(user)


def ask_for_org(org: Org, by: User, *, unused: int = 0) -> Deletion:
    """Hide the organization for thirty days: tokens are revoked, and whatever runs by itself stops."""
    with scope(org.pk, user=by.pk, purpose=Purpose.PRIVACY):
        hold(org)
        for token in ApiToken.objects.of(org).filter(revoked_at=None):
            tokens.revoke(token)
        for part in erasing.parts(erasing.Whose.ORG):
            part.stop(org.pk)
        emit("org.deletion_asked", org.pk)
        made = _begin(Whose.ORG, org.pk, None if unused else by.pk, clock.now() + KEPT_FOR)
        _tell_owners(made, org, "deletion_asked", unused=unused)
        return made


def _stop_in(org: UUID, user: UUID) -> None:
    with scope(org, user=user):
        for token in ApiToken.objects.of(org).filter(by=user, revoked_at=None):
            tokens.revoke(token)
        emit("member.deletion_asked", user)


def _begin(whose: Whose, subject: UUID, by: UUID | None, purge_at: datetime) -> Deletion:
    made = Deletion.objects.create(whose=whose, subject=subject, asked_at=clock.now(), asked_by=by, purge_at=purge_at)
    Leaving.objects.create(pk=subject)
    tombstones.record("deletion.asked", subject, reason=whose.value, org=_tenant(made), value=f"{purge_at:%Y-%m-%d}")
    return made


def begin_again(whose: Whose, subject: UUID, purge_at: datetime) -> None:
    """After a restore: who had asked is hidden again. The link that was mailed is of a row that is gone: they get another."""
    with looking_back():
        if Leaving.objects.filter(pk=subject).exists():
            return
        made = _begin(whose, subject, None, purge_at)
        if whose is Whose.PERSON:
            hide_person(subject)
            _tell_person(made, User.objects.get(pk=subject), "deletion_asked")
    if whose is Whose.ORG:
        with scope(subject, purpose=Purpose.PRIVACY):
            _tell_owners(made, Org.objects.get(pk=subject), "deletion_asked")


def condemn(whose: Whose, subject: UUID, at: datetime) -> Deletion:
    """After a restore: who had been erased is so again, at once and without a word."""
    with looking_back(Purpose.PURGE):
        Leaving.objects.get_or_create(pk=subject)
        known = Deletion.objects.filter(subject=subject, state__in=(State.PENDING, State.PURGING))
        known.update(silent=True)
        return known.first() or Deletion.objects.create(
            whose=whose, subject=subject, asked_at=at, purge_at=at, silent=True
        )


def have_person_back(deletion: Deletion) -> User:
    """Whoever calls has made sure that it is them. Raises TooLateError."""
    with person(deletion.subject, purpose=Purpose.PRIVACY):
        _take_back(deletion)
        user = User.objects.get(pk=deletion.subject)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        for org in lookups.my_orgs():
            with scope(org.id, user=user.pk):
                emit("member.deletion_undone", user.pk)
        _tell_person(deletion, user, "deletion_undone")
        return user


def have_org_back(deletion: Deletion, by: UUID | None) -> Org:
    """By somebody who owned it. Raises TooLateError."""
    with scope(deletion.subject, user=by, purpose=Purpose.PRIVACY):
        _take_back(deletion)
        org: Org = Org.objects.get(pk=deletion.subject)
        emit("org.deletion_undone", org.pk)
        _tell_owners(deletion, org, "deletion_undone")
        return org


def _take_back(deletion: Deletion) -> None:
    rows = Deletion.objects.filter(pk=deletion.pk, state=State.PENDING, purge_at__gt=clock.now())
    if not rows.update(state=State.RECOVERED):
        raise TooLateError
    tombstones.record("deletion.undone", deletion.subject, reason=deletion.whose, org=_tenant(deletion))
    Leaving.objects.filter(pk=deletion.subject).delete()


def sooner(deletion: Deletion) -> datetime:
    """A day from now instead of thirty. Raises TooLateError."""
    with looking_back():
        rows = Deletion.objects.select_for_update().filter(pk=deletion.pk, state=State.PENDING)
        held = rows.first()
        if held is None:
            raise TooLateError
        held.purge_at = min(held.purge_at, clock.now() + COOLING)
        held.save(update_fields=["purge_at"])
        return held.purge_at


def tell_who_is_near() -> None:
    """A week before the end, once."""
    with looking_back():
        near = list(
            Deletion.objects.filter(
                state=State.PENDING,
                told_near=False,
                purge_at__lte=clock.now() + NEAR,
                purge_at__gt=clock.now() + COOLING,
            )
        )
    for deletion in near:
        if deletion.whose == Whose.PERSON:
            with person(deletion.subject, purpose=Purpose.PRIVACY):
                _tell_person(deletion, User.objects.get(pk=deletion.subject), "deletion_near")
                Deletion.objects.filter(pk=deletion.pk).update(told_near=True)
        else:
            with scope(deletion.subject, purpose=Purpose.PRIVACY):
                _tell_owners(deletion, Org.objects.get(pk=deletion.subject), "deletion_near")
                Deletion.objects.filter(pk=deletion.pk).update(told_near=True)


def _tell_person(deletion: Deletion, user: User, name: str, *, unused: int = 0) -> None:
    _tell(deletion, Recipient(address=user.email, person=user.pk), "Your account", name, unused=unused)


def _tell_owners(deletion: Deletion, org: Org, name: str, *, unused: int = 0) -> None:
    owners = Membership.objects.of(org).filter(role=Role.OWNER).order_by("since")
    for who, address in owners.values_list("user_id", "user__email"):
        _tell(deletion, Recipient(address=address, person=who), f"The organization {org.name}", name, unused=unused)


def _tell(deletion: Deletion, to: Recipient, what: str, name: str, *, unused: int) -> None:
    said = letter(name, what=what, unused=unused, day=f"{deletion.purge_at:%Y-%m-%d}", link=links.back(deletion.pk))
    mails.queue(kind="deletion", to=to, letter=said)


def _tenant(deletion: Deletion) -> UUID | None:
    return deletion.subject if deletion.whose == Whose.ORG else None


def preserve(subject: UUID, until: datetime | None) -> UUID:
    """An authority's order: nothing of the person is deleted for good until it ends."""
    made = Preservation.objects.create(subject=subject, made_at=clock.now(), until=until)
    return made.pk


def lift(key: UUID) -> bool:
    """Whether there was one. What waited for it is carried out with the next run."""
    return bool(Preservation.objects.filter(pk=key, lifted_at=None).update(lifted_at=clock.now()))


def preserved(subject: UUID) -> bool:
    lasts = Q(until=None) | Q(until__gt=clock.now())
    return Preservation.objects.filter(lasts, subject=subject, lifted_at=None).exists()
