"""The first page, the assets, and one of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.accounts.matrix import can
from vallum_web.accounts.models import User
from vallum_web.accounts.queries import my_orgs, teams
from vallum_web.accounts.services.visits import visit
from vallum_web.assets.models import Asset
from vallum_web.assets.worth import Exposure, Importance
from vallum_web.findings.filters import ANY, CHANGES, SEVERITIES, Filters
from vallum_web.overview import home as home_queries
from vallum_web.overview import queries
from vallum_web.scans import words
from vallum_web.scans.queries import SCANNED, UNFINISHED


@require_safe
@login_required
def start(request: HttpRequest) -> HttpResponse:
    """To the person's first organization, or to making one."""
    mine = my_orgs(request.user) if isinstance(request.user, User) else []
    if not mine:
        return redirect("new_org")
    first = "overview:home" if can(mine[0].role, "findings.read") else "accounts:settings"
    return redirect(first, org=mine[0].slug)


@require_safe
@may("findings.read")
def home(request: MemberRequest) -> HttpResponse:
    since = visit(request.org, request.user)
    context = {
        "home": home_queries.home(request.org, since),
        "severity_urls": _worklist(request),
        "changed_urls": _changed(request, since) if since else {},
    }
    return render(request, "overview/home.html", {**_frame(request), **context})


@require_safe
@may("findings.read")
def assets(request: MemberRequest) -> HttpResponse:
    scanned = request.GET.get("scanned", "")
    scanned = scanned if scanned in SCANNED else ""
    page, lines = queries.asset_page(request.org, scanned=scanned, **_cursor(request))
    context = {"page": page, "lines": lines, "scanned": scanned, "choices": SCANNED}
    return render(request, "overview/assets.html", {**_frame(request), **context})


@require_safe
@vary_on_headers("HX-Request")
@may("findings.read")
def asset(request: MemberRequest, asset: UUID) -> HttpResponse:
    try:
        found = queries.asset(request.org, asset, **_cursor(request))
    except Asset.DoesNotExist:
        raise Http404 from None
    context = {
        **_frame(request),
        "detail": found,
        "running": found.last is not None and found.last.status in UNFINISHED,
        "phase": words.phase(found.last) if found.last else "",
        "progress": words.progress(found.last) if found.last else "",
        "severity_urls": _worklist(request, asset),
        "teams": list(teams(request.org)) if "assets.own" in request.may else [],
        "importances": list(Importance),
        "exposures": list(Exposure),
    }
    template = "overview/_asset.html" if "HX-Request" in request.headers else "overview/asset.html"
    return render(request, template, context)


def _frame(request: MemberRequest) -> dict[str, Any]:
    slug = request.org.slug
    return {
        "list_url": reverse("findings:worklist", args=[slug]),
        "assets_url": reverse("overview:assets", args=[slug]),
    }


def _worklist(request: MemberRequest, asset: UUID | None = None) -> dict[str, str]:
    """Where each severity's number leads."""
    base = reverse("findings:worklist", args=[request.org.slug])
    return {name: base + Filters(severities=(name,), asset=asset).query() for name in SEVERITIES}


def _changed(request: MemberRequest, since: datetime) -> dict[str, str]:
    """Where the number of each change leads: to what it counts, whatever became of it."""
    base, moment = reverse("findings:worklist", args=[request.org.slug]), since.isoformat()
    status = dict.fromkeys(CHANGES, ANY) | {"resolved": "resolved"}
    return {
        change: base + Filters(since=moment, change=change, status=status[change], sort="-opened").query()
        for change in CHANGES
    }


def _cursor(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "") for name in ("after", "before")}
