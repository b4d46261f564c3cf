"""Nobody goes on without having accepted what holds: a signed-in person is led to it, a token is refused."""

from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from vallum_web.accounts.legal import queries, services
from vallum_web.accounts.legal.documents import stamp

Handler = Callable[[HttpRequest], HttpResponseBase]
SETTLED = "settled"
"""Of the session: the versions that its person is known to have accepted. What is accepted stays so: no page asks twice."""
# Reading what there is to accept, managing one's own account, leaving. What asks for no session is not here.
OPEN = ("/accounts/", "/legal/", "/trust/", "/.well-known/", "/static/", "/healthz", "/readyz", "/inbox/", "/security/")


class NotAcceptedError(Exception):
    """The maker of a token has not accepted what holds."""


def accepted(get_response: Handler) -> Handler:
    """Middleware, behind the ones that know who is signed in."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(OPEN) or settings.SESSION_COOKIE_NAME not in request.COOKIES or _settled(request):
            return get_response(request)
        back = request.get_full_path() if request.method in {"GET", "HEAD"} else "/"
        return redirect(f"{reverse('accept')}?{urlencode({'next': back})}")

    return middleware


def demand(maker: UUID) -> None:
    """Raises NotAcceptedError: a machine does no more than the person whose token it has."""
    if queries.missing(maker) and not services.deem(maker):
        raise NotAcceptedError


def _settled(request: HttpRequest) -> bool:
    if not request.user.is_authenticated:
        return True
    held = stamp(queries.held())
    if request.session.get(SETTLED) == held:
        return True
    if queries.missing(request.user.pk) and not services.deem(request.user.pk):
        return False
    request.session[SETTLED] = held
    return True
