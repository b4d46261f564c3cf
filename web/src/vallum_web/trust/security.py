"""/.well-known/security.txt (RFC 9116): whom to tell of a weakness, as whoever runs this installation says it."""

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from vallum_web.tenancy import clock

VALID_FOR = timedelta(days=180)
"""The RFC asks for less than a year: whoever reads a copy knows how old it may be."""


@require_safe
def security_txt(_request: HttpRequest) -> HttpResponse:
    """Missing while nobody is named: a file without a contact is none."""
    contact = settings.SECURITY_CONTACT
    if not contact:
        raise Http404
    midnight = (clock.now() + VALID_FOR).replace(hour=0, minute=0, second=0, microsecond=0)
    here = settings.PUBLIC_URL
    lines = [
        f"Contact: {contact if ':' in contact else f'mailto:{contact}'}",
        f"Expires: {midnight:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {here}{reverse('security_txt')}",
        f"Policy: {here}{reverse('legal', args=['acceptable-use'])}",
    ]
    return HttpResponse("\r\n".join(lines) + "\r\n", content_type="text/plain; charset=utf-8")
