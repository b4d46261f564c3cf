"""What every page knows: the time, the person's organizations and theme, and where it runs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from vallum_web.accounts import queries
from vallum_web.accounts.models import User
from vallum_web.tenancy import clock


def page(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    person = user if isinstance(user, User) else None
    return {
        "now": clock.now(),
        "theme": person.theme if person else "system",
        "my_orgs": queries.my_orgs(person) if person else [],
        "demo": settings.DEMO,
        "inbox_page": settings.INBOX_PAGE,
    }
