"""What the audit log tells of an organization's people, as far as the rules ask."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from vallum_web.accounts.abuse import sequences
from vallum_web.accounts.abuse.sequences import Act
from vallum_web.accounts.models import Membership
from vallum_web.tenancy.audit.models import Entry


def acts(org: UUID, since: datetime, kinds: Collection[str] = sequences.KINDS) -> Sequence[Act]:
    """The oldest first; inside the organization's scope."""
    rows = Entry.objects.of(org).filter(at__gt=since, kind__in=kinds).order_by("seq")
    return [
        Act(kind=row.kind, at=row.at, subject=row.subject, actor=row.actor, facts=json.loads(row.facts)) for row in rows
    ]


def owners(org: UUID) -> list[UUID]:
    rows = Membership.objects.of(org).filter(role=Membership.Role.OWNER, user__is_active=True)
    return list(rows.values_list("user_id", flat=True).order_by("user_id"))


def made_owner_at(org: UUID, user: UUID, since: datetime) -> datetime | None:
    """When they were made the owner that they are; None where that was earlier, or where they founded the organization."""
    if user not in owners(org):
        return None
    found = [act.at for act in acts(org, since, sequences.OWNERS) if act.subject == user and sequences.made_owner(act)]
    return found[-1] if found else None


def shortened_keeping(org: UUID, user: UUID, since: datetime) -> bool:
    """Whether they had findings kept for less time."""
    cuts = acts(org, since, {sequences.KEEPING})
    return any(act.actor == user and sequences.shortened(act) for act in cuts)
