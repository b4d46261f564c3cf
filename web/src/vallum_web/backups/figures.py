"""Live figures of backups: how old the oldest is, and since when none was proved to be restorable."""

from django.db.models import Max

from vallum_web.backups.models import Run
from vallum_web.tenancy import clock
from vallum_web.tenancy.figures import figure


@figure("backup-oldest", "PP-4d", words="age of the oldest thing in the storage of backups", at_most=90, unit="days")
def oldest() -> float | None:
    """As the last look found it, and the time that went by since; None before the first."""
    last = Run.objects.filter(kind=Run.Kind.CHECK, oldest__isnull=False).order_by("-began_at").first()
    if last is None or last.oldest is None:
        return None
    return last.oldest + (clock.now() - last.began_at).total_seconds() / 86_400 if last.oldest else 0.0


@figure("backup-looked-at", "PP-4d", words="since the storage of backups was last looked at", at_most=2, unit="days")
def looked_at() -> float | None:
    return _days_since(Run.Kind.CHECK)


@figure("backup-drill", "PP-4d", words="since a backup was last restored and compared", at_most=14, unit="days")
def drilled() -> float | None:
    return _days_since(Run.Kind.DRILL)


def _days_since(kind: Run.Kind) -> float | None:
    """Of the last that went well; None where backups were never taken."""
    first = Run.objects.filter(kind=Run.Kind.BACKUP, failure="").order_by("began_at").first()
    if first is None:
        return None
    last = Run.objects.filter(kind=kind, failure="").aggregate(last=Max("began_at"))["last"]
    return (clock.now() - (last or first.began_at)).total_seconds() / 86_400
