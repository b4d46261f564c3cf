"""What every page knows: the time, the person's organizations and theme, and where it runs."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from vallum_web.accounts import matrix, queries
from vallum_web.accounts.models import User
from vallum_web.accounts.person import passkeys
from vallum_web.billing import queries as billing
from vallum_web.config import navigation
from vallum_web.mail import notices
from vallum_web.mail import queries as mails
from vallum_web.operator import places
from vallum_web.tenancy import clock


def page(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    person = user if isinstance(user, User) else None
    role = getattr(request, "role", None)
    may = matrix.may_do(role) if role else frozenset()
    # A part of a page is shown in a frame that stands already.
    part = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    frame = _frame(request, person, may) if person and not part else {}
    return {
        "may": may,
        "now": clock.now(),
        "theme": person.theme if person else "system",
        "themes": User.Theme.choices,
        "demo": settings.DEMO,
        "ribbon": _ribbon(request),
        "stand_ins": _stand_ins(),
        "inbox_page": settings.INBOX_PAGE,
        "mails_kept": settings.MAIL == "keep",
        "passkeys": SimpleLazyObject(lambda: _passkeys(request)),
        **frame,
    }


def _ribbon(request: HttpRequest) -> str:
    staff = getattr(request, "staff", None)
    if staff:
        return f"Staff access to {staff.name} until {staff.ends_at:%H:%M} UTC: every page you open is in its audit log"
    play = any(not keys.live for keys in settings.BILLING.values())
    if not (play or settings.DEMO):
        return ""
    days = clock.ahead().days
    moved = f"; {days} day{'s' if days > 1 else ''} ahead" if days else ""
    return f"Demo: made-up organization, loopback only{'; no money moves' if play else ''}{moved}"


def _stand_ins() -> str:
    """Where people move the demo's clock and read its mails; empty without stand-ins."""
    if not settings.STAND_INS:
        return ""
    return (Path(settings.STAND_INS) / "address").read_text().strip()


def _passkeys(request: HttpRequest) -> passkeys.Here:
    return passkeys.here(f"{request.scheme}://{request.get_host()}", settings.PUBLIC_URL)


def _frame(request: HttpRequest, person: User, may: Collection[str]) -> dict[str, Any]:
    org = getattr(request, "org", None)
    known = getattr(request, "my_orgs", None)
    mine = queries.my_orgs(person) if known is None else known
    unread = notices.unread(person.pk, [each.id for each in mine])
    return {
        "my_orgs": mine,
        "money": billing.notice(org) if org and settings.BILLING else "",
        "two_step_due": queries.second_step_due(org, person.pk) if org else None,
        "person_tabs": navigation.person_tabs(request) if request.path.startswith("/accounts/") else [],
        "settings_tabs": navigation.settings_tabs(request, org, may) if org else {},
        "nav": navigation.sidebar(request, org, may),
        "switcher": navigation.switcher(org, mine),
        "suppressed": mails.suppressed(person.email),
        "bell": navigation.bell(request, unread),
        "pressing": notices.pressing(person.pk) if unread else None,
        # Those of other apps lead back to the desk by the same tabs as its own.
        **({"tabs": places.tabs(request)} if request.path.startswith("/operator/") else {}),
        "account": navigation.account(person, inbox=settings.INBOX_PAGE),
    }
