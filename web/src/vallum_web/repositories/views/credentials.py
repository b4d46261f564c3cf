"""What opens a private repository: given, replaced, removed; never shown."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.repositories import queries, services
from vallum_web.repositories.forms import CredentialForm

UNPROCESSABLE = 422


@sensitive_post_parameters("token")
@require_http_methods(["GET", "HEAD", "POST"])
@may("assets.credential")
def show(request: MemberRequest, asset: UUID) -> HttpResponse:
    repository = queries.of_asset(request.org, asset)
    if repository is None or not repository.url:
        raise Http404
    form = CredentialForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        services.set_credential(request.org, request.user.pk, asset=asset, credential=form.cleaned_data["credential"])
        messages.success(request, "The token is kept, sealed. The next scan clones with it.")
        return redirect("overview:asset", org=request.org.slug, asset=asset)
    context = {"form": form, "repository": repository, "credential": queries.credential_of(request.org, asset)}
    return render(request, "repositories/credential.html", context, status=UNPROCESSABLE if form.is_bound else 200)


@require_POST
@may("assets.credential")
def remove(request: MemberRequest, asset: UUID) -> HttpResponse:
    repository = queries.of_asset(request.org, asset)
    if repository is None or not repository.url:
        raise Http404
    if services.remove_credential(request.org, request.user.pk, asset=asset):
        messages.success(request, "The token is removed here. Revoke it at the code host as well.")
    return redirect("repositories:credential", org=request.org.slug, asset=asset)
