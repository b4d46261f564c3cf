"""Single sign-on in an organization's settings: who vouches, for which domains, and whether there is another way in."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.accounts.models import Domain, IdentityProvider, SsoIdentity
from vallum_web.accounts.sso import domains, flow, queries, services, setup
from vallum_web.accounts.sso.errors import SsoError
from vallum_web.accounts.sso.forms import DomainForm, OidcForm, SamlForm
from vallum_web.accounts.sso.pending import Purpose
from vallum_web.tenancy.scope import scope

UNPROCESSABLE = 422
_FORMS: Mapping[str, type[OidcForm | SamlForm]] = {"oidc": OidcForm, "saml": SamlForm}


@require_safe
@may("sso.read")
def index(request: MemberRequest) -> HttpResponse:
    return _index(request, DomainForm())


def _index(request: MemberRequest, form: DomainForm, status: int = 200) -> HttpResponse:
    kept = list(queries.providers(request.org))
    context = {
        "providers": kept,
        "in_use": next((provider for provider in kept if provider.enabled), None),
        "domains": list(queries.domains(request.org)),
        "form": form,
        "prefix": domains.PREFIX,
        "label": domains.LABEL,
        "file": domains.FILE,
    }
    return render(request, "accounts/sso/settings.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@may("sso.manage", scoped=False)
def add(request: MemberRequest, kind: str) -> HttpResponse:
    if request.method != "POST":
        return _form(request, kind, _FORMS[kind]())
    form = _FORMS[kind](request.POST, request.FILES)
    if form.is_valid():
        try:
            values = setup.read(request.org.pk, kind, form.cleaned_data)
        except SsoError as error:
            form.add_error("issuer" if kind == "oidc" else None, str(error))
        else:
            made = services.add(request.org, request.user, kind=kind, **values)
            messages.success(request, f"“{made.name}” is added. Test it, then switch it on.")
            return redirect("accounts:sso_provider", org=request.org.slug, provider=made.pk)
    return _form(request, kind, form, status=UNPROCESSABLE)


@require_http_methods(["GET", "HEAD", "POST"])
@may("sso.manage", scoped=False)
def change(request: MemberRequest, provider: UUID) -> HttpResponse:
    known = _known(request, provider)
    if request.method != "POST":
        shown = {"name": known.name, "issuer": known.issuer, "client_id": known.client_id, "role": known.role}
        return _form(request, known.kind, _FORMS[known.kind](initial=shown, known=True), known=known)
    form = _FORMS[known.kind](request.POST, request.FILES, initial={"issuer": known.issuer}, known=True)
    if form.is_valid():
        try:
            values = setup.read(request.org.pk, known.kind, form.cleaned_data, known=known)
        except SsoError as error:
            form.add_error("issuer" if known.kind == "oidc" else None, str(error))
        else:
            services.change(known, request.user, **values)
            messages.success(request, "Saved.")
            return redirect("accounts:sso_provider", org=request.org.slug, provider=provider)
    return _form(request, known.kind, form, known=known, status=UNPROCESSABLE)


def _form(
    request: MemberRequest,
    kind: str,
    form: OidcForm | SamlForm,
    *,
    known: IdentityProvider | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {"kind": kind, "form": form, "provider": known}
    return render(request, "accounts/sso/provider_form.html", context, status=status)


@require_safe
@may("sso.read")
def provider(request: MemberRequest, provider: UUID) -> HttpResponse:
    known = _known(request, provider)
    context: dict[str, Any] = {
        "provider": known,
        "callback": flow.address(known.pk, "callback"),
        "ours": flow.ours(known.pk),
        "identities": list(queries.identities(known)),
        "good_until": setup.good_until(known),
        "proved": queries.domains(request.org).filter(verified_at__isnull=False).exists(),
        "rescue": setup.somebody_has_two_factors(queries.owners(request.org)),
    }
    return render(request, "accounts/sso/provider.html", context)


@require_POST
@may("sso.manage")
def remove(request: MemberRequest, provider: UUID) -> HttpResponse:
    known = _known(request, provider)
    services.remove(known, request.user)
    messages.success(request, f"“{known.name}” is removed: it no longer signs in anybody.")
    return redirect("accounts:sso", org=request.org.slug)


@require_POST
@may("sso.manage")
def switch(request: MemberRequest, provider: UUID) -> HttpResponse:
    """On or off; required or not."""
    known = _known(request, provider)
    refusal = setup.switch(known, request.user, request.POST.get("to", ""))
    if refusal:
        messages.error(request, refusal)
    else:
        messages.success(request, "Changed.")
    return redirect("accounts:sso_provider", org=request.org.slug, provider=provider)


@require_POST
@may("sso.manage", scoped=False)
def test(request: MemberRequest, provider: UUID) -> HttpResponse:
    known = _known(request, provider)
    try:
        return flow.depart(request, known, Purpose.TEST)
    except SsoError as error:
        messages.error(request, str(error))
        return redirect("accounts:sso_provider", org=request.org.slug, provider=provider)


@require_safe
@may("sso.read")
def tested(request: MemberRequest, provider: UUID) -> HttpResponse:
    """What the provider said, once: it is kept in the administrator's own session, and nowhere else."""
    known = _known(request, provider)
    said = request.session.pop(flow.TESTED, None)
    if not said or said.get("provider") != str(provider):
        return redirect("accounts:sso_provider", org=request.org.slug, provider=provider)
    return render(request, "accounts/sso/tested.html", {"provider": known, "said": said})


@require_POST
@may("sso.manage")
def untie(request: MemberRequest, identity: UUID) -> HttpResponse:
    try:
        found = queries.identity(request.org, identity)
    except SsoIdentity.DoesNotExist:
        raise Http404 from None
    services.untie(found, request.user)
    messages.success(request, f"{found.user} is no longer tied to this identity.")
    return redirect("accounts:sso_provider", org=request.org.slug, provider=found.provider_id)


@require_POST
@may("sso.manage")
def add_domain(request: MemberRequest) -> HttpResponse:
    form = DomainForm(request.POST)
    if form.is_valid():
        try:
            domains.add(request.org, request.user, form.cleaned_data["name"])
        except domains.TooManyError as error:
            form.add_error("name", str(error))
        else:
            return redirect("accounts:sso", org=request.org.slug)
    return _index(request, form, status=UNPROCESSABLE)


@require_POST
@may("sso.manage", scoped=False)
def check_domain(request: MemberRequest, domain: UUID) -> HttpResponse:
    try:
        found = domains.check(request.org.pk, domain, request.user)
    except Domain.DoesNotExist:
        raise Http404 from None
    except domains.TakenError as error:
        messages.error(request, str(error))
    else:
        level = messages.SUCCESS if found.seen is domains.Seen.PROVED else messages.WARNING
        messages.add_message(request, level, setup.SEEN[found.seen].format(why=found.why))
    return redirect("accounts:sso", org=request.org.slug)


@require_POST
@may("sso.manage")
def remove_domain(request: MemberRequest, domain: UUID) -> HttpResponse:
    try:
        found = queries.domain(request.org, domain)
    except Domain.DoesNotExist:
        raise Http404 from None
    domains.remove(found, request.user)
    messages.success(request, f"{found.name} is removed.")
    return redirect("accounts:sso", org=request.org.slug)


def _known(request: MemberRequest, key: UUID) -> IdentityProvider:
    with scope(request.org.pk, user=request.user.pk):
        try:
            return queries.provider(request.org, key)
        except IdentityProvider.DoesNotExist:
            raise Http404 from None
