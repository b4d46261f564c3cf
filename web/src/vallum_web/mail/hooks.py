"""Where the mail provider tells what became of mails. A signature opens it, and nothing else."""

from hashlib import sha256

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from vallum_web.mail import events, services, signature
from vallum_web.tenancy import bodies, clock

MOST = 256 << 10


@csrf_exempt  # no browser comes here: the signature is the proof
@require_POST
def resend(request: HttpRequest) -> HttpResponse:
    if settings.MAIL != "resend":
        raise Http404
    try:
        body = bodies.read(request, most=MOST)
        event = signature.verified(body, request.headers, secret=settings.RESEND_WEBHOOK_SECRET, now=clock.now())
    except bodies.BodyError as error:
        return HttpResponse(status=error.status)
    except signature.NotGenuine:
        return HttpResponse(status=400)
    # Never the body: it names people. What it is known again by is enough.
    services.take_in(sha256(event.encode("utf-8", "surrogatepass")).digest()[:16], events.read(body))
    return HttpResponse(status=204)
