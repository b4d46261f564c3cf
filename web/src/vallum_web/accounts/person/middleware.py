from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase

from vallum_web.accounts.person import sessions
from vallum_web.accounts.person.lifetime import Standing

Handler = Callable[[HttpRequest], HttpResponseBase]
WHY_OVER: Final = {
    Standing.IDLE: "You were signed out, for nothing was done here for twelve hours. Sign in again.",
    Standing.OLD: "You were signed out, for you signed in more than seven days ago. Sign in again.",
}


def lifetimes(get_response: Handler) -> Handler:
    """End sessions whose time is over, before anything is done in them."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            standing = sessions.keep(request)
            if standing.is_over:
                messages.info(request, WHY_OVER[standing])
        return get_response(request)

    return middleware
