"""The public page. It asks for stored rows alone; nobody needs an account for it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vallum_web.tenancy.processors import queries as processors
from vallum_web.trust import badge as badges
from vallum_web.trust import evidence, queries


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    context = {
        "standing": queries.standing(),
        "evidence": evidence.last(),
        "processors": processors.standing(),
        "hosting": settings.HOSTING,
        "disks": settings.DISK_ENCRYPTION,
        "contact": settings.SECURITY_CONTACT,
        "here": settings.PUBLIC_URL,
    }
    return render(request, "trust/index.html", context)


@require_safe
def badge(_request: HttpRequest) -> HttpResponse:
    """For pages elsewhere: a picture, which may be kept for ten minutes."""
    answer = HttpResponse(badges.drawn(queries.standing().counts), content_type="image/svg+xml; charset=utf-8")
    answer.headers["Cache-Control"] = "public, max-age=600"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
