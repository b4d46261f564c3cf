"""Nobody gets mails again, after a restore, that they had switched off."""

from vallum_web.mail import services
from vallum_web.mail.models import Choice
from vallum_web.tenancy.scope import outbox
from vallum_web.tenancy.tombstones.entry import Entry
from vallum_web.tenancy.tombstones.handlers import Replay, replays


def _again(entry: Entry) -> None:
    if not _holds(entry):
        services.leave(entry.subject, entry.value)


def _holds(entry: Entry) -> bool:
    with outbox():
        return Choice.objects.filter(person=entry.subject, kind=entry.value, wanted=False).exists()


replays(Replay(kind="unwanted", again=_again, holds=_holds))
