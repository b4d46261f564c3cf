from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vallum_web.mail import queries

LOOPBACK = frozenset({"127.0.0.1", "::1"})


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """Every mail this installation would send, for whoever develops on this machine; elsewhere there is no such page."""
    if not settings.INBOX_PAGE or request.META.get("REMOTE_ADDR", "") not in LOOPBACK:
        raise Http404
    return render(request, "mail/inbox.html", {"mails": queries.newest()})
