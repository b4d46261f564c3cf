"""A scan's report becomes the record."""

from dataclasses import asdict
from hashlib import blake2b
from uuid import UUID

from django.conf import settings

from vallum_engine.model.report import Report
from vallum_web.assets.services import lock
from vallum_web.findings import due_queries, merge, staging
from vallum_web.findings.services.upkeep import SETTLE
from vallum_web.scans.models import Scan
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.jobs import SLOW, enqueue
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope


def digest(scan: Scan, report: Report) -> merge.Outcome:
    """Bring an asset's findings up to date with what one scan saw; all of it or nothing."""
    with scope(scan.org_id):
        lock(scan.asset_id)  # one digest per asset: the merge is only true while nobody else writes
        staging.load(report, fingerprint_key(scan.org_id))
        weights = due_queries.weights(scan.org_id, scan.asset_id)
        outcome = merge.apply(scan, weights, complete=report.coverage.complete, foreign="report" in report.target)
        staging.drop()
        emit("scan.digested", scan.pk, **asdict(outcome))
        enqueue(SETTLE, org=scan.org_id, lock=f"settle:{scan.org_id}", queue=SLOW, asset=scan.asset_id)
        return outcome


def fingerprint_key(org: UUID) -> bytes:
    """The organization's key for what stands for a secret: half of it in its row, half in this installation.

    A copy of the database alone cannot try guesses, and with the row the key is gone.
    """
    salt = bytes(Org.objects.get(pk=org).salt)
    return blake2b(salt, digest_size=32, key=settings.FINGERPRINT_KEY.encode()[:64], person=b"fingerprint").digest()
