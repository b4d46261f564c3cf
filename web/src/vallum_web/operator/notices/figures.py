"""Live figures about what everybody has to be told; see tenancy/figures.py."""

from datetime import timedelta

from vallum_web.operator.notices import queries
from vallum_web.tenancy import clock
from vallum_web.tenancy.announcing.models import Announcement
from vallum_web.tenancy.figures import figure

_LOOKS_BACK = timedelta(days=365)
State = Announcement.State


def _late(kind: Announcement.Kind) -> float:
    rows = Announcement.objects.filter(kind=kind, made_at__gt=clock.now() - _LOOKS_BACK)
    return sum(queries.told_late(row) for row in rows.exclude(state=State.WITHDRAWN))


@figure("told-late", "PP-10b", words="people who were told of a change less than 30 days before its day", at_most=0)
def told_late() -> float:
    return _late(Announcement.Kind.POLICY)


@figure("handed-over", "PP-3d", words="people told late of a successor, or handed over although they object", at_most=0)
def handed_over() -> float:
    done = Announcement.objects.filter(kind=Announcement.Kind.SUCCESSOR, state=State.DONE).exists()
    return _late(Announcement.Kind.SUCCESSOR) + (len(queries.objectors()) if done else 0)
