"""What people decide about one finding: hide it, let it count again, give it to somebody."""

from datetime import date
from typing import Any, NotRequired, TypedDict, Unpack
from uuid import UUID

from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

from vallum_web.accounts import queries as people
from vallum_web.assets.services import lock
from vallum_web.findings import hiding
from vallum_web.findings.models import Decision, Finding
from vallum_web.findings.queries import in_force
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope


class Why(TypedDict):
    """What is said of a finding that is hidden."""

    reason: str
    justification: NotRequired[str]
    note: NotRequired[str]
    until: NotRequired[date | None]


def suppress(org: Org, finding: UUID, by: UUID, **why: Unpack[Why]) -> Decision:
    """Hide a finding for a reason and for a time. Raises Finding.DoesNotExist; a resolved finding keeps its status."""
    with scope(org.pk, user=by):
        row = Finding.objects.of(org).select_for_update().get(pk=finding)
        decision = Decision.objects.create(org=org, finding=row, by=by, made_at=clock.now(), **why)
        if row.status == Finding.Status.OPEN:
            _set_status(row, Finding.Status.SUPPRESSED)
        emit("finding.suppressed", row.pk, decision=str(decision.pk), **said(why["reason"], why.get("until")))
        return decision


def said(reason: str, until: date | None) -> dict[str, str | None]:
    """What an event says of a decision."""
    return {"reason": reason, "until": until.isoformat() if until else None}


def lift(org: Org, finding: UUID, by: UUID, *, decision: UUID | None = None) -> Finding:
    """Take back one decision, or all of them: the finding counts again as soon as none is in force."""
    with scope(org.pk, user=by):
        row = Finding.objects.of(org).select_for_update().get(pk=finding)
        wanted = in_force(org.pk).filter(finding=row)
        wanted = wanted.filter(pk=decision) if decision else wanted
        lifted = list(wanted.values_list("pk", flat=True))
        Decision.objects.of(org).filter(pk__in=lifted).update(lifted_at=clock.now(), lifted_by=by)
        counts = row.status == Finding.Status.SUPPRESSED and not in_force(org.pk).filter(finding=row).exists()
        if counts:
            _set_status(row, Finding.Status.OPEN)
        if lifted:
            emit("finding.unsuppressed", row.pk, decisions=sorted(str(key) for key in lifted))
        elif counts:
            # Its day had passed, and the hourly job had not come by.
            emit("finding.unsuppressed", row.pk, expired=True)
        return row


# Set-based: a hundred thousand may have been hidden until the same day. Locked first, in a statement of its own: whoever
# hides one of them again meanwhile is seen by the next.
_EXPIRED = """
f.org_id = %(org)s and f.status = 'suppressed' and not exists (
  select from findings_decision d where d.org_id = f.org_id and d.finding_id = f.id and d.lifted_at is null
    and (d.until is null or d.until >= %(today)s))
"""
_EXPIRING = f"select distinct f.asset_id from findings_finding f where {_EXPIRED} order by 1"  # noqa: S608 - of fixed parts
_EXPIRE = f"""
with expired as (
  update findings_finding f set status = 'open', changed_at = %(now)s where {_EXPIRED} and f.id = any(%(keys)s) returning f.id
)
insert into tenancy_event (id, org_id, kind, at, actor, subject, data, transaction)
select vallum_uuid7(), %(org)s, 'finding.unsuppressed', %(now)s, null, id, '{{"expired": true}}',
  pg_current_xact_id()::text::bigint from expired
"""  # noqa: S608 - as above


def expire_decisions(org: UUID) -> int:
    """Reopen what was hidden until a day that has passed; run every hour for each organization."""
    now = clock.now()
    values: dict[str, Any] = {"org": org, "now": now, "today": now.date()}
    with scope(org), connection.cursor() as cursor:
        cursor.execute(_EXPIRING, values)
        assets = [row[0] for row in cursor.fetchall()]
    return sum(_expire(org, asset, values) for asset in assets)


def _expire(org: UUID, asset: UUID, values: dict[str, Any]) -> int:
    """One asset in a transaction of its own; what a digest holds for long is left to the next hour."""
    try:
        with scope(org), connection.cursor() as cursor:
            lock(asset)
            keys = hiding.lock(which=f"f.asset_id = %(asset)s and {_EXPIRED}", asset=asset, **values)
            cursor.execute(_EXPIRE, {**values, "keys": keys})
            return int(cursor.rowcount)
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            return 0
        raise


def _set_status(row: Finding, status: Finding.Status) -> None:
    row.status, row.changed_at = status, clock.now()
    row.save(update_fields=["status", "changed_at"])


class NotAMemberError(ValueError):
    """A finding is given to members and teams of its organization."""


def assign(org: Org, finding: UUID, by: UUID, *, assignee: UUID | None, team: UUID | None) -> Finding:
    """Say who ends a finding; None for nobody. Raises Finding.DoesNotExist and NotAMemberError."""
    with scope(org.pk, user=by):
        receivers(org, assignee=assignee, team=team)
        row: Finding = Finding.objects.of(org).select_for_update().get(pk=finding)
        if (row.assignee, row.team_id) != (assignee, team):
            row.assignee, row.team_id, row.changed_at = assignee, team, clock.now()
            row.save(update_fields=["assignee", "team", "changed_at"])
            emit("finding.assigned", row.pk, **assigned(assignee, team))
        return row


def receivers(org: Org, *, assignee: UUID | None, team: UUID | None) -> None:
    """Raises NotAMemberError unless both are of the organization."""
    if assignee is not None and not people.members(org).filter(user=assignee).exists():
        raise NotAMemberError("This person is no member of the organization: invite them first.")
    if team is not None and not people.teams(org).filter(pk=team).exists():
        raise NotAMemberError("There is no such team: make it first.")


def assigned(assignee: UUID | None, team: UUID | None) -> dict[str, str | None]:
    """What an event says of it."""
    return {"assignee": str(assignee) if assignee else None, "team": str(team) if team else None}
