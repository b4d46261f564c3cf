"""For people who run the platform: break an organization open for an hour, in sight of its members."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from vallum_web.accounts.access import operators_own
from vallum_web.accounts.models import User
from vallum_web.accounts.services import staff
from vallum_web.operator.forms import BreakGlassForm
from vallum_web.tenancy.lookups import staff_orgs

UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
@operators_own
def index(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    form = BreakGlassForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            org = staff.begin(form.cleaned_data["slug"], user, form.cleaned_data["reason"])
            return redirect("overview:home", org=org.slug)
        except staff.NoAccessError as error:
            form.add_error(None, str(error))
    context = {"form": form, "opened": staff_orgs(user.pk)}
    return render(request, "operator/index.html", context, status=UNPROCESSABLE if form.errors else 200)
