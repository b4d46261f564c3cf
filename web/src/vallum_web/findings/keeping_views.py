"""For how long findings are kept: chosen within the plan's bounds, and tried before it holds."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.findings import keeping_queries
from vallum_web.findings.services import expiring
from vallum_web.tenancy import clock
from vallum_web.tenancy.retention import windows

UNPROCESSABLE = 422


class KeepingForm(forms.Form):
    """`seen`: how many findings the person was shown to go at once."""

    days = forms.IntegerField(label="Days after a scan last saw it", min_value=1)
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)


@require_safe
@may("findings.read")
def keeping(request: MemberRequest) -> HttpResponse:
    return _page(request, None)


@require_safe
@may("findings.read")
def going(request: MemberRequest) -> HttpResponse:
    """What goes in the next thirty days, as a calendar (RFC 5545): an entry for each day, which takes nobody's time."""
    kept = keeping_queries.keeping(request.org)
    stamp = f"{clock.now():%Y%m%dT%H%M%SZ}"
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Vallum//What goes//EN"]
    for line in kept.going:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{line.day:%Y%m%d}-{request.org.pk}@vallum",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{line.day:%Y%m%d}",
            f"SUMMARY:Up to {line.findings} finding{'s' if line.findings != 1 else ''} will be deleted",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    answer = HttpResponse("".join(f"{line}\r\n" for line in [*lines, "END:VCALENDAR"]))
    answer["Content-Type"] = "text/calendar; charset=utf-8"
    answer["Content-Disposition"] = f'attachment; filename="going-{request.org.slug}.ics"'
    return answer


@require_http_methods(["POST"])
@may("keeping.change")
def change_keeping(request: MemberRequest) -> HttpResponse:
    """A shorter time is shown first, with what it costs; the second time, with the number that was seen, it holds."""
    form = KeepingForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=UNPROCESSABLE)
    days, seen = form.cleaned_data["days"], form.cleaned_data["seen"]
    window = keeping_queries.keeping(request.org).window
    if days != windows.bounded(window, days):
        form.add_error("days", f"The plan keeps findings for {window.least:,} to {window.most:,} days.")
        return _page(request, form, status=UNPROCESSABLE)
    due, before = keeping_queries.over(request.org, days)
    if "try" in request.POST or (due and (seen is None or due > seen)):
        going = keeping_queries.goes(request.org, days)
        return _page(request, form, tried={"days": days, "due": due, "going": sum(line.findings for line in going)})
    windows.choose(request.org, request.user.pk, days)
    if due:
        expiring.confirm(request.org, before)
    return redirect(reverse("findings:keeping", args=[request.org.slug]) + "?saved=yes")


def _page(request: MemberRequest, form: KeepingForm | None, *, status: int = 200, **more: Any) -> HttpResponse:
    kept = keeping_queries.keeping(request.org)
    context = {
        "kept": kept,
        "form": form or KeepingForm(initial={"days": kept.days}),
        "saved": request.GET.get("saved") == "yes",
        **more,
    }
    return render(request, "findings/keeping.html", context, status=status)
