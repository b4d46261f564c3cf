"""What has to happen in a restored database before anybody may use it: the world went on while the backup lay there."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.core.management import CommandError, call_command
from django.db import connection

from vallum_web.backups.errors import RestoreError
from vallum_web.backups.models import Run
from vallum_web.mail import services as mails
from vallum_web.tenancy import clock, jobs, tombstones
from vallum_web.tenancy.keyring import keys
from vallum_web.tenancy.retention import engine

_ADVICE: Final = "Mend it or bring it back, and run `vallum-web restore` again. Or open without it: --without-ledger='WHO AND WHY' is kept."


def settle(run: Run, taken_at: datetime, say: Callable[[str], None]) -> None:
    """Every step may be repeated: what was broken off begins again here. The row of the restore is written last."""
    say(f"jobs: {jobs.forsake()} that waited or ran are not taken up")
    say(_replayed(taken_at, run.override))
    say(_nothing_too_old(run.override))
    say(_nobody_is_back(run))
    say(_no_old_mail(run.began_at))
    say(_invariants(run.override))
    run.ended_at = clock.now()
    run.rto = (run.ended_at - run.began_at).total_seconds()
    run.save(force_insert=True)


def _replayed(taken_at: datetime, override: str) -> str:
    """Who was erased or shut out since is so again. Raises RestoreError, unless an operator answers for it."""
    try:
        found = tombstones.replay(taken_at)
    except tombstones.LedgerError as error:
        if override:
            return f"ledger: NOT replayed ({error}), opened all the same: {override}"
        raise RestoreError(f"The ledger of what must not come back cannot be read: {error} {_ADVICE}") from error
    if found.failed and not override:
        raise RestoreError(f"The ledger could not be replayed: {'; '.join(found.failed)}. {_ADVICE}")
    return f"ledger: {sum(found.done.values()):,} replayed" + (f", {len(found.failed)} not" if found.failed else "")


def _nobody_is_back(run: Run) -> str:
    """Everybody whose erasure the ledger holds is looked up by their id. Raises RestoreError, likewise."""
    try:
        found = tombstones.look_up()
    except tombstones.LedgerError as error:
        if run.override:
            return f"erased: NOT looked up ({error})"
        raise RestoreError(f"The ledger of what must not come back cannot be read: {error} {_ADVICE}") from error
    run.erased, run.resurrected = found.erased, found.there
    if found.there and not run.override:
        raise RestoreError(f"{found.there} of {found.erased} that were erased are in the restored database. {_ADVICE}")
    return f"erased: {found.erased} looked up, {found.there} there"


def _nothing_too_old(override: str) -> str:
    """What has come to its end since is deleted again, by the hourly run's own rules. Raises RestoreError, likewise."""
    try:
        ran = engine.run()
    except engine.ClocksApartError as error:
        raise RestoreError(str(error)) from error
    failed = [each.rule for each in ran if each.failures]
    if failed and not override:
        raise RestoreError(f"Retention failed for {', '.join(failed)}: see the log above. {_ADVICE}")
    held = f", {sum(each.held for each in ran)} held back" if any(each.held for each in ran) else ""
    return f"retention: {sum(each.deleted for each in ran):,} deleted by {len(ran)} rules{held}"


def _no_old_mail(before: datetime) -> str:
    unknown, dropped = mails.forsake(before)
    return f"mail: {dropped} that waited are not sent; of {unknown} nobody knows whether they were"


def _invariants(override: str) -> str:
    """The keys are at hand, and every audit log holds from its beginning to its end. Raises RestoreError, likewise."""
    keys.check()
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from audit_head")
        logs = cursor.fetchone()[0]
    try:
        if logs:
            call_command("audit", "verify")
    except CommandError as error:
        if not override:
            raise RestoreError(f"{error} {_ADVICE}") from error
        return f"audit logs: {error} Opened all the same: {override}"
    return f"audit logs: {logs} hold"
