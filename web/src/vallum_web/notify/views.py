"""The webhooks of an organization: the list, one with its log, the editor, and what is done with one."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vallum_guard.errors import GuardError
from vallum_web.accounts.access import MemberRequest, may
from vallum_web.notify import forms, queries, services
from vallum_web.notify.forms import WebhookForm
from vallum_web.notify.models import Delivery, Webhook

UNPROCESSABLE = 422
SWITCH = {"on": True, "off": False}


@require_safe
@may("webhooks.read")
def webhooks(request: MemberRequest) -> HttpResponse:
    context = {"lines": queries.lines(request.org, queries.webhooks(request.org)), "most": services.MOST}
    return render(request, "notify/webhooks.html", context)


@require_safe
@may("webhooks.read")
def webhook(request: MemberRequest, webhook: UUID) -> HttpResponse:
    return _shown(request, _found(request, webhook))


@require_http_methods(["GET", "HEAD", "POST"])
@may("webhooks.change")
def new_webhook(request: MemberRequest) -> HttpResponse:
    return _edited(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@may("webhooks.change")
def edit_webhook(request: MemberRequest, webhook: UUID) -> HttpResponse:
    return _edited(request, _found(request, webhook))


@require_POST
@may("webhooks.change")
def delete_webhook(request: MemberRequest, webhook: UUID) -> HttpResponse:
    found = _found(request, webhook)
    services.delete(request.org, found.pk, request.user.pk)
    messages.success(request, f"The webhook {found.name} is gone, with its log.")
    return redirect("notify:webhooks", org=request.org.slug)


@require_POST
@may("webhooks.change")
def rotate_webhook(request: MemberRequest, webhook: UUID) -> HttpResponse:
    found = _found(request, webhook)
    try:
        secret, _ = services.rotate(request.org, found.pk, request.user.pk)
    except services.RefusedError as error:
        messages.error(request, str(error))
        return redirect("notify:webhook", org=request.org.slug, webhook=found.pk)
    return _shown(request, _found(request, webhook), secret=secret)


@require_POST
@may("webhooks.change")
def switch_webhook(request: MemberRequest, webhook: UUID) -> HttpResponse:
    found = _found(request, webhook)
    wanted = SWITCH.get(request.POST.get("switch", ""))
    if wanted is None:
        return HttpResponseBadRequest("Say on or off.")
    services.switch(request.org, found.pk, request.user.pk, on=wanted)
    return redirect("notify:webhook", org=request.org.slug, webhook=found.pk)


@require_POST
@may("webhooks.change")
def test_webhook(request: MemberRequest, webhook: UUID) -> HttpResponse:
    found = _found(request, webhook)
    try:
        made = services.test(request.org, found.pk, request.user.pk)
    except services.RefusedError as error:
        messages.error(request, str(error))
        return redirect("notify:webhook", org=request.org.slug, webhook=found.pk)
    return redirect("notify:delivery", org=request.org.slug, delivery=made.pk)


@require_safe
@may("webhooks.read")
def delivery(request: MemberRequest, delivery: UUID) -> HttpResponse:
    """One message: its bytes, and every try."""
    found = _delivered(request, delivery)
    context = {"delivery": found, "webhook": found.webhook, "attempts": queries.attempts(request.org, found.pk)}
    return render(request, "notify/delivery.html", context)


@require_POST
@may("webhooks.change")
def send_again(request: MemberRequest, delivery: UUID) -> HttpResponse:
    found = _delivered(request, delivery)
    try:
        services.again(request.org, found.pk, request.user.pk)
    except services.RefusedError as error:
        messages.error(request, str(error))
    return redirect("notify:delivery", org=request.org.slug, delivery=found.pk)


def _edited(request: MemberRequest, found: Webhook | None) -> HttpResponse:
    teams, known = queries.teams(request.org), found is not None
    if request.method != "POST":
        form = WebhookForm(initial=forms.initial(found) if found else None, teams=teams, known=known)
        return _editor(request, found, form)
    form = WebhookForm(request.POST, teams=teams, known=known)
    if form.is_valid():
        try:
            return _saved(request, found, form)
        except GuardError as error:
            form.add_error("url", str(error))
        except services.NameTakenError as error:
            form.add_error("name", str(error))
        except services.RefusedError as error:
            form.add_error(None, str(error))
    return _editor(request, found, form, status=UNPROCESSABLE)


def _saved(request: MemberRequest, found: Webhook | None, form: WebhookForm) -> HttpResponse:
    if found is None:
        made, secret = services.make(request.org, request.user.pk, form.wanted)
        return _shown(request, made, secret=secret if made.shape == Webhook.Shape.WEBHOOK else "")
    try:
        services.change(request.org, found.pk, request.user.pk, form.wanted)
    except Webhook.DoesNotExist:
        raise Http404 from None
    return redirect("notify:webhook", org=request.org.slug, webhook=found.pk)


def _editor(request: MemberRequest, found: Webhook | None, form: WebhookForm, *, status: int = 200) -> HttpResponse:
    return render(request, "notify/edit.html", {"webhook": found, "form": form}, status=status)


def _shown(request: MemberRequest, found: Webhook, *, secret: str = "") -> HttpResponse:
    """With its log; and with the secret, once."""
    (line,) = queries.lines(request.org, [found])
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = queries.delivery_page(request.org, webhook=found.pk, after=after, before=before)
    context = {
        "webhook": found,
        "line": line,
        "page": page,
        "deliveries": queries.with_last(request.org, page.rows),
        "secret": secret,
        "kept": services.KEPT_FOR,
    }
    return render(request, "notify/webhook.html", context)


def _found(request: MemberRequest, key: UUID) -> Webhook:
    try:
        return queries.webhook(request.org, key)
    except Webhook.DoesNotExist:
        raise Http404 from None


def _delivered(request: MemberRequest, key: UUID) -> Delivery:
    try:
        return queries.delivery(request.org, key)
    except Delivery.DoesNotExist:
        raise Http404 from None
