"""A restored backup holds people and organizations that are gone: they go again, before anybody is let in."""

from datetime import UTC, datetime
from uuid import UUID

from vallum_web.accounts.models import User
from vallum_web.privacy.erasure import purge, services
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import Purpose, looking_back, scope
from vallum_web.tenancy.tombstones.entry import Entry
from vallum_web.tenancy.tombstones.handlers import Replay, replays

Whose = Deletion.Whose
State = Deletion.State


def _erase_again(entry: Entry) -> None:
    """Without a mail: the receipt was sent then."""
    whose = Whose(entry.kind)
    if not _exists(whose, entry.subject):
        return
    purge.purge(services.condemn(whose, entry.subject, entry.at).pk, now=True)


def _is_erased(entry: Entry) -> bool:
    """The intent is written with the state that a purge begins with: from there on it ends, whatever is killed."""
    with looking_back():
        begun = Deletion.objects.filter(subject=entry.subject, state__in=(State.PURGING, State.PURGED)).exists()
    return begun or not _exists(Whose(entry.kind), entry.subject)


def _ask_again(entry: Entry) -> None:
    whose = Whose(entry.reason)
    if _exists(whose, entry.subject):
        day = datetime.fromisoformat(entry.value).replace(tzinfo=UTC)
        services.begin_again(whose, entry.subject, day)


def _take_back_again(entry: Entry) -> None:
    deletion = _open(entry.subject)
    if deletion is None:
        return
    if deletion.whose == Whose.PERSON:
        services.have_person_back(deletion)
    else:
        services.have_org_back(deletion, None)


def _is_open(entry: Entry) -> bool:
    return _open(entry.subject) is not None


def _is_back(entry: Entry) -> bool:
    return _open(entry.subject) is None


def _open(subject: UUID) -> Deletion | None:
    with looking_back():
        return Deletion.objects.filter(subject=subject, state=State.PENDING).first()


def _is_there(entry: Entry) -> bool:
    return _exists(Whose(entry.kind), entry.subject)


def _exists(whose: Whose, subject: UUID) -> bool:
    if whose is Whose.ORG:
        with scope(subject, purpose=Purpose.PRIVACY):
            return bool(Org.objects.filter(pk=subject).exists())
    with looking_back():
        return bool(User.objects.filter(pk=subject).exists())


replays(
    Replay(kind="deletion.asked", again=_ask_again, holds=_is_open),
    Replay(kind="deletion.undone", again=_take_back_again, holds=_is_back),
    Replay(kind="person", again=_erase_again, holds=_is_erased, there=_is_there, last=True),
    Replay(kind="org", again=_erase_again, holds=_is_erased, there=_is_there, last=True),
)
