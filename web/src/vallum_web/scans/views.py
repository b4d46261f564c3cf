from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from vallum_web.accounts import queries as people
from vallum_web.accounts.access import MemberRequest, may
from vallum_web.assets import queries as assets
from vallum_web.assets.models import Asset
from vallum_web.scans import queries, services, words
from vallum_web.scans.models import Coverage, Scan


@require_safe
@vary_on_headers("HX-Request")
@may("findings.read")
def scan(request: MemberRequest, scan: UUID) -> HttpResponse:
    try:
        found = queries.scan(request.org, scan)
    except Scan.DoesNotExist:
        raise Http404 from None
    template = "scans/_scan.html" if "HX-Request" in request.headers else "scans/scan.html"
    return render(request, template, _context(request, found))


@require_POST
@may("scans.start")
def scan_now(request: MemberRequest, asset: UUID) -> HttpResponse:
    """Queue a scan; while one waits or runs, that one is shown."""
    try:
        assets.asset(request.org, asset)
    except Asset.DoesNotExist:
        raise Http404 from None
    services.request(request.org, asset, request.user.pk)
    return redirect("overview:asset", org=request.org.slug, asset=asset)


def _context(request: MemberRequest, scan: Scan) -> dict[str, Any]:
    lines = queries.coverage(request.org, scan)
    return {
        "scan": scan,
        "running": scan.status in queries.UNFINISHED,
        "phase": words.phase(scan),
        "progress": words.progress(scan),
        "isolation": words.isolation(scan),
        "todo": words.todo(scan),
        "asking": words.asking(scan),
        "tools": words.tools(scan),
        "rejected": queries.rejected_page(request.org, scan, **_cursor(request)) if "records" in scan.outcome else None,
        "read_again": scan.origin != Scan.Origin.REQUESTED and scan.status == Scan.Status.FAILED,
        "by": people.names([scan.by]).get(scan.by, "a former member") if scan.by else "",
        "rulesets": [line for line in lines if line.verdict == Coverage.Verdict.RAN],
        "gaps": [line for line in lines if not line.covered],
        "left_out": [line for line in lines if line.covered and line.verdict != Coverage.Verdict.RAN],
        "errors_cut": services.MAX_GAPS if len(scan.errors) >= services.MAX_GAPS else 0,
    }


def _cursor(request: MemberRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "") for name in ("after", "before")}
