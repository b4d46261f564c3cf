"""Who was suspended since a backup was taken is so after its restore, and who was no more is not."""

from vallum_web.accounts.suspensions import queries, services
from vallum_web.tenancy.tombstones.entry import Entry
from vallum_web.tenancy.tombstones.handlers import Replay, replays


def _again(entry: Entry) -> None:
    services.put_back(entry.reason, entry.subject, entry.value, entry.at)


def _holds(entry: Entry) -> bool:
    return queries.open_of(entry.subject) is not None


def _end_again(entry: Entry) -> None:
    services.end_again(entry.subject, entry.at)


def _has_ended(entry: Entry) -> bool:
    return queries.open_of(entry.subject) is None


replays(
    Replay(kind="suspended", again=_again, holds=_holds),
    Replay(kind="suspension.ended", again=_end_again, holds=_has_ended),
)
