"""The gates of an organization: the list, one of them, the editor, and what a gate would have said."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vallum_engine.gate.policy import BadPolicy, Policy
from vallum_engine.gate.words import sentences
from vallum_web.accounts.access import MemberRequest, may
from vallum_web.assets import queries as assets
from vallum_web.assets.models import Asset
from vallum_web.gates import forms, queries, services
from vallum_web.gates.forms import GateForm, TryForm
from vallum_web.gates.judge import REPLAYED, replay
from vallum_web.gates.models import Gate
from vallum_web.gates.reach import Reach
from vallum_web.gates.ready import READY
from vallum_web.gates.services import Wanted

UNPROCESSABLE = 422
REFUSALS = (BadPolicy, services.NameTakenError, services.TooManyGatesError)


@require_safe
@may("gates.read")
def index(request: MemberRequest) -> HttpResponse:
    rows = list(queries.gates(request.org))
    context = {
        "lines": queries.lines(request.org, rows),
        "ready": [(key, each, sentences(each.policy)) for key, each in queries.ready(rows).items()],
        "latest": queries.with_askers(request.org, queries.latest(request.org)),
    }
    return render(request, "gates/index.html", context)


@require_safe
@may("gates.read")
def gate(request: MemberRequest, gate: UUID) -> HttpResponse:
    """One gate: what it asks, what it answered, and what it would have said of an asset (`?asset=`)."""
    found = _found(request, gate)
    (line,) = queries.lines(request.org, [found])
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = queries.evaluation_page(request.org, gate=found.pk, after=after, before=before)
    context = {
        "gate": found,
        "line": line,
        "page": page,
        "answered": queries.with_askers(request.org, page.rows),
        **_tried(request, request.GET, queries.policy(found)),
    }
    return render(request, "gates/gate.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@may("gates.change")
def new(request: MemberRequest) -> HttpResponse:
    return _edited(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@may("gates.change")
def edit(request: MemberRequest, gate: UUID) -> HttpResponse:
    return _edited(request, _found(request, gate))


@require_POST
@may("gates.change")
def add_ready(request: MemberRequest) -> HttpResponse:
    """Add one of the ready-made gates."""
    chosen = READY.get(request.POST.get("ready", ""))
    if chosen is None:
        messages.error(request, "There is no ready-made gate of that name: choose one of the list.")
        return redirect("gates:index", org=request.org.slug)
    try:
        services.make(request.org, request.user.pk, Wanted(name=chosen.name, policy=chosen.policy, scope=Reach()))
    except REFUSALS as error:
        messages.error(request, str(error))
    return redirect("gates:index", org=request.org.slug)


@require_POST
@may("gates.change")
def delete(request: MemberRequest, gate: UUID) -> HttpResponse:
    found = _found(request, gate)
    services.delete(request.org, found.pk, request.user.pk)
    messages.success(request, f"The gate {found.name} is gone, with what it answered.")
    return redirect("gates:index", org=request.org.slug)


def _edited(request: MemberRequest, found: Gate | None) -> HttpResponse:
    """The editor, what it sends, and, for `try`, what the gate on the page would have said: nothing is saved then."""
    lists = {"assets": queries.choices(request.org), "teams": queries.team_choices(request.org)}
    if request.method != "POST":
        form = GateForm(initial=forms.initial(found) if found else None, **lists)
        return _editor(request, found, form)
    form = GateForm(request.POST, **lists)
    if not form.is_valid():
        return _editor(request, found, form, status=UNPROCESSABLE)
    if "try" in request.POST:
        return _editor(request, found, form, policy=form.wanted.policy)
    try:
        saved = _saved(request, found, form.wanted)
    except REFUSALS as error:
        form.add_error("name" if isinstance(error, services.NameTakenError) else None, str(error))
        return _editor(request, found, form, status=UNPROCESSABLE)
    return redirect("gates:gate", org=request.org.slug, gate=saved.pk)


def _saved(request: MemberRequest, found: Gate | None, wanted: Wanted) -> Gate:
    if found is None:
        return services.make(request.org, request.user.pk, wanted)
    try:
        return services.change(request.org, found.pk, request.user.pk, wanted)
    except Gate.DoesNotExist:
        raise Http404 from None


def _editor(
    request: MemberRequest, found: Gate | None, form: GateForm, *, policy: Policy | None = None, status: int = 200
) -> HttpResponse:
    tried = _tried(request, request.POST, policy) if policy else {"choices": queries.choices(request.org)}
    return render(request, "gates/edit.html", {"gate": found, "form": form, **tried}, status=status)


def _tried(request: MemberRequest, given: QueryDict, policy: Policy) -> dict[str, Any]:
    """What the policy would have said of the asset that was chosen, at each of its last scans."""
    context: dict[str, Any] = {"choices": queries.choices(request.org), "most_replayed": REPLAYED}
    form = TryForm({"asset": given.get("asset", "")})
    if not form.is_valid():
        return context
    try:
        asset = assets.asset(request.org, form.cleaned_data["asset"])
    except Asset.DoesNotExist:
        return context
    return {**context, "tried": asset, "policy": sentences(policy), "replayed": replay(request.org, asset.pk, policy)}


def _found(request: MemberRequest, key: UUID) -> Gate:
    try:
        return queries.gate(request.org, key)
    except Gate.DoesNotExist:
        raise Http404 from None
