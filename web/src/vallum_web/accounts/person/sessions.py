"""Where people are signed in: one row a session beside Django's own. It ends when either is gone."""

from collections.abc import Iterable
from uuid import UUID

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY, get_authentication_records
from allauth.usersessions.internal import flows
from allauth.usersessions.models import UserSession
from django.contrib.auth import logout
from django.db.models import Q
from django.http import HttpRequest

from vallum_web.accounts.models import User
from vallum_web.accounts.person.lifetime import Life, Standing, oldest_alive
from vallum_web.tenancy import clock
from vallum_web.tenancy.origin import current_origin

_RENEW = "renew"


def keep(request: HttpRequest) -> Standing:
    """Go on with a signed-in person's session, or end it when its time is over. Writes once a minute at most."""
    here = _row(request)
    if here is None:
        UserSession.objects.create_from_request(request)
        begin(request)
        return Standing.GOES_ON
    standing = Life(began=here.created_at, seen=here.last_seen_at).at(clock.now())
    if standing.is_over:
        here.delete()
        logout(request)
        return standing
    if standing is Standing.TO_NOTE:
        _note(here)
    # Parts of a page are asked for side by side: of two, the second would come with a key that is gone.
    if here.data.get(_RENEW) and request.method == "GET" and "HX-Request" not in request.headers:
        renew(request)
    return standing


def begin(request: HttpRequest) -> None:
    """The row that allauth has just made begins by our clock, by which it ends as well."""
    now = clock.now()
    UserSession.objects.filter(session_key=request.session.session_key).update(created_at=now, last_seen_at=now)


def date(request: HttpRequest, user: User) -> None:
    """So does the proof that allauth has just noted: a step-up is asked for by our clock."""
    *before, last = get_authentication_records(request, user)
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [*before, {**last, "at": clock.now().timestamp()}]


def renew(request: HttpRequest) -> None:
    """Give the session another key; the old one opens nothing any more."""
    before = request.session.session_key
    request.session.cycle_key()
    UserSession.objects.filter(session_key=before).update(session_key=request.session.session_key, data={})


def renew_soon(person: UUID) -> None:
    """Give each session of the person another key when they next ask for a page: what they may do has changed."""
    UserSession.objects.filter(user_id=person).update(data={_RENEW: True})


def end(request: HttpRequest, ended: Iterable[UserSession]) -> None:
    """From the next request on they open nothing: the rows that stand for them are gone."""
    flows.sessions.end_sessions(request, list(ended))


def end_all(person: UUID | None = None) -> int:
    """Sign somebody out everywhere, or everybody: for the operator's command line."""
    found = UserSession.objects.filter(user_id=person) if person else UserSession.objects.all()
    gone = list(found)
    for session in gone:
        session.end()
    return len(gone)


def prune() -> int:
    """Forget sessions whose time is over."""
    began, seen = oldest_alive(clock.now())
    over = list(UserSession.objects.filter(Q(created_at__lte=began) | Q(last_seen_at__lte=seen)))
    for session in over:
        session.end()
    return len(over)


def _row(request: HttpRequest) -> UserSession | None:
    found: UserSession | None = UserSession.objects.filter(session_key=request.session.session_key).first()
    return found


def _note(here: UserSession) -> None:
    origin = current_origin()
    came_from = {"ip": origin.address, "user_agent": origin.agent} if origin and origin.address else {}
    UserSession.objects.filter(pk=here.pk).update(last_seen_at=clock.now(), **came_from)
