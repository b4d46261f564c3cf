"""How mails fare, for people who run the platform; and whether their domain is set up for them."""

from email.utils import parseaddr
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vallum_guard.errors import GuardError
from vallum_web.accounts.access import operators_own
from vallum_web.mail import delivery, domain, services
from vallum_web.operator.forms import AddressForm, SelectorForm
from vallum_web.tenancy import egress
from vallum_web.tenancy.processors import queries as processors

PURPOSE = "mail domain"
UNPROCESSABLE = 422


@require_safe
@operators_own
def delivered(request: HttpRequest) -> HttpResponse:
    context = {
        "delivery": delivery.now(),
        "way": settings.MAIL,
        "form": AddressForm(),
        "sender": settings.DEFAULT_FROM_EMAIL,
        "barred": any(each.used and each.lacking for each in processors.standing() if each.party.id == "resend"),
    }
    return render(request, "operator/mail.html", context)


@require_POST
@operators_own
def send_again(request: HttpRequest, message: UUID) -> HttpResponse:
    if not services.send_again(message):
        raise Http404
    messages.success(request, "It is sent again, and may arrive twice.")
    return redirect("operator:mail")


@require_POST
@operators_own
def reviewed(_request: HttpRequest, message: UUID) -> HttpResponse:
    if not services.review(message):
        raise Http404
    return redirect("operator:mail")


@require_POST
@operators_own
def lift(request: HttpRequest) -> HttpResponse:
    form = AddressForm(request.POST)
    if form.is_valid() and services.lift(form.cleaned_data["address"]):
        messages.success(request, "Mails go to this address again.")
    else:
        messages.error(request, "Nothing keeps mails from this address.")
    return redirect("operator:mail")


@require_http_methods(["GET", "HEAD", "POST"])
@operators_own
def of_domain(request: HttpRequest) -> HttpResponse:
    """Asks when somebody presses the button: the questions leave this machine."""
    by_resend = settings.MAIL == "resend"
    name = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower()
    form = SelectorForm(request.POST or None, initial={"selector": domain.RESEND_SELECTOR})
    context: dict[str, Any] = {"form": form, "domain": name, "lines": []}
    if request.method == "POST" and form.is_valid():
        try:
            names = domain.asked(name, by_resend=by_resend, selector=form.cleaned_data["selector"].lower())
        except ValueError as error:
            form.add_error(None, str(error))
        else:
            context["lines"] = [
                domain.spf(names.spf, _texts(names.spf), by_resend=by_resend),
                domain.dkim(names.dkim, _texts(names.dkim)),
                domain.dmarc(names.dmarc, _texts(names.dmarc)),
            ]
    return render(request, "operator/mail_domain.html", context, status=UNPROCESSABLE if form.errors else 200)


def _texts(name: str) -> tuple[str, ...] | None:
    try:
        return egress.platform_texts(name, purpose=PURPOSE)
    except GuardError:
        return None
