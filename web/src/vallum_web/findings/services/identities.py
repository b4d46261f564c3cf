"""What was taken for one finding, taken apart."""

from uuid import UUID

from django.db.models import F, QuerySet

from vallum_web.assets.services import lock
from vallum_web.findings import hiding
from vallum_web.findings.models import Alias, Finding, Identity, Occurrence
from vallum_web.findings.queries import in_force
from vallum_web.findings.services.decide import assigned
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope


def hold_asset(org: Org, finding: UUID) -> None:
    """Hold the asset of a finding, if there is such a one, as a digest does before it writes findings."""
    for asset in Finding.objects.of(org).filter(pk=finding).values_list("asset", flat=True):
        lock(asset)


def split(org: Org, finding: UUID, identity: UUID, by: UUID) -> Finding:
    """Undo a line of the identity ledger: what came under its fingerprint is a finding of its own again, and stays one.

    Returns that finding. Raises Identity.DoesNotExist, also for a line that is undone already.
    """
    with scope(org.pk, user=by):
        lines = Identity.objects.of(org).select_related("finding").filter(finding=finding, undone_at=None)
        asset = lines.get(pk=identity).finding.asset_id
        lock(asset)
        line = lines.get(pk=identity)  # again: somebody may have been first
        line.undone_at, line.undone_by = clock.now(), by
        line.save(update_fields=["undone_at", "undone_by"])
        Alias.objects.of(org).filter(asset=asset, key=line.fingerprint).delete()
        known = Finding.objects.of(org).select_for_update().get(pk=finding)
        places = _places(org, line)
        moved = line.why == Identity.Why.MOVED
        own = _moved_on(org, known, line) if moved else _other(org, known, line)
        emit(
            "finding.split", known.pk, entry=str(line.pk), into=str(own.pk), places=[str(place.pk) for place in places]
        )
        if not Finding.objects.of(org).filter(pk=own.pk).exists():
            own.path, own.line = (places[0].path, places[0].line) if places else (own.path, own.line)
            own.save(force_insert=True)
            emit("finding.opened", own.pk, split=str(known.pk), **assigned(own.assignee, own.team_id))
        Occurrence.objects.of(org).filter(pk__in=[place.pk for place in places]).update(finding=own)
        if moved:
            _follow(org, known, own, line)
        _settle(org, own, line, known.ending or Finding.Ending.FIXED)
        _settle(org, known, line, Finding.Ending.GONE if moved else Finding.Ending.FIXED)
        hiding.follow(org.pk, hiding.KEYS, keys=[known.pk, own.pk])
        own.refresh_from_db(fields=["status"])
        return own


def _places(org: Org, line: Identity) -> list[Occurrence]:
    """Where what came under the line's fingerprint was seen, open places first."""
    mine: QuerySet[Occurrence] = Occurrence.objects.of(org).filter(finding=line.finding_id)
    if line.why == Identity.Why.MOVED:
        mine = mine.filter(first_scan__gte=line.scan_id)
    else:
        mine = mine.filter(ruleset=line.ruleset, rule=line.rule)
    return list(mine.order_by(F("gone_scan").desc(nulls_first=True), "path", "line"))


def _moved_on(org: Org, known: Finding, line: Identity) -> Finding:
    """What goes on under the fingerprint of today; the known one is again what it was before the move."""
    own = _like(known)
    taken = Finding.objects.of(org).filter(asset=known.asset_id, fingerprint=line.was).exists()
    # What was there has come back since, as a finding of its own: of this one only its past is left.
    known.fingerprint = f"past/1:{known.pk.hex}" if taken else line.was
    known.save(update_fields=["fingerprint"])
    return own


def _other(org: Org, known: Finding, line: Identity) -> Finding:
    """What has the line's fingerprint already, since the line of another finding was undone; else a new one."""
    same = Finding.objects.of(org).filter(asset=known.asset_id, fingerprint=line.fingerprint)
    found: Finding | None = same.select_for_update().first()
    if found:
        return found
    own = _like(known)
    own.fingerprint, own.ruleset, own.rule = line.fingerprint, line.ruleset, line.rule
    return own


def _like(known: Finding) -> Finding:
    """A copy that is not saved yet, and open."""
    own = Finding.objects.get(pk=known.pk)
    own.pk = uuid7()
    own.status, own.ending, own.resolved_at, own.reopened_at = Finding.Status.OPEN, Finding.Ending.NONE, None, None
    own.opened_at = own.changed_at = clock.now()
    return own


def _follow(org: Org, known: Finding, own: Finding, line: Identity) -> None:
    """What was joined to it since the move, and under which names, is of what goes on."""
    since = Identity.objects.of(org).filter(finding=known, undone_at=None, scan__gte=line.scan_id)
    since.update(finding=own)
    Alias.objects.of(org).filter(finding=known).update(finding=own)


def _settle(org: Org, row: Finding, line: Identity, ending: Finding.Ending | str) -> None:
    """A finding is open where one of its places is: what lost its last one has ended, for no scan would see it end."""
    is_open = Occurrence.objects.of(org).filter(finding=row, gone_scan=None).exists()
    row.changed_at = clock.now()
    if is_open and row.status == Finding.Status.RESOLVED:
        hidden = in_force(org.pk).filter(finding=row).exists()
        row.status = Finding.Status.SUPPRESSED if hidden else Finding.Status.OPEN
        row.ending, row.resolved_at, row.reopened_at = Finding.Ending.NONE, None, row.changed_at
        emit("finding.reopened", row.pk, split=str(line.pk))
    elif not is_open and row.status != Finding.Status.RESOLVED:
        row.status, row.ending, row.resolved_at = Finding.Status.RESOLVED, ending, row.changed_at
        emit("finding.resolved", row.pk, split=str(line.pk), ending=row.ending)
    row.save(update_fields=["status", "ending", "resolved_at", "reopened_at", "changed_at"])
