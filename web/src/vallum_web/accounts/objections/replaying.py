"""What a restored backup must not unsay: that a person objected, and that they took it back."""

from vallum_web.accounts.objections import services
from vallum_web.accounts.objections.models import Objection
from vallum_web.tenancy.tombstones.entry import Entry
from vallum_web.tenancy.tombstones.handlers import Replay, replays


def _again(entry: Entry) -> None:
    act = services.again if entry.reason == services.MADE else services.ended_again
    act(entry.subject, entry.value, entry.at)


def _holds(entry: Entry) -> bool:
    rows = Objection.objects.filter(person=entry.subject, purpose=entry.value)
    return rows.exists() if entry.reason == services.MADE else not rows.filter(ended_at=None).exists()


replays(Replay(kind="objection", again=_again, holds=_holds))
