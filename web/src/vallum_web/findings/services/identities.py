"""What was taken for one finding, taken apart."""

from uuid import UUID

from vallum_web.assets.services import lock
from vallum_web.findings.models import Alias, Finding, Identity, Occurrence
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope


def split(org: Org, finding: UUID, identity: UUID, by: UUID) -> Finding:
    """Undo a line of the identity ledger: what came under its fingerprint is a finding of its own again, and stays one.

    Returns that finding. Raises Identity.DoesNotExist, also for a line that is undone already.
    """
    with scope(org.pk, user=by):
        lines = Identity.objects.of(org).select_related("finding").filter(finding=finding, undone_at=None)
        asset = lines.get(pk=identity).finding.asset_id
        lock(asset)
        line = lines.get(pk=identity)  # again: somebody may have been first
        known = line.finding
        own = Finding.objects.get(pk=_apart(org, line))
        Alias.objects.of(org).filter(asset=asset, key=line.fingerprint).delete()
        line.undone_at, line.undone_by = clock.now(), by
        line.save(update_fields=["undone_at", "undone_by"])
        emit("finding.split", known.pk, entry=str(line.pk), into=str(own.pk))
        emit("finding.opened", own.pk, split=str(known.pk))
        return own


def _apart(org: Org, line: Identity) -> UUID:
    """Give what came under the line's fingerprint a row, and the places that are its own."""
    known, now = line.finding, clock.now()
    moved = line.why == Identity.Why.MOVED
    mine = Occurrence.objects.of(org).filter(finding=known)
    mine = mine.filter(first_scan__gte=line.scan_id) if moved else mine.filter(ruleset=line.ruleset, rule=line.rule)
    places = list(mine.order_by("gone_scan_id", "path", "line"))
    if moved:
        known.fingerprint = line.was
        known.status, known.ending, known.resolved_at = Finding.Status.RESOLVED, Finding.Ending.GONE, now
    known.changed_at = now
    known.save(update_fields=["fingerprint", "status", "ending", "resolved_at", "changed_at"])
    own = Finding.objects.get(pk=known.pk)
    own.pk, own.fingerprint, own.ruleset, own.rule = uuid7(), line.fingerprint, line.ruleset, line.rule
    own.status, own.ending, own.resolved_at = Finding.Status.OPEN, Finding.Ending.NONE, None
    own.opened_at = own.changed_at = now
    if places:
        own.path, own.line = places[0].path, places[0].line
    own.save(force_insert=True)
    Occurrence.objects.of(org).filter(pk__in=[place.pk for place in places]).update(finding=own)
    return own.pk
