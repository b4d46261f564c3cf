"""For whoever develops on this machine: the mails there are, and how each kind of letter looks. Elsewhere there are no such pages."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vallum_web.mail import letters, queries

LOOPBACK = frozenset({"127.0.0.1", "::1"})
Params = ParamSpec("Params")
View = Callable[Concatenate[HttpRequest, Params], HttpResponseBase]


def _developers_own(view: View[Params]) -> View[Params]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Params.args, **kwargs: Params.kwargs) -> HttpResponseBase:
        if not settings.INBOX_PAGE or request.META.get("REMOTE_ADDR", "") not in LOOPBACK:
            raise Http404
        return view(request, *args, **kwargs)

    return cast("View[Params]", guarded)


@require_safe
@_developers_own
def inbox(request: HttpRequest) -> HttpResponse:
    """Every mail of this installation."""
    return render(request, "mail/inbox.html", {"mails": queries.newest()})


@require_safe
@_developers_own
def previews(request: HttpRequest) -> HttpResponse:
    shown = [(shape, letters.sample(shape.id)) for shape in letters.shapes().values()]
    return render(request, "mail/previews.html", {"shown": shown})


@require_safe
@_developers_own
def preview(_request: HttpRequest, name: str) -> HttpResponse:
    shape = letters.shapes().get(name)
    if shape is None:
        raise Http404
    leave = "" if shape.kind.essential else settings.PUBLIC_URL + "/"
    answer = HttpResponse(letters.html(letters.sample(name), shape.kind, leave=leave))
    # The one page with a style of its own: it is the mail itself, which may load nothing at all.
    setattr(answer, "_csp_replace", {"default-src": ["'none'"], "style-src": ["'unsafe-inline'"]})  # noqa: B010 - the library's own way
    return answer
