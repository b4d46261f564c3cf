"""What members do about a subscription. Each sends one command to the provider, and shows what came of it."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.billing import money, queries
from vallum_web.billing.forms import OrderForm, PeriodForm, SeatsForm
from vallum_web.billing.models import BillingCommand
from vallum_web.billing.services import commands, flows, withdrawal
from vallum_web.billing.services.flows import NotNowError
from vallum_web.billing.views import NOT_SOLD
from vallum_web.billing.wire import NoAnswerError, RefusedError
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.plans import Period
from vallum_web.tenancy.scope import scope

NO_ANSWER = (
    "The payment provider has not answered yet. What you asked for is sent again until it does: look here in an hour."
)
Change = Callable[..., HttpResponse]


def _told(view: Change) -> Change:
    """What goes wrong is said on the plan's page."""

    @wraps(view)
    def run(request: MemberRequest, **names: object) -> HttpResponse:
        if isinstance(key := names.get("command"), UUID):
            with scope(request.org.pk):
                _command(request.org, key)
        if not settings.BILLING:
            messages.error(request, NOT_SOLD)
            return _plan(request)
        try:
            return view(request, **names)
        except NotNowError as error:
            messages.error(request, str(error))
        except RefusedError as error:
            messages.error(request, f"The payment provider said no: {error}")
        except NoAnswerError:
            messages.warning(request, NO_ANSWER)
        return _plan(request)

    return run


@require_POST
@may("billing.change", scoped=False)
@_told
def subscribe(request: MemberRequest) -> HttpResponse:
    form = OrderForm(request.POST)
    if not form.is_valid():
        raise NotNowError("Say how many seats, paid by the month or the year, and in which currency.")
    command = flows.checkout(request.org, request.user.pk, form.order)
    return redirect("billing:away", org=request.org.slug, command=command.pk)


@require_safe
@may("billing.change", scoped=False)
@_told
def away(request: MemberRequest, command: UUID) -> HttpResponse:
    """A page of ours that names the provider's, and leads there: no script of theirs ever runs here."""
    with scope(request.org.pk):
        row = _command(request.org, command)
    if row.kind != "checkout" or row.state != BillingCommand.State.DONE:
        raise Http404
    return _leave(request, flows.away(row), row.get_provider_display())


@require_safe
@may("billing.change", scoped=False)
@_told
def portal(request: MemberRequest) -> HttpResponse:
    return _leave(request, flows.portal(request.org), "Stripe")


@require_safe
@may("billing.read", scoped=False)
@_told
def back(request: MemberRequest) -> HttpResponse:
    """Whoever comes back from the provider. What the address says counts for nothing."""
    flows.back(request.org)
    with scope(request.org.pk):
        has = queries.bought(request.org)
    if has:
        messages.success(request, f"{request.org.name} has {has.mirror.seats} seats of Pro.")
    else:
        messages.info(
            request, "The payment provider knows of no payment yet. If you paid, it shows here within minutes."
        )
    return _plan(request)


@require_http_methods(["GET", "HEAD", "POST"])
@may("billing.change", scoped=False)
@_told
def seats(request: MemberRequest) -> HttpResponse:
    """Asked for how many, shown what it costs now, done once that is confirmed."""
    form = SeatsForm(request.POST or request.GET)
    if not form.is_valid():
        raise NotNowError("Say how many seats.")
    number, at = form.cleaned_data["seats"], form.cleaned_data["at"]
    with scope(request.org.pk):
        has = queries.bought(request.org)
    if has is None:
        raise NotNowError("There is no subscription to change.")
    if request.method != "POST":
        cost = flows.preview(request.org, number) if number > has.mirror.seats else None
        told = {
            "has": has,
            "seats": number,
            "at": int(clock.now().timestamp()),
            "cost": money.written(*cost) if cost else "",
        }
        return render(request, "billing/seats.html", told)
    row = flows.set_seats(request.org, request.user.pk, number, at=at)
    if row.kind == "checkout":
        return _other_mandate(request, row, number)
    with scope(request.org.pk):
        now = queries.bought(request.org)
    if now and now.mirror.seats == number:
        messages.success(request, f"{request.org.name} has {number} seats now.")
    elif number < has.mirror.seats:
        messages.success(request, f"From {money.day(has.mirror.period_end)} on there are {number} seats.")
    else:
        messages.warning(request, "The payment waits for you to confirm it: “Pay” leads to where that is done.")
    return _plan(request)


@require_POST
@may("billing.change", scoped=False)
@_told
def period(request: MemberRequest) -> HttpResponse:
    form = PeriodForm(request.POST)
    if not form.is_valid():
        raise NotNowError("Say whether it is paid by the month or by the year.")
    wanted = Period(form.cleaned_data["period"])
    row = flows.set_period(request.org, request.user.pk, wanted)
    if row.kind == "checkout":
        return _other_mandate(request, row, row.args["seats"])
    when = "now" if wanted is Period.YEAR else "the end of what is paid"
    messages.success(request, f"It is paid by the {wanted.value} from {when} on.")
    return _plan(request)


@require_POST
@may("billing.change", scoped=False, suspended=True)
@_told
def cancel(request: MemberRequest) -> HttpResponse:
    flows.cancel(request.org, request.user.pk)
    messages.success(
        request, "The subscription is cancelled. What is paid stays yours until its end, and you can take this back."
    )
    return _plan(request)


@require_http_methods(["GET", "HEAD", "POST"])
@may("billing.change", scoped=False, suspended=True)
@_told
def withdraw(request: MemberRequest) -> HttpResponse:
    """What is given back, and the one button that does it."""
    if request.method != "POST":
        return render(request, "billing/withdraw.html", {"right": withdrawal.right(request.org)})
    done = withdrawal.withdraw(request.org, request.user.pk)
    messages.success(request, f"You withdrew from the contract. {done.written} is given back; a mail confirms it.")
    return _plan(request)


@require_POST
@may("billing.change", scoped=False)
@_told
def resume(request: MemberRequest) -> HttpResponse:
    flows.resume(request.org, request.user.pk)
    messages.success(request, "The subscription goes on.")
    return _plan(request)


@require_POST
@may("billing.change", scoped=False)
@_told
def take_back(request: MemberRequest, command: UUID) -> HttpResponse:
    if not commands.take_back(request.org, request.user.pk, command):
        raise NotNowError("It is sent already.")
    messages.success(request, "The planned change is taken back.")
    return _plan(request)


def _command(org: Org, key: UUID) -> BillingCommand:
    try:
        return queries.command(org, key)
    except BillingCommand.DoesNotExist:
        raise Http404 from None


def _other_mandate(request: MemberRequest, row: BillingCommand, number: int) -> HttpResponse:
    messages.info(
        request,
        f"Your way of paying allows no change of what was agreed. With another mandate, of {number} seats, it goes on when what "
        "is paid ends; the present one then stops by itself.",
    )
    return redirect("billing:away", org=request.org.slug, command=row.pk)


def _leave(request: HttpRequest, url: str, provider: str) -> HttpResponse:
    if not url:
        raise NotNowError(f"That page of {provider} is closed: begin again.")
    return render(request, "billing/away.html", {"url": url, "provider": provider})


def _plan(request: MemberRequest) -> HttpResponse:
    return redirect("billing:plan", org=request.org.slug)
