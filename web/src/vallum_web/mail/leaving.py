"""The link at the end of a mail, by which its kind is switched off: for people a button, for machines RFC 8058."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from vallum_web.mail import kinds, links, services


@csrf_exempt  # mail programs post here without a cookie, a page or a person (RFC 8058); the link itself is the proof
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, key: str) -> HttpResponse:
    """GET changes nothing: scanners open every link of a mail."""
    found = links.read(key)
    if found is None or found[1] not in kinds.all_kinds():
        raise Http404
    who, name = found
    kind = kinds.named(name)
    if request.method == "POST":
        try:
            services.leave(who, name)
        except services.NotChoosableError:
            raise Http404 from None
    return render(request, "mail/leave.html", {"kind": kind, "done": request.method == "POST"})
