"""One action on many findings: chosen, counted, confirmed, and watched."""

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from vallum_web.accounts import queries as people
from vallum_web.accounts.access import MemberRequest, may
from vallum_web.findings import queries, services, story, suppression_queries
from vallum_web.findings.filters import Filters
from vallum_web.findings.forms import AssignForm, SuppressForm
from vallum_web.findings.models import Bulk
from vallum_web.findings.services.bulk import MOST_KEYS

UNPROCESSABLE = 422
BY_HAND = (Bulk.Verb.SUPPRESS, Bulk.Verb.LIFT, Bulk.Verb.ASSIGN)


@require_POST
@may("findings.decide")
def bulk(request: MemberRequest) -> HttpResponse:
    """What was ticked on the list, or all that match it: first what is about to happen, then it."""
    verb = request.POST.get("verb", "")
    if verb == Bulk.Verb.RULE:
        return _to_rule(request)
    if verb not in BY_HAND:
        return HttpResponseBadRequest("Choose what to do: suppress, assign, or take suppressions back.")
    query = request.POST.get("query", "").removeprefix("?")
    everything = request.POST.get("all") == "yes"
    keys = [] if everything else _keys(request.POST.getlist("finding"))
    if not everything and not keys:
        return redirect(_list_url(request) + (f"?{query}" if query else ""))
    confirmed = request.POST.get("confirmed") == "yes"
    form = _form(request, Bulk.Verb(verb), request.POST if confirmed else None)
    if confirmed and form.is_valid():
        return _begun(request, Bulk.Verb(verb), _arguments(form), keys=keys, query=query)
    filters = Filters.parse(QueryDict(query))
    total = len(keys) if keys else queries.matching(request.org, filters).count()
    context = {
        "verb": verb,
        "label": Bulk.Verb(verb).label,
        "total": total,
        "form": form,
        "chosen": keys,
        "everything": everything,
        "cut": everything and queries.search_cut(filters),
        "query": f"?{query}" if query else "",
        "list_url": _list_url(request),
    }
    return render(request, "findings/bulk.html", context, status=UNPROCESSABLE if confirmed else 200)


def _begun(
    request: MemberRequest, verb: Bulk.Verb, arguments: dict[str, str | None], *, keys: list[UUID], query: str
) -> HttpResponse:
    try:
        begun = services.begin_bulk(
            request.org, request.user.pk, verb, arguments=arguments, keys=keys, query=query or "status=open"
        )
    except ValueError as error:  # more than are taken one by one, or a person who has left meanwhile
        return HttpResponseBadRequest(str(error))
    return redirect(reverse("findings:bulk_run", args=[request.org.slug, begun.pk]))


@require_safe
@vary_on_headers("HX-Request")
@may("findings.read")
def bulk_run(request: MemberRequest, bulk: UUID) -> HttpResponse:
    """How far an action is."""
    try:
        row = queries.bulk(request.org, bulk)
    except Bulk.DoesNotExist:
        raise Http404 from None
    template = "findings/_bulk_run.html" if "HX-Request" in request.headers else "findings/bulk_run.html"
    who = people.names([row.by]).get(row.by, story.NOBODY)
    return render(request, template, {"bulk": row, "who": who, "list_url": _list_url(request)})


@require_POST
@may("findings.decide")
def bulk_undo(request: MemberRequest, bulk: UUID) -> HttpResponse:
    try:
        again = services.undo_bulk(request.org, bulk, request.user.pk)
    except Bulk.DoesNotExist:
        raise Http404 from None
    return redirect(reverse("findings:bulk_run", args=[request.org.slug, again.pk]))


def _to_rule(request: MemberRequest) -> HttpResponse:
    """The form of a suppression rule, filled with what the findings have in common, or what the list is narrowed to."""
    if request.POST.get("all") == "yes":
        filters = Filters.parse(QueryDict(request.POST.get("query", "").removeprefix("?")))
        kind = filters.kinds[0] if len(filters.kinds) == 1 else ""
        said = {"kind": kind, "rule": filters.rule, "asset": str(filters.asset or "")}
    else:
        said = suppression_queries.alike(request.org, _keys(request.POST.getlist("finding"))[:MOST_KEYS])
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in said.items() if value})
    return redirect(f"{reverse('findings:new_suppression', args=[request.org.slug])}?{query.urlencode()}")


def _form(request: MemberRequest, verb: Bulk.Verb, data: QueryDict | None) -> forms.Form:
    if verb is Bulk.Verb.SUPPRESS:
        return SuppressForm(data)
    if verb is Bulk.Verb.ASSIGN:
        return AssignForm(data, people=queries.people_of(request.org), teams=queries.teams_of(request.org))
    return forms.Form(data)


def _arguments(form: forms.Form) -> dict[str, str | None]:
    return {name: _plain(value) for name, value in form.cleaned_data.items()}


def _plain(value: Any) -> str | None:
    if isinstance(value, date):
        return value.isoformat()
    return None if value is None else str(value)


def _keys(texts: list[str]) -> list[UUID]:
    found: list[UUID] = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue  # no finding of anybody's
    return found


def _list_url(request: MemberRequest) -> str:
    return reverse("findings:worklist", args=[request.org.slug])
