"""Suppression rules: the list, a new one tried on the record before it holds, and lifting."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vallum_web.accounts import queries as people
from vallum_web.accounts.access import MemberRequest, may
from vallum_web.findings import queries, services, story, suppression_queries
from vallum_web.findings.filters import Filters
from vallum_web.findings.forms import RuleForm
from vallum_web.findings.models import Bulk, SuppressionRule
from vallum_web.findings.trying import TooManyToTryError

UNPROCESSABLE = 422
FILLED = ("kind", "rule", "path", "package", "cve", "asset", "severity")
"""What an address may fill the form with."""


@require_safe
@may("findings.read")
def suppressions(request: MemberRequest) -> HttpResponse:
    lines = suppression_queries.rules(request.org)
    named = people.names({person for line in lines for person in (line.rule.by, line.rule.lifted_by) if person})

    def told(line: suppression_queries.Line) -> tuple[suppression_queries.Line, str, str]:
        lifter = line.rule.lifted_by
        return line, named.get(line.rule.by, story.NOBODY), named.get(lifter, story.NOBODY) if lifter else ""

    context = {
        "standing": [told(line) for line in lines if line.in_force],
        "past": [told(line) for line in lines if not line.in_force],
        "most_past": suppression_queries.MOST_PAST,
    }
    return render(request, "findings/suppressions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@may("suppressions.change")
def new_suppression(request: MemberRequest) -> HttpResponse:
    """The form, filled as the address says; what it sends is tried, or holds from now on."""
    assets = queries.choices(request.org, Filters.parse(request.GET))
    if request.method != "POST":
        initial = {name: request.GET[name][:300] for name in FILLED if name in request.GET}
        return _page(request, RuleForm(initial=initial, assets=assets))
    form = RuleForm(request.POST, assets=assets)
    if not form.is_valid():
        return _page(request, form, status=UNPROCESSABLE)
    if "try" in request.POST:
        return _tried(request, form)
    try:
        _, begun = services.make_rule(request.org, request.user.pk, form.cleaned_data["pattern"], **form.why)
    except services.RuleRefusedError as error:
        form.add_error(None, str(error))
        return _page(request, form, status=UNPROCESSABLE)
    return _watched(request, begun)


@require_POST
@may("suppressions.change")
def lift_suppression(request: MemberRequest, suppression: UUID) -> HttpResponse:
    try:
        begun = services.lift_rule(request.org, suppression, request.user.pk)
    except SuppressionRule.DoesNotExist:
        raise Http404 from None
    return _watched(request, begun)


def _tried(request: MemberRequest, form: RuleForm) -> HttpResponse:
    try:
        tried = suppression_queries.preview(request.org, form.cleaned_data["pattern"])
    except TooManyToTryError:
        form.add_error(
            None, "The record is too large to try this while you wait: name a rule or an asset, and try again."
        )
        return _page(request, form, status=UNPROCESSABLE)
    name = dict(form.fields["asset"].choices).get(form.cleaned_data["asset"], "")  # type: ignore[attr-defined] # a choice
    return _page(request, form, tried=tried, words=form.cleaned_data["pattern"].words(str(name)))


def _watched(request: MemberRequest, begun: Bulk) -> HttpResponse:
    return redirect(reverse("findings:bulk_run", args=[request.org.slug, begun.pk]))


def _page(request: MemberRequest, form: RuleForm, *, status: int = 200, **more: Any) -> HttpResponse:
    return render(request, "findings/suppression.html", {"form": form, **more}, status=status)
