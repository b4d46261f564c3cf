"""After a restore no issuer is asked for an organization that had switched live checks off."""

from vallum_web.scans import asking
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope
from vallum_web.tenancy.tombstones.entry import Entry
from vallum_web.tenancy.tombstones.handlers import Replay, replays


def _again(entry: Entry) -> None:
    """Whoever wants them on, and had switched them on again since the backup, does so once more."""
    with scope(entry.tenant):
        org = Org.objects.filter(pk=entry.tenant).first()
    if org is not None:
        asking.switch(org, None, on=False)


def _holds(entry: Entry) -> bool:
    return not asking.wanted(entry.tenant)


replays(Replay(kind="live_checks", again=_again, holds=_holds))
