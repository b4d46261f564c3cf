"""Live figures of backups: how old the oldest is, and since when none was proved to be restorable."""

from collections.abc import Callable

from django.db.models import Max

from vallum_web.backups.models import Run
from vallum_web.tenancy import clock, tombstones
from vallum_web.tenancy.figures import figure

DRILL = "The last restore drill"
LEDGER = "The ledger of what must not come back"


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


@figure(
    "backup-drill", "PP-4d", words="since a backup was last restored and compared", at_most=14, unit="days", card=DRILL
)
def drilled() -> float | None:
    return _days_since(Run.Kind.DRILL)


def _last() -> Run | None:
    """The last drill that went well."""
    return Run.objects.filter(kind=Run.Kind.DRILL, failure="").order_by("-began_at").first()


@figure("drill-age", "PP-4d", words="age of the backup that was restored (RPO)", at_most=48, unit="hours", card=DRILL)
def rpo() -> float | None:
    last = _last()
    return None if last is None or last.rpo is None else last.rpo / 3600


@figure("drill-took", "PP-4d", words="until it could have been opened (RTO)", at_most=240, unit="minutes", card=DRILL)
def rto() -> float | None:
    last = _last()
    return None if last is None or last.rto is None else last.rto / 60


@figure("drill-size", "PP-4d", words="size of the backup in the storage", at_least=0.001, unit="MB", card=DRILL)
def size() -> float | None:
    last = _last()
    return None if last is None else last.size / 1e6


@figure("drill-rows", "PP-4d", words="rows that were counted and compared", at_least=1, unit="rows", card=DRILL)
def rows() -> float | None:
    last = _last()
    return None if last is None else last.rows


@figure(
    "drill-looked-up",
    "PP-4c",
    words="erased people and organizations that were looked for in it",
    at_least=0,
    card=DRILL,
)
def looked_up() -> float | None:
    last = _last()
    return None if last is None else last.erased


@figure(
    "drill-resurrected",
    "PP-4c",
    "PP-6c",
    words="erased people and organizations that were found in it",
    at_most=0,
    card=DRILL,
)
def resurrected() -> float | None:
    last = _last()
    return None if last is None else last.resurrected


@figure(
    "ledger-broken",
    "PP-4c",
    words="the ledger of what must not come back",
    at_most=0,
    card=LEDGER,
    says=("holds", "is broken"),
)
def ledger_broken() -> float:
    return float(bool(_asked(tombstones.standing).problem))


@figure("ledger-entries", "PP-4c", words="entries of what must not come back", at_least=0, card=LEDGER)
def ledger_entries() -> float:
    return _asked(tombstones.extent).entries


@figure(
    "ledger-weak",
    "PP-4d",
    words="the ledger of what must not come back lies",
    says=("apart from the database", "on the volume of the database, which is weak"),
    card=LEDGER,
)
def ledger_weak() -> float:
    return float(_asked(tombstones.extent).weak)


def _asked(question: Callable[[], tombstones.Standing]) -> tombstones.Standing:
    """Raises ValueError, as a figure does that cannot be measured."""
    try:
        return question()
    except tombstones.LedgerError as error:
        raise ValueError(str(error)) from error


def _days_since(kind: Run.Kind) -> float | None:
    """Of the last that went well; None where backups were never taken."""
    first = Run.objects.filter(kind=Run.Kind.BACKUP, failure="").order_by("began_at").first()
    if first is None:
        return None
    last = Run.objects.filter(kind=kind, failure="").aggregate(last=Max("began_at"))["last"]
    return (clock.now() - (last or first.began_at)).total_seconds() / 86_400
