"""The list of exports, a new one of the worklist that the address names, and the files themselves."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from vallum_web.accounts import queries as people
from vallum_web.accounts.access import MemberRequest, may
from vallum_web.findings.files.selection import NOBODY
from vallum_web.findings.filters import Filters
from vallum_web.reports import queries, services, serving, words
from vallum_web.reports.forms import ExportForm
from vallum_web.reports.models import Export

UNPROCESSABLE = 422


@require_safe
@vary_on_headers("HX-Request")
@may("exports.make")
def exports(request: MemberRequest) -> HttpResponse:
    """The list alone for the page that asks again, as long as something is being written."""
    template = "reports/_exports.html" if "HX-Request" in request.headers else "reports/exports.html"
    return render(request, template, _context(request))


@require_POST
@may("exports.make")
def make(request: MemberRequest) -> HttpResponse:
    form = ExportForm(request.POST)
    if not form.is_valid():
        return render(request, "reports/exports.html", {**_context(request), "form": form}, status=UNPROCESSABLE)
    filters = Filters.parse(request.GET)
    try:
        services.ask(request.org, request.user.pk, form=form.cleaned_data["format"], filters=filters)
    except services.NotOfThisListError as error:
        form.add_error("format", str(error))
        return render(request, "reports/exports.html", {**_context(request), "form": form}, status=UNPROCESSABLE)
    return redirect(reverse("reports:exports", args=[request.org.slug]) + filters.query())


@require_safe
@may("findings.export")
def download(request: MemberRequest, export: UUID) -> HttpResponseBase:
    """That the file is taken is in the audit log before its first byte is sent."""
    row = _found(request, export)
    if row.status != Export.Status.DONE:
        return redirect(reverse("reports:exports", args=[request.org.slug]))
    services.downloaded(request.org, row, request.user.pk, asked=request.headers.get("Range", "")[:60])
    return serving.answer(request, row, queries.parts(request.org, row.pk))


@require_POST
@may("exports.make")
def delete(request: MemberRequest, export: UUID) -> HttpResponse:
    try:
        services.delete(request.org, export, request.user.pk)
    except Export.DoesNotExist:
        raise Http404 from None
    return redirect(reverse("reports:exports", args=[request.org.slug]) + Filters.parse(request.GET).query())


def _found(request: MemberRequest, key: UUID) -> Export:
    try:
        return queries.export(request.org, key)
    except Export.DoesNotExist:
        raise Http404 from None


def _context(request: MemberRequest) -> dict[str, Any]:
    filters = Filters.parse(request.GET)
    base = reverse("reports:exports", args=[request.org.slug])
    page = queries.page(request.org, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    told, names = queries.told(request.org, page.rows), people.names(row.by for row in page.rows)
    return {
        "form": ExportForm(),
        "of": words.told(filters, queries.names(request.org, [filters])),
        "list_url": reverse("findings:worklist", args=[request.org.slug]) + filters.query(),
        "make_url": reverse("reports:make", args=[request.org.slug]) + filters.query(),
        "base": base,
        "here": base + filters.query(after=request.GET.get("after", ""), before=request.GET.get("before", "")),
        "query": filters.query(),
        "page": page,
        "lines": [
            {
                "export": row,
                "of": told[row.pk],
                "by": names.get(row.by, NOBODY),
                "progress": words.progress(row),
            }
            for row in page.rows
        ],
        # One that is held is not worth asking after every other second.
        "running": any(row.status in queries.UNFINISHED and not row.held_until for row in page.rows),
    }
