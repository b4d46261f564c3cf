"""Where the mail provider tells what became of mails. A signature opens it, and nothing else."""

from hashlib import sha256

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from vallum_web.mail import events, services, signature
from vallum_web.tenancy import clock

MOST = 256 << 10
DIGITS = 9
"""Of thousands `int` makes no number."""


@csrf_exempt  # no browser comes here: the signature is the proof
@require_POST
def resend(request: HttpRequest) -> HttpResponse:
    if settings.MAIL != "resend":
        raise Http404
    length = request.headers.get("Content-Length") or "0"
    if not length.isascii() or not length.isdigit() or len(length) > DIGITS or int(length) > MOST:
        return HttpResponseBadRequest()
    try:
        event = signature.verified(
            request.body, request.headers, secret=settings.RESEND_WEBHOOK_SECRET, now=clock.now()
        )
    except signature.NotGenuine:
        return HttpResponseBadRequest()
    # Never the body: it names people. What it is known again by is enough.
    services.take_in(sha256(event.encode("utf-8", "surrogatepass")).digest()[:16], events.read(request.body))
    return HttpResponse(status=204)
