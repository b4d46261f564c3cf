"""The pages on which operators announce what everybody has to be told, and see how far that has come."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vallum_web.accounts.access import operators_own
from vallum_web.accounts.legal import queries as texts
from vallum_web.accounts.legal.comparing import compare
from vallum_web.accounts.models import User
from vallum_web.operator.notices import queries
from vallum_web.operator.notices.forms import LetterForm, SuccessorForm, VersionForm, WhyForm
from vallum_web.operator.notices.services import announcing, handing_over
from vallum_web.tenancy.announcing.models import Announcement

UNPROCESSABLE = 422
GET_OR_POST = ["GET", "HEAD", "POST"]


@require_safe
@operators_own
def index(request: HttpRequest) -> HttpResponse:
    context = {
        "announcements": queries.announcements(),
        "waiting": texts.unannounced(),
    }
    return render(request, "operator/notices/index.html", context)


@require_http_methods(GET_OR_POST)
@operators_own
def version(request: HttpRequest, name: str) -> HttpResponse:
    found = queries.version(name)
    if found is None:
        raise Http404
    former = queries.before(found)
    form = VersionForm(request.POST or None, initial={"lines": "\n".join(found.summary)})

    def announce() -> Announcement:
        return announcing.announce_version(_me(request), found, form.asked())

    rows = list(compare(former.text if former else "", found.text))
    more = {"heading": found.document.heading, "number": found.number, "rows": rows, "submit": "Announce it"}
    return _asked(request, form, announce, more)


@require_http_methods(GET_OR_POST)
@operators_own
def successor(request: HttpRequest) -> HttpResponse:
    form = SuccessorForm(request.POST or None)

    def announce() -> Announcement:
        said = form.cleaned_data
        return announcing.announce_successor(_me(request), said["name"], said["contact"], form.asked())

    return _asked(request, form, announce, {"heading": "A successor", "submit": "Announce it"})


@require_http_methods(GET_OR_POST)
@operators_own
def letter(request: HttpRequest) -> HttpResponse:
    form = LetterForm(request.POST or None)

    def write() -> Announcement:
        said = form.cleaned_data
        return announcing.write_to_all(_me(request), said["title"], said["lines"], drill=said["how"] == "drill")

    return _asked(request, form, write, {"heading": "A letter to everybody", "submit": "Begin"})


def _asked(
    request: HttpRequest, form: forms.Form, act: Callable[[], Announcement], more: dict[str, Any]
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("operator_notices:shown", key=act().pk)
        except announcing.NotNowError as error:
            form.add_error(None, str(error))
    context = {"form": form, **more}
    return render(request, "operator/notices/new.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_safe
@operators_own
def shown(request: HttpRequest, key: UUID) -> HttpResponse:
    return _page(request, _found(key), WhyForm())


def _page(request: HttpRequest, row: Announcement, form: WhyForm) -> HttpResponse:
    unreached = queries.unreached(row, _after(request))
    is_successor = row.kind == Announcement.Kind.SUCCESSOR
    context = {
        "row": row,
        "progress": queries.progress(row),
        "unreached": unreached,
        "next": unreached[-1]["person"] if len(unreached) == queries.LISTED else None,
        "steps": queries.steps(row),
        "late": queries.told_late(row),
        "text": queries.text(row.what),
        "objectors": queries.objectors() if is_successor else [],
        "is_open": row.state in {Announcement.State.TELLING, Announcement.State.TOLD} and row.day is not None,
        "form": form,
    }
    return render(request, "operator/notices/shown.html", context, status=UNPROCESSABLE if form.errors else 200)


def _after(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET["after"])
    except (KeyError, ValueError):
        return None


@require_POST
@operators_own
def withdraw(request: HttpRequest, key: UUID) -> HttpResponse:
    row, form = _found(key), WhyForm(request.POST)
    if form.is_valid():
        try:
            announcing.withdraw(key, _me(request), form.cleaned_data["why"])
            return redirect("operator_notices:shown", key=key)
        except announcing.NotNowError as error:
            form.add_error(None, str(error))
    return _page(request, row, form)


@require_POST
@operators_own
def hand_over(request: HttpRequest, key: UUID) -> HttpResponse:
    _found(key)
    try:
        handing_over.hand_over(key, _me(request))
    except announcing.NotNowError as error:
        messages.error(request, str(error))
    return redirect("operator_notices:shown", key=key)


def _found(key: UUID) -> Announcement:
    try:
        return queries.one(key)
    except Announcement.DoesNotExist:
        raise Http404 from None


def _me(request: HttpRequest) -> UUID:
    return cast("User", request.user).pk
