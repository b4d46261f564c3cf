"""How somebody signed in, and what that opens.

A password, a passkey or a second factor is a person's own, and opens all that is theirs. A provider's word opens the one
organization it belongs to, for a day. An organization may ask for its provider's word; an owner comes in without it by
password and second factor, and everybody of them is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from vallum_web.accounts.models import Membership, User
from vallum_web.accounts.sso import queries, services
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.lookups import MyOrg

METHOD: Final = "sso"
LASTS: Final = 86_400
"""Seconds for which a provider's word opens its organization's door."""
_NOTED: Final = "sso_bypassed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """Of who somebody is, in this session."""

    own: bool = True
    """Something of the person's own."""
    second: bool = False
    """Two things of the person's own: a password and a second factor, or a passkey, which is two in one."""
    words: Mapping[UUID, float] = field(default_factory=dict)
    """Whose providers vouched, and when last."""


class Door(StrEnum):
    OPEN = "open"
    BYPASS = "bypass"
    """Open to an owner, who is to be seen coming in."""
    OWN = "own"
    """Shut until the person proves who they are by means of their own, or by this organization's provider."""
    PROVIDER = "provider"
    """Shut until this organization's provider vouches."""


def decide(proofs: Proofs, mine: MyOrg, at: float) -> Door:
    """Pure."""
    if at - proofs.words.get(mine.id, 0) <= LASTS:
        return Door.OPEN
    if mine.sso and not (proofs.own and proofs.second and mine.role == Membership.Role.OWNER):
        return Door.PROVIDER
    if not proofs.own:
        return Door.OWN
    return Door.BYPASS if mine.sso else Door.OPEN


def proofs(request: HttpRequest, user: User) -> Proofs:
    """A session without any record was opened by means that keep none, such as a command's: its person's own."""
    records: list[dict[str, Any]] = get_authentication_records(request, user)
    said = [record for record in records if record.get("method") == METHOD]
    own = [record for record in records if record.get("method") != METHOD]
    factors = [record for record in own if record["method"] == "mfa"]
    return Proofs(
        own=bool(own) or not records,
        second=bool(factors) and (len(factors) < len(own) or any(record.get("passwordless") for record in factors)),
        words={UUID(record["org"]): float(record["at"]) for record in said},
    )


def shut(request: HttpRequest, user: User, mine: MyOrg, *, leaving: bool = False) -> HttpResponse | None:
    """What a member meets instead of the page, if this session does not open the organization.

    `leaving`: it is being deleted, so that its provider is not asked any more.
    """
    door = decide(proofs(request, user), mine, now().timestamp())
    if door is Door.OPEN:
        return None
    if door is Door.BYPASS:
        noted = request.session.get(_NOTED, [])
        if str(mine.id) not in noted:
            request.session[_NOTED] = [*noted, str(mine.id)]
            services.bypassed(mine.id, user)
        return None
    context = {
        "door": door,
        "mine": mine,
        "leaving": leaving,
        "is_owner": mine.role == Membership.Role.OWNER,
        "then": request.get_full_path() if request.method in {"GET", "HEAD"} else reverse("start") + mine.slug + "/",
        "ways": own_ways(user),
    }
    return render(request, "accounts/sso/door.html", context, status=403)


def vouched(request: HttpRequest, user: User, provider: tuple[UUID, UUID], *, again: bool = False) -> None:
    """Note in the session that a provider vouched for this person. `provider`: its organization's id, and its own."""
    org, key = provider
    more = {"reauthenticated": True} if again else {}
    record_authentication(request, user, method=METHOD, org=str(org), provider=str(key), at=now().timestamp(), **more)


def own_ways(user: User) -> list[str]:
    """What the person has of their own: ids of allauth's flows."""
    return [flow["id"] for flow in get_reauthentication_flows(user)]


def another_way(user: User) -> list[dict[str, str]]:
    """How somebody without password and second factor proves again who they are: by the provider that opens their account.

    Never for anybody else: a provider's word must not stand for a password that its organization does not know.
    """
    if not own_ways(user) and queries.may_open(user):
        return [{"id": METHOD, "description": "Use single sign-on", "url": reverse("sso_again")}]
    return []


def lately(request: HttpRequest, user: User) -> bool:
    """Whether the provider that opens this account has just asked who it is. Signing in by it is not enough: it may not ask."""
    records = [record for record in get_authentication_records(request, user) if record.get("method") == METHOD]
    again = max((float(record["at"]) for record in records if record.get("reauthenticated")), default=0.0)
    return 0 <= now().timestamp() - again < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT and not own_ways(user)
