"""The tabs of the operators' pages."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

_PLACES = (
    ("Staff access", "operator:index"),
    ("Requests", "privacy_requests:register"),
    ("Authorities", "privacy_authorities:register"),
    ("Suspensions", "operator:suspensions"),
    ("Minors", "privacy_minors:desk"),
    ("Breaches", "operator_breaches:register"),
    ("Notices", "operator_notices:index"),
    ("Sub-processors", "operator_notices:processors"),
    ("Mail", "operator:mail"),
    ("Mail domain", "operator:mail_domain"),
    ("Abuse", "operator:attacks"),
    ("Use", "operator:usage"),
)

_MONEY = (("Refunds", "refunds"), ("Disputes", "disputes"))


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    found = [{"label": label, "url": reverse(name)} for label, name in (*_PLACES, *_MONEY * bool(settings.BILLING))]
    return [{**tab, "current": tab["url"] == request.path} for tab in found]
