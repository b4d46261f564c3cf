"""What keeps an audit log in order: a signed checkpoint of each day, an end to what is older than twelve months."""

import logging
from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from vallum_web.tenancy import clock
from vallum_web.tenancy.audit import attest, outside, queries
from vallum_web.tenancy.audit.models import Checkpoint, Head
from vallum_web.tenancy.audit.verify import Point, Verdict
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.scope import scope

log = logging.getLogger(__name__)
AT_ONCE = 5000


def check(org: UUID, points: Sequence[attest.Attested]) -> Verdict:
    """Verify the log against these checkpoints from outside too, and write down the result."""
    verdict = queries.verdict(org, points)
    note(org, verdict)
    return verdict


def attest_today(org: UUID) -> None:
    """Sign where the chain stands, outside the database first: a row without its line would be a lie."""
    with scope(org):
        head = Head.objects.of(org).get()
        point = _point(org, Checkpoint.Reason.DAILY, Point(seq=head.seq, hash=bytes(head.hash)))
        outside.append(point)
        _keep(point)


def prune(org: UUID) -> int:
    """Remove entries of twelve months and more. The database has the last word about the time."""
    removed = 0
    while True:
        with scope(org), connection.cursor() as cursor:
            last = queries.due(org, AT_ONCE)
            if last is not None:
                _keep(_point(org, Checkpoint.Reason.PRUNED, last))
            cursor.execute("select audit_prune(%s)", [last.seq if last else None])
            removed += int(cursor.fetchone()[0])
        if last is None:
            return removed


def note(org: UUID, verdict: Verdict) -> None:
    """Write down that somebody looked, and what was found; what is new of it is an event."""
    with scope(org):
        known = Head.objects.of(org).values_list("problem", flat=True).first()
        Head.objects.of(org).update(verified_at=clock.now(), verified_seq=verdict.last, problem=verdict.problem)
    if verdict.problem and verdict.problem != known:
        log.error("The audit log of %s does not hold: %s", org, verdict.problem)
        with scope(org):
            emit("audit.broken", org, problem=verdict.problem)


def _point(org: UUID, reason: Checkpoint.Reason, at: Point) -> attest.Attested:
    now = clock.now()
    return attest.signed(
        attest.Attested(org=org, reason=reason.value, day=now.date(), at=now, seq=at.seq, hash=at.hash)
    )


def _keep(point: attest.Attested) -> None:
    Checkpoint.objects.create(
        org_id=point.org,
        reason=point.reason,
        day=point.day,
        at=point.at,
        seq=point.seq,
        hash=point.hash,
        key=point.key,
        signature=point.signature,
    )
