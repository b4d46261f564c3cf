"""What was unusual in an organization, why that was raised, and the two answers: that was us, or it was not."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from vallum_web.accounts.abuse import queries, services
from vallum_web.accounts.abuse.forms import CloseForm, WatchingForm
from vallum_web.accounts.access import MemberRequest, may

UNPROCESSABLE = 422
REFUSED = "Nothing was written down: say which of the two it was, and keep the note to one line of 200 characters."


@require_safe
@may("abuse.read")
def cases(request: MemberRequest) -> HttpResponse:
    return _page(request)


@require_POST
@may("abuse.manage")
def close(request: MemberRequest, case: UUID) -> HttpResponse:
    if not queries.open_cases(request.org).filter(pk=case).exists():
        raise Http404
    form = CloseForm(request.POST)
    if not form.is_valid():
        return _page(request, status=UNPROCESSABLE, refused=REFUSED)
    said = form.cleaned_data
    try:
        found = services.close(request.org, case, request.user, verdict=said["verdict"], note=said["note"])
    except services.OwnExportError:
        messages.warning(
            request, "This is your own export: somebody else lets it go, or it begins when the hour is over."
        )
        return redirect("abuse:cases", org=request.org.slug)
    if not found:
        raise Http404
    return redirect("abuse:cases", org=request.org.slug)


@require_POST
@may("abuse.manage")
def choose(request: MemberRequest) -> HttpResponse:
    form = WatchingForm(request.POST)
    if form.is_valid():
        services.choose(request.org, request.user, **form.cleaned_data)
    return redirect("abuse:cases", org=request.org.slug)


def _page(request: MemberRequest, *, status: int = 200, refused: str = "") -> HttpResponse:
    chosen = queries.chosen(request.org)
    context = {
        "open": queries.named(queries.open_cases(request.org)),
        "closed": queries.named(queries.closed_cases(request.org)),
        "form": WatchingForm(initial=chosen),
        "chosen": chosen,
        "refused": refused,
    }
    return render(request, "abuse/cases.html", context, status=status)
