"""Writes of single sign-on. Who comes in is decided in `decision.py`; here it becomes true, in one transaction."""

import hashlib
import secrets
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import IntegrityError

from vallum_web.accounts import services as accounts
from vallum_web.accounts.models import IdentityProvider, SignIn, SsoAnswer, SsoIdentity, User
from vallum_web.accounts.services import signins
from vallum_web.accounts.sso import queries
from vallum_web.accounts.sso.claims import Claims
from vallum_web.accounts.sso.decision import Verdict, Way, decide
from vallum_web.accounts.sso.errors import Reason, RefusedError, ReplayedError
from vallum_web.accounts.sso.saml import Assertion
from vallum_web.mail import services as mail
from vallum_web.mail.letters import Letter, letter
from vallum_web.mail.recipients import Recipient
from vallum_web.tenancy import clock, lookups
from vallum_web.tenancy.entitlements import PlanFullError
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.keyring import place, seal
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

TICKET_LASTS = timedelta(minutes=5)


def add(org: Org, by: User, *, secret: str = "", **values: Any) -> IdentityProvider:
    """It answers nobody until it is switched on."""
    with scope(org.pk, user=by.pk):
        made = IdentityProvider(id=uuid7(), org=org, made_by=by.pk, **values)
        made.secret = seal(org, place(made, "secret"), secret) if secret else ""
        made.save(force_insert=True)
        emit("sso.provider_added", made.pk, protocol=made.kind)
        return made


def change(provider: IdentityProvider, by: User, *, secret: str = "", **values: Any) -> None:
    """An empty secret leaves the one there is. Whoever changes who vouches has to test it anew."""
    with scope(provider.org_id, user=by.pk):
        same = all(getattr(provider, name) == value for name, value in values.items() if name not in {"name", "role"})
        for name, value in values.items():
            setattr(provider, name, value)
        if secret:
            provider.secret = seal(provider.org_id, place(provider, "secret"), secret)
        if secret or not same:
            provider.tested_at = None
        provider.changed_at = clock.now()
        provider.save()
        emit("sso.provider_changed", provider.pk, secret=bool(secret), who_vouches=not same)


def remove(provider: IdentityProvider, by: User) -> None:
    with scope(provider.org_id, user=by.pk):
        emit("sso.provider_removed", provider.pk, protocol=provider.kind)
        provider.delete()


def use(provider: IdentityProvider, by: User) -> None:
    """The one in use until now is switched off."""
    with scope(provider.org_id, user=by.pk):
        Org.objects.select_for_update(no_key=True).get(pk=provider.org_id)
        IdentityProvider.objects.of(provider.org_id).filter(enabled=True).update(enabled=False, enforced=False)
        IdentityProvider.objects.of(provider.org_id).filter(pk=provider.pk).update(enabled=True)
        emit("sso.switched_on", provider.pk)


def stop(provider: IdentityProvider, by: User) -> None:
    with scope(provider.org_id, user=by.pk):
        IdentityProvider.objects.of(provider.org_id).filter(pk=provider.pk).update(enabled=False, enforced=False)
        emit("sso.switched_off", provider.pk)


def enforce(provider: IdentityProvider, by: User | None, *, on: bool) -> None:
    """Nobody is the operator, on the command line."""
    with scope(provider.org_id, user=by.pk if by else None):
        IdentityProvider.objects.of(provider.org_id).filter(pk=provider.pk, enabled=True).update(enforced=on)
        emit("sso.required" if on else "sso.not_required", provider.pk)


def tested(provider: IdentityProvider, by: User) -> None:
    with scope(provider.org_id, user=by.pk):
        IdentityProvider.objects.of(provider.org_id).filter(pk=provider.pk).update(tested_at=clock.now())
        emit("sso.tested", provider.pk)


def come_in(provider: IdentityProvider, claims: Claims, present: User | None) -> tuple[Verdict, User | None]:
    """Decide, and make it true as far as the person need not be asked: the account to open. Raises RefusedError."""
    try:
        return _come_in(provider, claims, present)
    except IntegrityError:
        # The same person came back twice at once; the second time they are known.
        return _come_in(provider, claims, present)


def _come_in(provider: IdentityProvider, claims: Claims, present: User | None) -> tuple[Verdict, User | None]:
    with scope(provider.org_id):
        verdict = decide(claims, queries.found(provider, claims, present))
        if verdict.account is None:
            user = _newcomer(claims)
            _join(provider, user)
            _tie(provider, claims.subject, user)
            return verdict, user
        user = User.objects.get(pk=verdict.account)
        if verdict.way is Way.TIE:
            _tie(provider, claims.subject, user)
        elif verdict.way in {Way.ENTER, Way.ADD}:
            SsoIdentity.objects.of(provider.org_id).filter(provider=provider, user=user).update(used_at=clock.now())
        return verdict, user


def note_refusal(provider: IdentityProvider, claims: Claims) -> None:
    """In the record of whom the provider has just, genuinely, spoken of: they were not let in."""
    with scope(provider.org_id):
        known = queries.found(provider, claims, None).identity
    if known:
        signins.note(User.objects.get(pk=known.id), SignIn.Kind.SSO_FAILED)


def _newcomer(claims: Claims) -> User:
    """Without a password: the provider, or a reset by mail, is their way in."""
    user = User.objects.create_user(claims.email, None, name=claims.name)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def _join(provider: IdentityProvider, user: User) -> None:
    try:
        accounts.join(provider.org, user, provider.role, how="sso", by=user.pk)
    except PlanFullError as error:
        raise RefusedError(Reason.NO_SEAT) from error


def _tie(provider: IdentityProvider, subject: str, user: User) -> None:
    with scope(provider.org_id, user=user.pk):
        made = SsoIdentity.objects.create(
            org_id=provider.org_id, provider=provider, subject=subject, user=user, used_at=clock.now()
        )
        emit("sso.tied", user.pk, provider=str(provider.pk), identity=str(made.pk))


def accept(provider: IdentityProvider, claims: Claims, user: User) -> None:
    """The person said yes, signed in by their own means: tie the identity to them, and make them a member if they are none.

    Decided anew, because time has passed since they were asked. Raises RefusedError.
    """
    with scope(provider.org_id, user=user.pk):
        verdict = decide(claims, queries.found(provider, claims, user))
        if verdict.account != user.pk:
            raise RefusedError(Reason.OTHER_PERSON)
        if verdict.way is Way.ADD:
            return
        if not queries.account(provider, user).member:
            _join(provider, user)
        try:
            _tie(provider, claims.subject, user)
        except IntegrityError as error:
            raise RefusedError(Reason.OTHER_IDENTITY) from error


def untie(identity: SsoIdentity, by: User) -> None:
    """For a subject or an address that now belongs to somebody else."""
    with scope(identity.org_id, user=by.pk):
        emit("sso.untied", identity.user_id, provider=str(identity.provider_id), identity=str(identity.pk))
        identity.delete()


def keep(provider: IdentityProvider, assertion: Assertion) -> str:
    """Note that the assertion was used, and give a ticket for what it said. Raises ReplayedError."""
    ticket = secrets.token_urlsafe(32)
    said = {
        **asdict(assertion.claims),
        "request": assertion.request,
        "proved_at": assertion.proved_at.timestamp(),
    }
    try:
        with scope(provider.org_id):
            SsoAnswer.objects.create(
                org_id=provider.org_id,
                provider=provider,
                assertion=assertion.id,
                ticket=_digest(ticket),
                said=said,
                until=max(assertion.until, clock.now() + TICKET_LASTS),
            )
    except IntegrityError as error:
        raise ReplayedError("This assertion was used before.") from error
    return ticket


def redeem(provider: IdentityProvider, ticket: str) -> dict[str, Any] | None:
    """What the assertion said, once and within five minutes."""
    with scope(provider.org_id):
        kept = (
            SsoAnswer.objects.of(provider.org_id)
            .select_for_update()
            .filter(provider=provider, ticket=_digest(ticket), at__gt=clock.now() - TICKET_LASTS, said__isnull=False)
            .first()
        )
        if kept is None or not kept.said:
            return None
        said: dict[str, Any] = kept.said
        SsoAnswer.objects.of(provider.org_id).filter(pk=kept.pk).update(said=None)
        return said


def forget_answers() -> None:
    """What was said and never read goes after five minutes; that an assertion was used, when it counts no longer."""
    now = clock.now()
    for org in lookups.all_orgs():
        with scope(org):
            SsoAnswer.objects.of(org).filter(until__lt=now).delete()
            SsoAnswer.objects.of(org).filter(at__lt=now - TICKET_LASTS, said__isnull=False).update(said=None)


def bypassed(org: UUID, owner: User) -> None:
    """An owner came in without the provider, by password and second factor: recorded, and every owner is told."""
    with scope(org, user=owner.pk):
        emit("sso.bypassed", owner.pk)
        name = Org.objects.get(pk=org).name
        tell(org, letter("sso_passed_by", name=name, owner=owner.email))


def tell(org: UUID, said: Letter) -> None:
    """Every owner, inside the organization's scope."""
    for each in queries.owners(org):
        mail.queue(kind="security", to=Recipient(address=each.email, person=each.pk), letter=said, org=org)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
