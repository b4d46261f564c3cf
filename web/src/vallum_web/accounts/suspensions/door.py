"""What stands in the way of whoever is suspended: a page that says why, what stays open, and how to appeal."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from vallum_web.accounts.suspensions import queries
from vallum_web.accounts.suspensions.models import Suspension
from vallum_web.tenancy.jobs import is_suspended
from vallum_web.tenancy.models import Org


class SuspendedError(Exception):
    """The organization of a token, or its maker, is suspended."""


def stop(request: HttpRequest, user: UUID, org: Org | None = None) -> HttpResponse | None:
    """The page, where this person or this organization may not work now."""
    keys = [user, org.pk] if org else [user]
    if not is_suspended(*keys):
        return None
    found = queries.in_force(keys)
    mine = any(row.whose == Suspension.Whose.PERSON for row in found)
    return render(request, "accounts/suspended.html", {"rows": found, "mine": mine, "org": org}, status=403)


def demand(org: UUID, maker: UUID) -> None:
    """Raises SuspendedError: a machine does no more than its maker and its organization may."""
    if is_suspended(org, maker):
        raise SuspendedError
