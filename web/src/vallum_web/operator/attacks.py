"""Attacks on signing in, which belong to no organization; of what organizations have, how many there are."""

from typing import cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from vallum_web.accounts.abuse import queries, services
from vallum_web.accounts.access import operators_own
from vallum_web.accounts.models import User


@require_safe
@operators_own
def index(request: HttpRequest) -> HttpResponse:
    context = {"attacks": queries.attacks(), "counts": queries.counts()}
    return render(request, "operator/attacks.html", context)


@require_POST
@operators_own
def close(request: HttpRequest, attack: UUID) -> HttpResponse:
    services.close_attack(attack, cast("User", request.user))
    return redirect("operator:attacks")
