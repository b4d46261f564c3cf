"""Whom the provider made, for the page: how each stands, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse

from vallum_web.accounts.models import ScimUser
from vallum_web.accounts.scim import mapping
from vallum_web.accounts.scim.steps import REMOVED
from vallum_web.tenancy import clock, keyset
from vallum_web.tenancy.models import Org


class State(StrEnum):
    ALL = ""
    MEMBERS = "members"
    WAITING = "waiting"
    ENDED = "ended"


_WORDS = {State.ALL: "All", State.MEMBERS: "Members", State.WAITING: "Not members yet", State.ENDED: "Ended"}
_WHICH: Mapping[State, Q] = {
    State.ALL: Q(),
    State.MEMBERS: Q(member__isnull=False),
    State.WAITING: Q(active=True, member=None),
    State.ENDED: Q(active=False, member=None),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`status` chooses the mark (ui/_status.html), `note` says what to do where something is to be done."""

    status: str
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    row: ScimUser
    name: str
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    lines: Sequence[Line]
    next: str | None
    previous: str | None


def known(text: str) -> State:
    return State(text) if text in set(State) else State.ALL


def counts(org: Org) -> dict[str, int]:
    """How many there are of each state, in one query."""
    found: dict[str, int] = ScimUser.objects.of(org).aggregate(
        all=Count("pk"),
        **{state.value: Count("pk", filter=_WHICH[state]) for state in State if state is not State.ALL},
    )
    return found


def tabs(org: Org, present: State) -> list[dict[str, Any]]:
    number, base = counts(org), reverse("accounts:provisioning", args=[org.slug])
    return [
        {
            "label": _WORDS[state],
            "url": f"{base}?state={state}#people" if state else f"{base}#people",
            "count": number[state or "all"],
            "current": state is present,
        }
        for state in State
    ]


def page(org: Org, state: State, *, after: str, before: str) -> Lines:
    rows = ScimUser.objects.of(org).filter(_WHICH[state]).select_related("member", "invitation")
    found = keyset.page([rows], keyset.Order(fields=("user_name_key", "id"), falling=False), after=after, before=before)
    lines = [Line(row=row, name=mapping.shown_name(row), standing=standing(row, clock.now())) for row in found.rows]
    return Lines(lines=lines, next=found.next, previous=found.previous)


def standing(row: ScimUser, now: datetime) -> Standing:
    if row.member:
        return Standing(status="passed", label="Member", note=row.member.get_role_display())
    if not row.active:
        return Standing(status="cancelled", label="Ended")
    if row.trouble:
        return Standing(status="incomplete", label="Needs a hand", note=row.trouble)
    if row.invitation is None:
        return Standing(status="incomplete", label="Needs a hand", note=REMOVED)
    if row.invitation.withdrawn_at or row.invitation.expires_at < now:
        return Standing(
            status="incomplete", label="Needs a hand", note="The invitation is over: invite them anew under Members."
        )
    return Standing(status="queued", label="Invited", note=f"at {row.invitation.email}")
