"""The page behind an invitation's link."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from vallum_web.accounts import queries
from vallum_web.accounts.access import working
from vallum_web.accounts.services import AlreadyMemberError, invitations
from vallum_web.tenancy.entitlements import PlanFullError

UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
@working
def invited(request: HttpRequest, secret: str) -> HttpResponse:
    found = invitations.find(secret)
    if found is None:
        return render(request, "accounts/invitation_over.html", status=404)
    org, invitation = found
    context = {"org": org, "role": invitation.get_role_display(), "problem": ""}
    if not request.user.is_authenticated:
        request.session[invitations.INVITED] = secret
        onward = urlencode({"next": reverse("invitation", args=[secret])})
        return render(request, "accounts/invitation.html", {**context, "onward": onward})
    if request.method != "POST":
        return render(request, "accounts/invitation.html", context)
    try:
        invitations.accept(org, invitation.pk, request.user, verified=queries.verified(request.user))
    except AlreadyMemberError:
        pass
    except (PlanFullError, invitations.NotInvitedError) as error:
        return render(request, "accounts/invitation.html", {**context, "problem": str(error)}, status=UNPROCESSABLE)
    request.session.pop(invitations.INVITED, None)
    messages.success(request, f"Welcome to {org.name}.")
    return redirect("start") if invitation.role == "billing" else redirect("overview:home", org=org.slug)
