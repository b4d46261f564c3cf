"""The audit log: a list, an entry beside it, and the whole of it as a file."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.accounts.audit import export, listing, queries
from vallum_web.accounts.audit.filters import Filters
from vallum_web.tenancy.audit.kinds import FAMILIES
from vallum_web.tenancy.audit.models import Entry

UNPROCESSABLE = 422


class ExportForm(forms.Form):
    """In which form a copy is wanted."""

    written = forms.ChoiceField(
        label="As", choices=export.Form.choices(), help_text="Only NDJSON holds what is needed to verify it elsewhere."
    )


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
@may("audit.read")
def index(request: MemberRequest) -> HttpResponse:
    context = _list(request)
    if not _wants_part(request):
        return render(request, "accounts/audit.html", context)
    response = render(request, "accounts/_audit_list.html", {**context, "part": True})
    response["HX-Push-Url"] = context["list_url"] + context["query"]
    return response


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
@may("audit.read")
def entry(request: MemberRequest, entry: UUID) -> HttpResponse:
    """The entry alone, or in its place beside the list."""
    try:
        found = queries.entry(request.org, entry)
    except Entry.DoesNotExist:
        raise Http404 from None
    panel = _panel(request, found)
    if _wants_part(request):
        return render(request, "accounts/_audit_entry.html", panel)
    return render(request, "accounts/audit.html", {**_list(request), **panel, "current": found.pk})


@require_http_methods(["GET", "HEAD", "POST"])
@may("audit.export")
def export_file(request: MemberRequest) -> HttpResponseBase:
    """Which form, and then the file. The copy is an act: it is in the log before its first line is sent."""
    filters = Filters.parse(request.GET)
    form = ExportForm(request.POST if request.method == "POST" else None, initial={"written": export.Form.NDJSON.value})
    if request.method != "POST" or not form.is_valid():
        status = UNPROCESSABLE if request.method == "POST" else 200
        base = reverse("accounts:audit_export", args=[request.org.slug])
        context = {
            "form": form,
            "chips": listing.chips(base, filters, _names(request, [])),
            "list_url": reverse("accounts:audit", args=[request.org.slug]) + filters.query(),
            "action": base + filters.query(),
        }
        return render(request, "accounts/audit_export.html", context, status=status)
    copy = export.begin(request.org, request.user.pk, filters, export.Form(form.cleaned_data["written"]))
    response = StreamingHttpResponse(copy.lines(), content_type=copy.form.content_type)
    response["Content-Disposition"] = f'attachment; filename="{copy.filename}"'
    return response


def _list(request: MemberRequest) -> dict[str, Any]:
    filters, cursor = Filters.parse(request.GET), _cursor(request)
    page = queries.page(request.org, filters, **cursor)
    members = queries.choices(request.org)
    known = listing.names(request.org, page.rows, members)
    base = reverse("accounts:audit", args=[request.org.slug])
    return {
        "filters": filters,
        "page": page,
        "lines": listing.lines(request.org, page.rows, known),
        "chips": listing.chips(base, filters, known),
        "families": sorted(FAMILIES.items(), key=lambda item: item[1]),
        "members": members,
        "state": queries.state(request.org),
        "list_url": base,
        "query": filters.query(**cursor),
        "export_url": reverse("accounts:audit_export", args=[request.org.slug]) + filters.query(),
    }


def _panel(request: MemberRequest, found: Entry) -> dict[str, Any]:
    filters = Filters.parse(request.GET)
    known = _names(request, [found])
    base = reverse("accounts:audit", args=[request.org.slug])
    return {
        "entry": found,
        "line": listing.lines(request.org, [found], known)[0],
        "facts": list(listing.facts(found)),
        "hash": bytes(found.hash).hex(),
        "previous": bytes(found.previous).hex(),
        "sealed_sha256": bytes(found.sealed_sha256).hex(),
        "subject": known.of(found.subject),
        "subject_url": listing.subject_page(request.org, found),
        "about_url": base + Filters(subject=found.subject).query(),
        "by_url": base + Filters(actor=found.actor).query() if found.actor else "",
        "token_url": base + Filters(token=found.via).query() if found.via else "",
        "list_url": base,
        "query": filters.query(**_cursor(request)),
    }


def _names(request: MemberRequest, rows: list[Entry]) -> listing.Names:
    return listing.names(request.org, rows, queries.choices(request.org))


def _cursor(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "") for name in ("after", "before")}


def _wants_part(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
