"""What a restored backup must not unsay: that a person objected, or had all of it restricted, and that they took it back."""

from vallum_web.accounts.models import User
from vallum_web.accounts.objections import queries, services
from vallum_web.accounts.objections.models import Objection
from vallum_web.tenancy.scope import looking_back
from vallum_web.tenancy.tombstones.entry import Entry
from vallum_web.tenancy.tombstones.handlers import Replay, replays

WHY = "asked for before a restore"


def _again(entry: Entry) -> None:
    if not _exists(entry):
        return
    act = services.again if entry.reason == services.MADE else services.ended_again
    act(entry.subject, entry.value, entry.at)


def _holds(entry: Entry) -> bool:
    rows = Objection.objects.filter(person=entry.subject, purpose=entry.value)
    return rows.exists() if entry.reason == services.MADE else not rows.filter(ended_at=None).exists()


def _restricts_again(entry: Entry) -> None:
    if _exists(entry) and not _is_restricted(entry):
        services.restrict(entry.subject, WHY)


def _is_restricted(entry: Entry) -> bool:
    return queries.restricted(entry.subject)


def _unrestricts_again(entry: Entry) -> None:
    if _is_restricted(entry):
        services.unrestrict(entry.subject)


def _is_unrestricted(entry: Entry) -> bool:
    return not _is_restricted(entry)


def _exists(entry: Entry) -> bool:
    """Whoever signed up after the backup is not in it: nothing is kept on nobody."""
    with looking_back():
        return User.objects.filter(pk=entry.subject).exists()


replays(
    Replay(kind="objection", again=_again, holds=_holds),
    Replay(kind="restriction", again=_restricts_again, holds=_is_restricted),
    Replay(kind="restriction.ended", again=_unrestricts_again, holds=_is_unrestricted),
)
