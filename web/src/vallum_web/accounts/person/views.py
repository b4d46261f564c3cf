"""The pages of "Your account" that no library brings, and two of allauth's that need a little more."""

from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vallum_web.accounts.models import SignIn, User
from vallum_web.accounts.person import devices, queries, services
from vallum_web.accounts.person import sessions as running
from vallum_web.accounts.person.forms import ProfileForm
from vallum_web.accounts.services import signins

UNPROCESSABLE = 422


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    if request.method != "POST":
        form = ProfileForm(initial={"name": user.name, "theme": user.theme})
        return render(request, "accounts/profile.html", {"form": form})
    form = ProfileForm(request.POST)
    if not form.is_valid():
        return render(request, "accounts/profile.html", {"form": form}, status=UNPROCESSABLE)
    services.describe(user, name=form.cleaned_data["name"], theme=form.cleaned_data["theme"])
    messages.success(request, "Saved.")
    return redirect("profile")


@login_required
@require_safe
def no_proof(request: HttpRequest) -> HttpResponse:
    """Where a step-up leads who has nothing to prove themselves with."""
    return render(request, "accounts/no_proof.html")


@login_required
@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    found = queries.sessions(cast("User", request.user), here=request.session.session_key)
    return render(request, "accounts/sessions.html", {"sessions": found})


@login_required
@require_POST
def end_session(request: HttpRequest, session: int) -> HttpResponse:
    raise_if_reauthentication_required(request, app="vallum")
    user = cast("User", request.user)
    try:
        found = queries.session(user, session)
    except UserSession.DoesNotExist:
        raise Http404 from None
    device = devices.read(found.user_agent)
    running.end(request, [found])
    if request.user.is_authenticated:
        _tell(user, [str(device)])
        messages.success(request, f"{device} is signed out.")
    return redirect("sessions")


@login_required
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    raise_if_reauthentication_required(request, app="vallum")
    user = cast("User", request.user)
    found = list(queries.others(user, here=request.session.session_key))
    running.end(request, found)
    if found:
        _tell(user, [str(devices.read(session.user_agent)) for session in found])
    messages.success(request, "You are signed in here and nowhere else.")
    return redirect("sessions")


def _tell(user: User, ended: list[str]) -> None:
    signins.note(user, SignIn.Kind.SESSIONS_ENDED)
    get_adapter().send_notification_mail("account/email/sessions_ended", user, {"ended": ended})


class ActivateApp(ActivateTOTPView):  # type: ignore[misc]  # allauth ships no types
    """The code that proves the app is set up is a used code from then on."""

    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        services.spend_code(self.request.user, form.cleaned_data["code"])
        return answer


activate_app = ActivateApp.as_view()
