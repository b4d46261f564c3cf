"""What a page of the worklist shows, for every door that answers with one: the list, and the finding beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse

from vallum_web.accounts.access import MemberRequest
from vallum_web.findings import check_queries, counting, group_queries, listing, queries, story, suppression_queries
from vallum_web.findings.filters import Filters
from vallum_web.findings.forms import AssignForm, CommentForm, EditForm, SuppressForm, ViewForm
from vallum_web.findings.models import Comment, Finding, View
from vallum_web.findings.ticket import Ticket, ticket
from vallum_web.repositories import queries as repositories
from vallum_web.tenancy.models import Org

UNPROCESSABLE = 422
# Each with the action that it needs, and where only one of the two kinds of list has it, with that.
KEYS = (
    ("/", "search", "findings.read", "both"),
    ("x", "select", "findings.decide", "findings"),
    ("o", "show the worst of a group", "findings.read", "groups"),
    ("s", "suppress", "findings.decide", "both"),
    ("a", "assign", "findings.decide", "both"),
    ("t", "ticket", "findings.read", "both"),
    ("u", "take a suppression back", "findings.decide", "both"),
    ("c", "comment", "findings.comment", "both"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Takers:
    """To whom findings can be given; asked once for a page that shows both the list and a finding."""

    people: Mapping[UUID, str]
    teams: Mapping[UUID, str]

    @classmethod
    def of(cls, org: Org) -> "Takers":
        return cls(people=queries.people_of(org), teams=queries.teams_of(org))


def beside(request: MemberRequest, key: UUID, **more: Any) -> HttpResponse:
    """The panel alone, or in its place beside the list."""
    takers = Takers.of(request.org)
    shown = {**panel(request, key, takers), **more}
    if wants_part(request):
        # The link that asks for the panel alone is in the row.
        return render(request, "findings/_panel.html", {**shown, "listed": True})
    context = {**worklist(request, takers), **shown}
    listed = not place(request).group and any(row.pk == key for row in context["page"].rows)
    return render(request, "findings/worklist.html", {**context, "current": key, "listed": listed})


def changed(request: MemberRequest, key: UUID, *, undo: UUID | None) -> HttpResponse:
    """What changed, in place: the panel and the row, as far as the page shows them."""
    url = reverse("findings:finding", args=[request.org.slug, key])
    if not wants_part(request):
        return redirect(url + place(request).query(**cursor(request)))
    line = {**row(request, found(request, key)), "undo": undo}
    if request.headers.get("HX-Target") == "panel":
        listed = bool(request.POST.get("listed"))
        return render(request, "findings/_changed.html", {**panel(request, key), **line, "listed": listed})
    response = render(request, "findings/_row.html", line)
    if url in request.headers.get("HX-Current-URL", ""):
        beside = {**panel(request, key), "listed": True, "oob": True}
        response.write(f"<template>{render_to_string('findings/_panel.html', beside, request)}</template>")
    return response


def refused(request: MemberRequest, key: UUID, **forms: Any) -> HttpResponse:
    takers = Takers.of(request.org)
    shown = {**panel(request, key, takers), **forms, "listed": bool(request.POST.get("listed"))}
    if wants_part(request):
        return render(request, "findings/_panel.html", shown, status=UNPROCESSABLE)
    context = {**worklist(request, takers), **shown, "current": key}
    return render(request, "findings/worklist.html", context, status=UNPROCESSABLE)


def worklist(request: MemberRequest, takers: Takers | None = None) -> dict[str, Any]:
    filters = place(request)
    counts = counting.counts(request.org, filters)
    known = _choices(request, filters, takers or Takers.of(request.org))
    base = reverse("findings:worklist", args=[request.org.slug])
    lines = _grouped(request, base, filters) if filters.group else _listed(request, filters, counts)
    return {
        **links(request),
        **lines,
        "filters": filters,
        "counts": counts,
        "tabs": listing.tabs(base, filters, counts),
        "severities": listing.severities(base, filters, counts),
        "selects": listing.selects(filters, known),
        "kept": filters.kept(),
        "chips": listing.chips(base, filters, known),
        "exploited": listing.exploited(base, filters),
        "clear_url": base + Filters(status=filters.status, sort=filters.sort, group=filters.group).query(),
        **_views(request, base, filters),
        "keys": _keys(request, "groups" if filters.group else "findings"),
        "bulk_url": reverse("findings:bulk", args=[request.org.slug]),
        "looked": queries.looked(request.org, filters.asset),
    }


def _keys(request: MemberRequest, shown: str) -> list[tuple[str, str]]:
    """What the keyboard does here for this reader."""
    return [(key, what) for key, what, action, on in KEYS if action in request.may and on in ("both", shown)]


def _listed(request: MemberRequest, filters: Filters, counts: counting.Counts) -> dict[str, Any]:
    """Findings one by one."""
    page = queries.worklist(
        request.org, filters, after=cursor(request)["after"], before=cursor(request)["before"], found=counts.found
    )
    return {"page": page, "shown": listing.shown(len(page.rows), counts)}


def _grouped(request: MemberRequest, base: str, filters: Filters) -> dict[str, Any]:
    """What one fix, rule, asset or package brings together."""
    page = group_queries.groups(request.org, filters, after=cursor(request)["after"])
    first = reverse("findings:group", args=[request.org.slug])
    return {
        "page": page,
        "groups": [listing.group(base, first, filters, group) for group in page.rows],
        "shown": listing.shown_groups(page),
    }


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


def _choices(request: MemberRequest, filters: Filters, takers: Takers) -> listing.Choices:
    assets = queries.choices(request.org, filters)
    return listing.Choices(
        assets=assets, people=takers.people, teams=takers.teams, more_assets=queries.more_choices(request.org, assets)
    )


def links(request: MemberRequest) -> dict[str, Any]:
    """What a row and a panel need for the addresses in them."""
    return {
        "list_url": reverse("findings:worklist", args=[request.org.slug]),
        "assets_url": reverse("overview:assets", args=[request.org.slug]),
        "query": place(request).query(**cursor(request)),
    }


def row(request: MemberRequest, finding: Finding) -> dict[str, Any]:
    return {**links(request), "finding": finding}


def panel(request: MemberRequest, key: UUID, takers: Takers | None = None) -> dict[str, Any]:
    try:
        detail = queries.detail(request.org, key)
    except Finding.DoesNotExist:
        raise Http404 from None
    data = detail.finding.data
    why = story.why(detail.finding, detail.threat)
    given = {"assignee": detail.finding.assignee or "", "team": detail.finding.team_id or ""}
    return {
        **links(request),
        "detail": detail,
        "finding": detail.finding,
        "why": why,
        "ticket": _ticket(request, detail, why),
        "verdicts": story.verdicts(data),
        "told": story.told(data),
        "checking": check_queries.checking(request.org.pk, detail.finding) if detail.finding.kind == "secret" else None,
        "advisories": story.advisories(data),
        "references": story.references(data),
        "revoke": story.revoking(data),
        "decisions": story.decisions(detail.decisions, detail.names, _rules(request, detail)),
        "alike_url": _alike_url(request, detail.finding),
        "timeline": story.timeline(detail.events, detail.names),
        "talk": _talk(request, detail),
        "comment_form": CommentForm(auto_id="comment-%s"),
        "form": SuppressForm(),
        "assign_form": assign_form(request, takers=takers, initial=given),
        "assignee": detail.names.get(detail.finding.assignee, story.NOBODY) if detail.finding.assignee else "",
    }


def _rules(request: MemberRequest, detail: queries.Detail) -> dict[UUID, str]:
    """What the suppression rules say that hide the finding, or did."""
    return suppression_queries.words_of(request.org, [row.by_rule for row in detail.decisions if row.by_rule])


def _alike_url(request: MemberRequest, finding: Finding) -> str:
    """The form of a suppression rule, filled with what the finding is."""
    if "suppressions.change" not in request.may:
        return ""
    query = QueryDict(mutable=True)
    query.update(suppression_queries.like(finding))
    return f"{reverse('findings:new_suppression', args=[request.org.slug])}?{query.urlencode()}"


def _ticket(request: MemberRequest, detail: queries.Detail, why: str) -> Ticket:
    row = detail.finding
    repository = repositories.of_asset(request.org, row.asset_id)
    return ticket(
        row,
        why=why,
        places=sum(place.gone_scan_id is None for place in detail.places),
        url=settings.PUBLIC_URL + reverse("findings:finding", args=[request.org.slug, row.pk]),
        repository=repository.url if repository else "",
    )


def _talk(request: MemberRequest, detail: queries.Detail) -> list[tuple[Comment, str, EditForm | None]]:
    """Each comment with its writer's name, and with a form where it is the reader's own."""

    def form(row: Comment) -> EditForm | None:
        own = row.by == request.user.pk and row.deleted_at is None and "findings.comment" in request.may
        return EditForm(initial={"text": row.text}, auto_id=ids(row.pk)) if own else None

    return [(row, detail.names.get(row.by, story.NOBODY), form(row)) for row in detail.comments]


def ids(comment: UUID) -> str:
    """A field's own name on a page with several such forms."""
    return f"comment-{comment}-%s"


def assign_form(
    request: MemberRequest, data: QueryDict | None = None, *, takers: Takers | None = None, **given: Any
) -> AssignForm:
    known = takers or Takers.of(request.org)
    return AssignForm(data, people=known.people, teams=known.teams, **given)


def found(request: MemberRequest, key: UUID) -> Finding:
    try:
        return queries.finding(request.org, key)
    except Finding.DoesNotExist:
        raise Http404 from None


def place(request: HttpRequest) -> Filters:
    return Filters.parse(request.GET)


def cursor(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "") for name in ("after", "before")}


def wants_part(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
