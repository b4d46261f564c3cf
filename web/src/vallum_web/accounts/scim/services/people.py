"""People as a provider says them: made, changed, deleted. Each verb holds the organization, as those of members do.

What follows for memberships is decided in `steps.py` and done by the services of accounts. A person's own account is
made where there is none, and otherwise never touched.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import IntegrityError
from scim2_models import NotFoundException, UniquenessException

from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import ApiToken, Membership, ScimUser, User
from vallum_web.accounts.scim import links, mapping, queries, resources, steps
from vallum_web.accounts.scim.errors import Full, LastOwner, OutOfReach, TooManyInvited
from vallum_web.accounts.scim.services import connection
from vallum_web.accounts.scim.services.versions import Expected, turned
from vallum_web.accounts.services import AlreadyMemberError, invitations, join, members
from vallum_web.accounts.standing import may_move
from vallum_web.accounts.throttle import PROVIDERS_INVITES
from vallum_web.tenancy import clock
from vallum_web.tenancy.entitlements import PlanFullError, hold
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.limits import gate
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

MOST = 50_000
_NAME = 80
TWICE = "This person is provisioned under another user name already: one user a person."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    active: bool
    address: str


def make(token: ApiToken, said: resources.User) -> ScimUser:
    """Raises SCIMException."""
    said.active = said.active is not False
    try:
        with scope(token.org_id, user=token.by):
            token.org = hold(Org(pk=token.org_id))
            if ScimUser.objects.of(token.org_id).count() >= MOST:
                raise Full(detail=f"There are {MOST:,} users here, as many as are kept: delete some first.")
            row = ScimUser(id=uuid7(), org_id=token.org_id, active=True, made_at=clock.now(), changed_at=clock.now())
            _fill(row, said)
            row.save(force_insert=True)
            emit("scim.user_made", row.pk)
            _settle(token, row, said, before=None)
            return row
    except IntegrityError as error:
        raise _taken(error) from error


def change(
    token: ApiToken, key: UUID, edit: Callable[[resources.User], resources.User], expected: Expected
) -> ScimUser:
    """Nothing is written where nothing differs. Raises SCIMException."""
    try:
        with scope(token.org_id, user=token.by):
            token.org = hold(Org(pk=token.org_id))
            row = _row(token, key)
            expected.check(row.version)
            before = _Before(active=row.active, address=row.address)
            said = edit(mapping.user(row))
            if not _fill(row, said):
                return row
            if row.active:
                connection.demand_working(token)
            turned(row)
            row.save()
            emit("scim.user_changed", row.pk, active=row.active)
            _settle(token, row, said, before=before)
            return row
    except IntegrityError as error:
        raise _taken(error) from error


def delete(token: ApiToken, key: UUID, expected: Expected) -> None:
    """The membership ends with it; the person stays. Raises SCIMException."""
    with scope(token.org_id, user=token.by):
        token.org = hold(Org(pk=token.org_id))
        row = _row(token, key)
        expected.check(row.version)
        _end(token, row)
        row.delete()
        emit("scim.user_deleted", key)


def _row(token: ApiToken, key: UUID) -> ScimUser:
    row: ScimUser | None = queries.people(token.org_id).select_for_update(of=("self",)).filter(pk=key).first()
    if row is None:
        raise NotFoundException
    return row


def _fill(row: ScimUser, said: resources.User) -> bool:
    """Whether anything differs from before."""
    values = mapping.told(said, row)
    differs = any(getattr(row, name) != value for name, value in values.items())
    for name, value in values.items():
        setattr(row, name, value)
    return differs


def _settle(token: ApiToken, row: ScimUser, said: resources.User, *, before: _Before | None) -> None:
    """What the word means for the membership."""
    how = queries.settings(row.org_id)
    role = mapping.role(said, how.default_role, counts=how.roles_count)
    if not row.active or row.member_id is None:
        fresh = before is None or not before.active or before.address != row.address
        _move(token, row, Role(row.former_role or role) if not how.roles_count else role, fresh=fresh)
    if how.roles_count:
        _role(token, row, role)


def _move(token: ApiToken, row: ScimUser, role: Role, *, fresh: bool) -> None:
    """In, out, or neither."""
    person = _person(row)
    member = Membership.objects.of(row.org_id).filter(user=person).first() if person else None
    step = steps.step(
        steps.Known(
            active=row.active,
            fresh=fresh,
            address=row.address,
            member=member is not None,
            known_here=row.person is not None and person is not None,
            ours=queries.may_provision(row.org_id, row.address),
            claimed=person is None and _claimed(row.address),
        )
    )
    if step is steps.Step.END:
        _end(token, row)
    elif step is steps.Step.LINK and member:
        links.tie(row, member)
    elif step is steps.Step.JOIN:
        _join(token, row, person, role)
    elif step is steps.Step.INVITE:
        _invite(token, row, role)
    elif step is steps.Step.TROUBLE:
        _note(row, trouble=steps.NO_ADDRESS)


def _person(row: ScimUser) -> User | None:
    """Who it is: as known from before, else whoever has proved the address theirs."""
    if row.person:
        return User.objects.filter(pk=row.person, is_active=True).first()
    if not row.address:
        return None
    proved = EmailAddress.objects.filter(email=row.address, verified=True, user__is_active=True)
    found = proved.select_related("user").order_by("user_id").first()
    return found.user if found else None


def _claimed(address: str) -> bool:
    return bool(address) and (
        User.objects.filter(email=address).exists() or EmailAddress.objects.filter(email=address).exists()
    )


def _join(token: ApiToken, row: ScimUser, person: User | None, role: Role) -> None:
    _withdraw(token, row)
    if person is None:
        person = User.objects.create_user(row.address, None, name=mapping.fit(mapping.shown_name(row), _NAME))
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    _note(row, person=person.pk)
    try:
        join(token.org, person, role, how="scim", by=token.by)
    except PlanFullError as error:
        raise Full(detail=str(error)) from error
    row.refresh_from_db()


def _invite(token: ApiToken, row: ScimUser, role: Role) -> None:
    _withdraw(token, row)
    taken = gate.take(PROVIDERS_INVITES, str(row.org_id), org=row.org_id)
    if not taken.allowed:
        raise TooManyInvited(taken)
    maker = Membership.objects.of(row.org_id).get(user=token.by)
    try:
        sent = invitations.invite(token.org, maker, email=row.address, role=role)
    except AlreadyMemberError:
        _note(row, trouble="A member has this address, but has not confirmed that it is theirs.")
    except invitations.NotInvitedError as error:
        raise OutOfReach(detail=str(error)) from error
    else:
        _note(row, invitation=sent, trouble="")


def _end(token: ApiToken, row: ScimUser) -> None:
    """Raises LastOwner, OutOfReach."""
    _withdraw(token, row)
    member = row.member
    if member is None:
        _note(row, trouble="")
        return
    if not may_move(token.role, member.role, None):
        raise OutOfReach(detail=f"This member is {member.role}: a token made by an owner is needed to end that.")
    try:
        members.end(token.org, member, how="scim")
    except members.RefusedError as error:
        raise LastOwner(detail=str(error)) from error
    _note(row, member=None, trouble="", former_role="" if member.role == Role.OWNER else member.role)


def _role(token: ApiToken, row: ScimUser, role: Role) -> None:
    """An owner stays one: that is nobody's to take from outside."""
    member = row.member
    if member is None or member.role in {role, Role.OWNER}:
        return
    maker = Membership.objects.of(row.org_id).get(user=token.by)
    try:
        members.change_role(token.org, maker, member.pk, role)
    except members.RefusedError as error:
        raise OutOfReach(detail=str(error)) from error


def _withdraw(token: ApiToken, row: ScimUser) -> None:
    if row.invitation_id:
        invitations.withdraw(token.org, token.by, row.invitation_id)
        _note(row, invitation=None)


def _note(row: ScimUser, **values: object) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))


def _taken(error: IntegrityError) -> UniquenessException:
    if "scim_user_member_once" in str(error):
        return UniquenessException(detail=TWICE)
    return UniquenessException(detail="There is a user of this userName: change that one, or choose another name.")
