"""The organization's keys: which there are, what is sealed under each, and a new one for the asking. No key, no value."""

import logging

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.tenancy.keyring import KeyringError, rotation
from vallum_web.tenancy.keyring.inventory import inventory

log = logging.getLogger(__name__)


@require_safe
@may("keys.read")
def index(request: MemberRequest) -> HttpResponse:
    return render(request, "accounts/keys.html", {"inventory": inventory(request.org.pk)})


@require_POST
@may("keys.rotate")
def rotate(request: MemberRequest) -> HttpResponse:
    try:
        rotation.ask(request.org.pk, request.user.pk)
    except KeyringError:
        log.exception("The key of organization %s cannot be rotated", request.org.pk)
        messages.error(request, "The key was not rotated. Whoever runs the platform finds the reason in its log.")
    else:
        messages.success(request, "The worker makes a new key, and moves everything under it.")
    return redirect("accounts:keys", org=request.org.slug)
