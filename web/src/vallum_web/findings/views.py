"""The worklist and the finding beside it. Every answer is a page, or the part of it that htmx asked for."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.findings import listing, queries, services, story
from vallum_web.findings.filters import Filters
from vallum_web.findings.forms import AssignForm, CommentForm, EditForm, SuppressForm, ViewForm
from vallum_web.findings.models import Comment, Finding, Identity, View

UNPROCESSABLE = 422
KEYS = (
    ("/", "search"),
    ("x", "select"),
    ("s", "suppress"),
    ("a", "assign"),
    ("u", "take a suppression back"),
    ("c", "comment"),
)


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.read")
def worklist(request: MemberRequest) -> HttpResponse:
    context = _list(request)
    if not _wants_part(request):
        return render(request, "findings/worklist.html", context)
    response = render(request, "findings/_list.html", {**context, "part": True})
    response["HX-Push-Url"] = context["list_url"] + context["query"]
    return response


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.read")
def finding(request: MemberRequest, finding: UUID) -> HttpResponse:
    return _beside(request, finding, _panel(request, finding))


def _beside(request: MemberRequest, key: UUID, panel: dict[str, Any]) -> HttpResponse:
    """The panel alone, or in its place beside the list."""
    if _wants_part(request):
        # The link that asks for the panel alone is in the row.
        return render(request, "findings/_panel.html", {**panel, "listed": True})
    context = {**_list(request), **panel}
    listed = any(row.pk == key for row in context["page"].rows)
    return render(request, "findings/worklist.html", {**context, "current": key, "listed": listed})


@require_safe
@may("findings.read")
def row(request: MemberRequest, finding: UUID) -> HttpResponse:
    """A row as it is now, without the offer to undo."""
    return render(request, "findings/_row.html", _row(request, _found(request, finding)))


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.decide")
def suppress(request: MemberRequest, finding: UUID) -> HttpResponse:
    """The finding with the form open, and what the form sends."""
    if request.method != "POST":
        return _beside(request, finding, {**_panel(request, finding), "deciding": True})
    form = SuppressForm(request.POST)
    if not form.is_valid():
        return _refused(request, finding, form=form, deciding=True)
    try:
        decision = services.suppress(request.org, finding, request.user.pk, **form.cleaned_data)
    except Finding.DoesNotExist:
        raise Http404 from None
    return _changed(request, finding, undo=decision.pk)


@require_POST
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.decide")
def lift(request: MemberRequest, finding: UUID, decision: UUID | None = None) -> HttpResponse:
    """Take back one decision (what Undo offers) or all of them."""
    try:
        services.lift(request.org, finding, request.user.pk, decision=decision)
    except Finding.DoesNotExist:
        raise Http404 from None
    return _changed(request, finding, undo=None)


@require_POST
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.decide")
def assign(request: MemberRequest, finding: UUID) -> HttpResponse:
    """Give it to a person, a team, or nobody."""
    form = _assign_form(request, request.POST)
    if not form.is_valid():
        return _refused(request, finding, assign_form=form, assigning=True)
    try:
        services.assign(request.org, finding, request.user.pk, **form.cleaned_data)
    except Finding.DoesNotExist:
        raise Http404 from None
    return _changed(request, finding, undo=None)


@require_POST
@may("findings.decide")
def split(request: MemberRequest, finding: UUID, line: UUID) -> HttpResponse:
    """What was taken for this finding becomes one of its own; its page opens."""
    try:
        own = services.split(request.org, finding, line, request.user.pk)
    except Identity.DoesNotExist:
        raise Http404 from None
    return redirect(reverse("findings:finding", args=[request.org.slug, own.pk]))


@require_POST
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.comment")
def comment(request: MemberRequest, finding: UUID) -> HttpResponse:
    form = CommentForm(request.POST, auto_id="comment-%s")
    if not form.is_valid():
        return _refused(request, finding, comment_form=form)
    try:
        services.comment(request.org, finding, request.user.pk, form.cleaned_data["text"])
    except Finding.DoesNotExist:
        raise Http404 from None
    return _changed(request, finding, undo=None)


@require_POST
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.comment")
def edit_comment(request: MemberRequest, finding: UUID, comment: UUID) -> HttpResponse:
    form = EditForm(request.POST, auto_id=_ids(comment))
    if not form.is_valid():
        return _refused(request, finding, editing=comment, edit_form=form)
    try:
        services.edit_comment(request.org, finding, comment, request.user.pk, text=form.cleaned_data["text"])
    except Comment.DoesNotExist:
        raise Http404 from None
    return _changed(request, finding, undo=None)


@require_POST
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.comment")
def delete_comment(request: MemberRequest, finding: UUID, comment: UUID) -> HttpResponse:
    try:
        services.delete_comment(request.org, finding, comment, request.user.pk)
    except Comment.DoesNotExist:
        raise Http404 from None
    return _changed(request, finding, undo=None)


@require_POST
@may("findings.read")
def save_view(request: MemberRequest) -> HttpResponse:
    """Keep the list that the address names, for oneself."""
    return _saved(request, shared=False)


@require_POST
@may("views.share")
def share_view(request: MemberRequest) -> HttpResponse:
    """The same for everybody in the organization."""
    return _saved(request, shared=True)


def _saved(request: MemberRequest, *, shared: bool) -> HttpResponse:
    form, filters = ViewForm(request.POST, auto_id="view-%s"), _place(request)
    if form.is_valid():
        try:
            services.save_view(request.org, request.user.pk, form.cleaned_data["name"], filters, shared=shared)
            return _to_list(request)
        except services.ViewRefusedError as error:
            form.add_error(None, str(error))
    context = {**_list(request), "view_form": form, "saving": True}
    return render(request, "findings/worklist.html", context, status=UNPROCESSABLE)


@require_POST
@may("findings.read")
def delete_view(request: MemberRequest, view: UUID) -> HttpResponse:
    """One's own."""
    try:
        services.delete_view(request.org, view, request.user.pk)
    except View.DoesNotExist:
        raise Http404 from None
    return _to_list(request)


@require_POST
@may("views.delete")
def delete_shared_view(request: MemberRequest, shared: UUID) -> HttpResponse:
    """Whoever's it is."""
    try:
        services.delete_shared_view(request.org, shared, request.user.pk)
    except View.DoesNotExist:
        raise Http404 from None
    return _to_list(request)


def _to_list(request: MemberRequest) -> HttpResponse:
    return redirect(reverse("findings:worklist", args=[request.org.slug]) + _place(request).query())


def _views(request: MemberRequest, base: str, filters: Filters) -> dict[str, Any]:
    """Saved views as links, and where those that the reader may delete are deleted."""
    rows = queries.views(request.org, request.user.pk)

    def address(view: View) -> str:
        if view.by == request.user.pk:
            return reverse("findings:delete_view", args=[request.org.slug, view.pk])
        may = "views.delete" in request.may
        return reverse("findings:delete_shared_view", args=[request.org.slug, view.pk]) if may else ""

    return {
        "views": listing.saved(base, filters, rows),
        "deletable": [(view, address(view)) for view in rows if address(view)],
        "view_form": ViewForm(auto_id="view-%s"),
    }


def _ids(comment: UUID) -> str:
    """A field's own name on a page with several such forms."""
    return f"comment-{comment}-%s"


def _talk(request: MemberRequest, detail: queries.Detail) -> list[tuple[Comment, str, EditForm | None]]:
    """Each comment with its writer's name, and with a form where it is the reader's own."""

    def form(row: Comment) -> EditForm | None:
        own = row.by == request.user.pk and row.deleted_at is None and "findings.comment" in request.may
        return EditForm(initial={"text": row.text}, auto_id=_ids(row.pk)) if own else None

    return [(row, detail.names.get(row.by, story.NOBODY), form(row)) for row in detail.comments]


def _changed(request: MemberRequest, key: UUID, *, undo: UUID | None) -> HttpResponse:
    """What changed, in place: the panel and the row, as far as the page shows them."""
    url = reverse("findings:finding", args=[request.org.slug, key])
    if not _wants_part(request):
        return redirect(url + _place(request).query(**_cursor(request)))
    found = _found(request, key)
    row = {**_row(request, found), "undo": undo}
    if request.headers.get("HX-Target") == "panel":
        listed = bool(request.POST.get("listed"))
        return render(request, "findings/_changed.html", {**_panel(request, key), **row, "listed": listed})
    response = render(request, "findings/_row.html", row)
    if url in request.headers.get("HX-Current-URL", ""):
        panel = render_to_string("findings/_panel.html", {**_panel(request, key), "listed": True, "oob": True}, request)
        response.write(f"<template>{panel}</template>")
    return response


def _refused(request: MemberRequest, key: UUID, **forms: Any) -> HttpResponse:
    panel = {**_panel(request, key), **forms, "listed": bool(request.POST.get("listed"))}
    if _wants_part(request):
        return render(request, "findings/_panel.html", panel, status=UNPROCESSABLE)
    context = {**_list(request), **panel, "current": key}
    return render(request, "findings/worklist.html", context, status=UNPROCESSABLE)


def _list(request: MemberRequest) -> dict[str, Any]:
    filters, cursor = _place(request), _cursor(request)
    page = queries.worklist(request.org, filters, after=cursor["after"], before=cursor["before"])
    counts = queries.counts(request.org, filters)
    choices = _choices(request, filters)
    base = reverse("findings:worklist", args=[request.org.slug])
    return {
        **_links(request),
        "filters": filters,
        "page": page,
        "counts": counts,
        "tabs": listing.tabs(base, filters, counts),
        "severities": listing.severities(base, filters, counts),
        "selects": listing.selects(filters, choices),
        "chips": listing.chips(base, filters, choices),
        "exploited": listing.exploited(base, filters),
        "clear_url": base + Filters(status=filters.status, sort=filters.sort).query(),
        "shown": listing.shown(len(page.rows), counts),
        **_views(request, base, filters),
        "keys": KEYS,
        "bulk_url": reverse("findings:bulk", args=[request.org.slug]),
        "looked": None if page.rows else queries.looked(request.org, filters.asset),
    }


def _choices(request: MemberRequest, filters: Filters) -> listing.Choices:
    assets = queries.choices(request.org, filters)
    return listing.Choices(
        assets=assets,
        people=queries.people_of(request.org),
        teams=queries.teams_of(request.org),
        more_assets=queries.more_choices(request.org, assets),
    )


def _links(request: MemberRequest) -> dict[str, Any]:
    """What a row and a panel need for the addresses in them."""
    return {
        "list_url": reverse("findings:worklist", args=[request.org.slug]),
        "query": _place(request).query(**_cursor(request)),
    }


def _row(request: MemberRequest, finding: Finding) -> dict[str, Any]:
    return {**_links(request), "finding": finding}


def _panel(request: MemberRequest, key: UUID) -> dict[str, Any]:
    try:
        detail = queries.detail(request.org, key)
    except Finding.DoesNotExist:
        raise Http404 from None
    data = detail.finding.data
    return {
        **_links(request),
        "detail": detail,
        "finding": detail.finding,
        "why": story.why(detail.finding, detail.threat),
        "advisories": story.advisories(data),
        "references": story.references(data),
        "decisions": story.decisions(detail.decisions, detail.names),
        "timeline": story.timeline(detail.events, detail.names),
        "talk": _talk(request, detail),
        "comment_form": CommentForm(auto_id="comment-%s"),
        "form": SuppressForm(),
        "assign_form": _assign_form(
            request, initial={"assignee": detail.finding.assignee or "", "team": detail.finding.team_id or ""}
        ),
        "assignee": detail.names.get(detail.finding.assignee, story.NOBODY) if detail.finding.assignee else "",
    }


def _assign_form(request: MemberRequest, data: QueryDict | None = None, **given: Any) -> AssignForm:
    return AssignForm(data, people=queries.people_of(request.org), teams=queries.teams_of(request.org), **given)


def _found(request: MemberRequest, key: UUID) -> Finding:
    try:
        return queries.finding(request.org, key)
    except Finding.DoesNotExist:
        raise Http404 from None


def _place(request: HttpRequest) -> Filters:
    return Filters.parse(request.GET)


def _cursor(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "") for name in ("after", "before")}


def _wants_part(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
