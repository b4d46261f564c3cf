"""Where payment providers tell us that something happened. Check, note, answer; the worker asks them what it is."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from vallum_web.billing.providers import VERIFIERS, signature
from vallum_web.billing.providers.signature import NotGenuineError
from vallum_web.billing.services import inbox
from vallum_web.tenancy import bodies, clock


@csrf_exempt  # no cookie counts here: the provider's signature does
@require_POST
def take(request: HttpRequest, provider: str) -> HttpResponse:
    """400 for what the provider did not sign, 413 for what is larger than anything it sends; 200 for all else, at once."""
    keys = settings.BILLING.get(provider)
    if keys is None:
        raise Http404
    try:
        body = bodies.read(request, most=signature.LARGEST)
        notice = VERIFIERS[provider](body, request.headers, keys.secrets, clock.now())
    except bodies.BodyError as error:
        return HttpResponse(status=error.status)
    except NotGenuineError:
        return HttpResponse(status=400)
    if notice.live is not None and notice.live != keys.live:
        return HttpResponse(status=400)  # of the other mode: a test's payment buys nothing
    inbox.receive(provider, notice)
    return HttpResponse(status=200)
