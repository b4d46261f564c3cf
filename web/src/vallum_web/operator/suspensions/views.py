"""The register of suspensions, one of them with what was said against it, and a new one."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from vallum_web.accounts import queries as people
from vallum_web.accounts.access import operators_own
from vallum_web.accounts.models import User
from vallum_web.accounts.suspensions import queries, services
from vallum_web.accounts.suspensions.models import Suspension
from vallum_web.operator.suspensions.forms import DecideForm, LiftForm, SuspendForm
from vallum_web.tenancy import clock, lookups
from vallum_web.tenancy.scope import person

UNPROCESSABLE = 422
MOST_ENDED = 50


@require_safe
@operators_own
def register(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    held, ended = list(queries.held()), list(queries.ended()[:MOST_ENDED])
    waiting = list(queries.waiting())
    called = queries.called([*held, *ended, *(each.suspension for each in waiting)])
    context = {
        "waiting": [(each, called[each.suspension.subject], each.due_at < now) for each in waiting],
        "held": [(row, called[row.subject]) for row in held],
        "ended": [(row, called[row.subject]) for row in ended],
    }
    return render(request, "operator/suspensions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@operators_own
def new(request: HttpRequest) -> HttpResponse:
    by = cast("User", request.user)
    form = SuspendForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        subject = _subject(values["whose"], values.pop("name"), by)
        if subject is None:
            form.add_error("name", "There is nobody, and no organization, of that name.")
        else:
            try:
                made = services.suspend(services.Wanted(subject=subject, **values), by)
                return redirect("operator:suspension", key=made.pk)
            except services.NotNowError as error:
                form.add_error(None, str(error))
    context = {"form": form}
    return render(request, "operator/suspend.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@operators_own
def one(request: HttpRequest, key: UUID) -> HttpResponse:
    """What was said against it is decided here, or the suspension lifted without that."""
    try:
        row = queries.one(key)
    except Suspension.DoesNotExist:
        raise Http404 from None
    by, waiting = cast("User", request.user), queries.open_appeal(row)
    data = request.POST if request.method == "POST" else None
    lifts = data is not None and "lift" in data
    decide, lift = DecideForm(None if lifts else data), LiftForm(data if lifts else None)
    form: DecideForm | LiftForm = lift if lifts else decide
    if form.is_bound and form.is_valid():
        try:
            if isinstance(form, LiftForm):
                services.lift(row.pk, by, form.cleaned_data["reason"])
            elif waiting:
                services.decide(waiting.pk, by, **form.decided())
            messages.success(request, "Done, and everybody whom it concerns is told.")
            return redirect("operator:suspension", key=key)
        except services.NotNowError as error:
            form.add_error(None, str(error))
    context: dict[str, Any] = {
        "row": row,
        "called": queries.called([row])[row.subject],
        "by": people.names([row.made_by] if row.made_by else []).get(cast("UUID", row.made_by), "nobody any more"),
        "appeals": queries.appeals(row),
        "decide": decide if waiting else None,
        "lift": None if row.ended_at else lift,
    }
    return render(request, "operator/suspension.html", context, status=UNPROCESSABLE if form.errors else 200)


def _subject(whose: str, name: str, by: User) -> UUID | None:
    if whose == Suspension.Whose.PERSON:
        found = people.with_email(name)
        return found.pk if found else None
    with person(by.pk):
        return lookups.org_with(name.strip("/"))
