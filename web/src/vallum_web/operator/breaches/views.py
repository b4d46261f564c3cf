"""The desk for breaches: the register, one breach with its clocks, whom it touches, and who was told."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vallum_web.accounts.access import operators_own
from vallum_web.accounts.models import User
from vallum_web.operator.breaches import papers, queries, reach, services
from vallum_web.operator.breaches.forms import (
    FactsForm,
    ReachForm,
    ReferenceForm,
    SettleForm,
    TellForm,
    WordsForm,
)
from vallum_web.operator.breaches.models import Duty, Incident
from vallum_web.operator.breaches.services import telling
from vallum_web.tenancy import clock

UNPROCESSABLE = 422
READ_OR_SEND = ["GET", "HEAD", "POST"]


def _who(request: HttpRequest) -> UUID:
    return cast("User", request.user).pk


def _row(key: UUID) -> Incident:
    try:
        return queries.one(key)
    except Incident.DoesNotExist:
        raise Http404 from None


@require_safe
@operators_own
def register(request: HttpRequest) -> HttpResponse:
    return render(request, "breaches/register.html", {"rows": queries.listed()})


@require_safe
@operators_own
def exported(_request: HttpRequest, form: str) -> HttpResponse:
    """The whole register: what Article 33, paragraph 5 asks to be shown."""
    name = f"breaches-{clock.now():%Y-%m-%d}.{form}"
    if form == "csv":
        answer = HttpResponse(papers.as_csv(), content_type="text/csv; charset=utf-8")
    else:
        answer = JsonResponse({"breaches": papers.register()}, json_dumps_params={"indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_http_methods(READ_OR_SEND)
@operators_own
def record(request: HttpRequest) -> HttpResponse:
    form = FactsForm(request.POST or None, initial={"detected_at": clock.now(), "aware_at": clock.now()})
    if request.method == "POST" and form.is_valid():
        try:
            made = services.record(form.cleaned_data, _who(request))
            return redirect("operator_breaches:incident", key=made.pk)
        except services.NotNowError as error:
            form.add_error(None, str(error))
    context = {"form": form, "row": None}
    return render(request, "breaches/facts.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_http_methods(READ_OR_SEND)
@operators_own
def facts(request: HttpRequest, key: UUID) -> HttpResponse:
    row = _row(key)
    initial = {name: getattr(row, name) for name in services.FACTS}
    form = FactsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change(key, form.cleaned_data, _who(request))
            return redirect("operator_breaches:incident", key=key)
        except services.NotNowError as error:
            form.add_error(None, str(error))
    context = {"form": form, "row": row}
    return render(request, "breaches/facts.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_safe
@operators_own
def incident(request: HttpRequest, key: UUID) -> HttpResponse:
    return _page(request, _row(key))


def _page(request: HttpRequest, row: Incident, **bound: forms.Form) -> HttpResponse:
    """One breach; `bound` are forms that were sent and not taken."""
    standings = queries.standings(row)
    due = [each.duty.what for each in standings if each.duty.state == Duty.State.DUE]
    context: dict[str, Any] = {
        "row": row,
        "nature": [papers.NATURE[each] for each in row.nature],
        "standings": standings,
        "due": due,
        "steps": queries.steps(row),
        "listings": row.listings.order_by("-made_at"),
        "proofs": queries.proofs(row),
        "settle": SettleForm(due=due, auto_id="settle-%s"),
        "tell": TellForm(incident=row, initial={"listing": row.listings.order_by("-made_at").first()}),
        "publish": WordsForm(initial={"words": row.public}, auto_id="publish-%s"),
        "reference": ReferenceForm(),
        "close": WordsForm(auto_id="close-%s"),
        **bound,
    }
    return render(request, "breaches/incident.html", context, status=UNPROCESSABLE if bound else 200)


@require_POST
@operators_own
def settle(request: HttpRequest, key: UUID) -> HttpResponse:
    row = _row(key)
    due = [each.duty.what for each in queries.standings(row) if each.duty.state == Duty.State.DUE]
    form = SettleForm(request.POST, due=due, auto_id="settle-%s")
    if form.is_valid():
        said = form.cleaned_data
        try:
            services.settle(key, said["what"], _who(request), told=said["how"] == "done", words=said["words"])
            return redirect("operator_breaches:incident", key=key)
        except services.NotNowError as error:
            form.add_error(None, str(error))
    return _page(request, row, settle=form)


@require_http_methods(READ_OR_SEND)
@operators_own
def reached(request: HttpRequest, key: UUID) -> HttpResponse:
    """Asking shows counts and changes nothing; freezing keeps the list. The address holds the question."""
    row, sent = _row(key), request.POST if request.method == "POST" else request.GET
    form = ReachForm(sent or None)
    found = None
    if sent and form.is_valid():
        try:
            if request.method == "POST":
                made = services.freeze(key, form.asked(), _who(request))
                messages.success(request, f"Frozen: {made.people} people, {made.digest[:12]}.")
                return redirect("operator_breaches:incident", key=key)
            found = reach.resolve(form.asked())
        except (services.NotNowError, reach.NoSuchPlaceError) as error:
            form.add_error(None, str(error))
    context = {
        "row": row,
        "form": form,
        "found": found,
        "places": [(name, found.members[each]) for each, name in found.orgs.items()] if found else [],
        "asked": [(name, value) for name in request.GET for value in request.GET.getlist(name)],
    }
    return render(request, "breaches/reach.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_POST
@operators_own
def tell(request: HttpRequest, key: UUID) -> HttpResponse:
    row = _row(key)
    form = TellForm(request.POST, incident=row)
    if form.is_valid():
        said = form.cleaned_data
        try:
            telling.begin(
                key, said["whom"], said["listing"].pk, text=said["text"], advice=said["advice"], by=_who(request)
            )
            messages.success(request, "They are being told, one by one.")
            return redirect("operator_breaches:incident", key=key)
        except services.NotNowError as error:
            form.add_error(None, str(error))
    return _page(request, row, tell=form)


@require_safe
@operators_own
def paper(_request: HttpRequest, key: UUID) -> HttpResponse:
    """The notification to the authority, with what is known now."""
    row = _row(key)
    number = row.next_number("authority")
    answer = HttpResponse(papers.to_authority(row, number), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="notification-{row.pk}-{number}.txt"'
    return answer


@require_POST
@operators_own
def handed_in(request: HttpRequest, key: UUID) -> HttpResponse:
    row = _row(key)
    form = ReferenceForm(request.POST)
    if form.is_valid():
        try:
            telling.to_authority(key, _who(request), form.cleaned_data["reference"])
            return redirect("operator_breaches:incident", key=key)
        except services.NotNowError as error:
            form.add_error(None, str(error))
    return _page(request, row, reference=form)


@require_POST
@operators_own
def publish(request: HttpRequest, key: UUID) -> HttpResponse:
    return _with_words(request, key, "publish")


@require_POST
@operators_own
def close(request: HttpRequest, key: UUID) -> HttpResponse:
    return _with_words(request, key, "close")


def _with_words(request: HttpRequest, key: UUID, what: str) -> HttpResponse:
    row = _row(key)
    form = WordsForm(request.POST, auto_id=f"{what}-%s")
    if form.is_valid():
        words = form.cleaned_data["words"]
        try:
            if what == "close":
                services.close(key, _who(request), words)
            else:
                services.publish(key, words, _who(request))
            return redirect("operator_breaches:incident", key=key)
        except services.NotNowError as error:
            form.add_error(None, str(error))
    return _page(request, row, **{what: form})
