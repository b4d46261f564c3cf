"""By when findings should have ended: the organization's rules, tried on what is open before they hold."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from vallum_engine.model.finding import Severity
from vallum_web.accounts.access import MemberRequest, may
from vallum_web.assets.worth import Importance
from vallum_web.findings import due, due_queries, services
from vallum_web.findings.forms import DueForm

UNPROCESSABLE = 422


@require_safe
@may("findings.read")
def due_rules(request: MemberRequest) -> HttpResponse:
    return _page(request, DueForm(rules=due_queries.due_rules(request.org)))


@require_http_methods(["POST"])
@may("due.change")
def change_due_rules(request: MemberRequest) -> HttpResponse:
    """Try the table on what is open, or let it hold from now on."""
    form = DueForm(request.POST, rules=due_queries.due_rules(request.org))
    if not form.is_valid():
        return _page(request, form, status=UNPROCESSABLE)
    if "try" in request.POST:
        return _page(request, form, tried=due_queries.overdue_under(request.org, form.rules))
    services.set_due_rules(request.org, request.user.pk, form.rules)
    return redirect(reverse("findings:due_rules", args=[request.org.slug]) + "?saved=yes")


def _page(request: MemberRequest, form: DueForm, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "importances": [rank.word.capitalize() for rank in Importance],
        "lines": [
            (severity.value, [form[DueForm.name(severity.rank, rank.value)] for rank in Importance])
            for severity in Severity
        ],
        "form": form,
        "saved": request.GET.get("saved") == "yes",
        "most": due.MOST_DAYS,
        **more,
    }
    return render(request, "findings/due.html", context, status=status)
