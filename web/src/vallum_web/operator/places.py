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
    # A page below a register marks the register's tab; the desk's own address begins all of them.
    here = max((tab["url"] for tab in found if request.path.startswith(tab["url"])), key=len, default="")
    return [{**tab, "current": tab["url"] == here} for tab in found]
