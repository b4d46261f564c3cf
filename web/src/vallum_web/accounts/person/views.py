"""The pages of "Your account" that no library brings."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from vallum_web.accounts.models import User
from vallum_web.accounts.person import services
from vallum_web.accounts.person.forms import ProfileForm

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
