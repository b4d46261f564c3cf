"""For whoever wants in. A stranger who asks about a domain or an address learns only whether a sign-in begins."""

from typing import Any, cast
from uuid import UUID

from allauth.account.internal.flows.reauthentication import resume_request
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vallum_web.accounts.models import IdentityProvider, User
from vallum_web.accounts.sso import door, flow, oidc, pending, queries, saml, services
from vallum_web.accounts.sso.claims import Claims, from_oidc
from vallum_web.accounts.sso.errors import Reason, RefusedError, SsoError, UnaskedError, UnreachableError
from vallum_web.accounts.sso.forms import FindForm
from vallum_web.accounts.sso.pending import Purpose
from vallum_web.tenancy import lookups
from vallum_web.tenancy.scope import scope

UNPROCESSABLE = 422
NOBODY = "Nobody answers single sign-on for this. Check what you wrote, or sign in with your password."
# What a provider answers with instead of a code, if the person did not want to or may not (RFC 6749, section 4.1.2.1).
_DECLINED = "error"


@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest, who: str = "") -> HttpResponse:
    if request.method != "POST":
        form = FindForm(initial={"who": who})
        return render(request, "accounts/sso/find.html", {"form": form, "then": request.GET.get("next", "")})
    form = FindForm(request.POST)
    then = request.POST.get("next", "")
    if form.is_valid():
        provider = _asked_for(form.cleaned_data["who"])
        if provider:
            try:
                return flow.depart(request, provider, Purpose.ENTER, then)
            except SsoError as error:
                return flow.failed(request, provider, None, UnreachableError(str(error)))
        form.add_error("who", NOBODY)
    return render(request, "accounts/sso/find.html", {"form": form, "then": then}, status=UNPROCESSABLE)


def _asked_for(who: str) -> IdentityProvider | None:
    wanted = who.strip().lower()
    found = lookups.sso(wanted.rpartition("@")[2], by_domain="@" in wanted)
    if found is None:
        return None
    return _known(*found)


def _known(org: UUID, key: UUID) -> IdentityProvider | None:
    with scope(org):
        try:
            return queries.provider(org, key)
        except IdentityProvider.DoesNotExist:
            return None  # removed a moment ago


def _provider(key: UUID, kind: IdentityProvider.Kind) -> IdentityProvider:
    """Raises Http404, the same for one that is missing and one of the other kind."""
    org = lookups.provider(key)
    found = _known(org, key) if org else None
    if found is None or found.kind != kind:
        raise Http404
    return found


@require_safe
def callback(request: HttpRequest, provider: UUID) -> HttpResponseBase:
    """OIDC: the browser is back with a code, or with a reason why there is none."""
    known = _provider(provider, IdentityProvider.Kind.OIDC)
    attempt = pending.take(request, request.GET.get("state", ""), provider)
    try:
        if attempt is None:
            raise RefusedError(Reason.EXPIRED)
        if _DECLINED in request.GET or not request.GET.get("code"):
            raise RefusedError(Reason.DECLINED)
        said = oidc.claims(
            flow.client(known),
            code=request.GET["code"],
            nonce=attempt.nonce,
            verifier=attempt.verifier,
            said_issuer=request.GET.get("iss"),
        )
        return flow.arrive(request, known, attempt, from_oidc(said), flow.moment(said.get("auth_time")))
    except SsoError as error:
        return flow.failed(request, known, attempt, error)


@csrf_exempt
@require_POST
def acs(request: HttpRequest, provider: UUID) -> HttpResponseBase:
    """SAML: the provider's page posts here. A browser sends no cookie along with that, so the session is asked next."""
    known = _provider(provider, IdentityProvider.Kind.SAML)
    try:
        posted = request.POST.get("SAMLResponse", "")
        assertion = saml.read(saml.parsed(known.metadata.encode()), flow.ours(provider), posted)
        ticket = services.keep(known, assertion)
    except UnaskedError:
        # From the provider's own list of applications: sign-in begins here, one press away.
        return redirect("sso_at", who=known.org.slug)
    except SsoError as error:
        return flow.failed(request, known, None, error)
    return redirect(f"{reverse('sso_finish', args=[provider])}?ticket={ticket}")


@require_safe
def finish(request: HttpRequest, provider: UUID) -> HttpResponseBase:
    """SAML: what was posted counts in the session that asked for it."""
    known = _provider(provider, IdentityProvider.Kind.SAML)
    said = services.redeem(known, request.GET.get("ticket", ""))
    attempt = pending.take(request, said["request"], provider) if said else None
    try:
        if said is None or attempt is None:
            raise RefusedError(Reason.EXPIRED)
        return flow.arrive(request, known, attempt, _claims(said), said["proved_at"])
    except SsoError as error:
        return flow.failed(request, known, attempt, error)


def _claims(said: dict[str, Any]) -> Claims:
    return Claims(
        subject=said["subject"],
        email=said["email"],
        vouched=said["vouched"],
        name=said["name"],
        dropped=tuple(said["dropped"]),
    )


@require_safe
def metadata(request: HttpRequest, provider: UUID) -> HttpResponse:  # noqa: ARG001 - Django's signature
    _provider(provider, IdentityProvider.Kind.SAML)
    return HttpResponse(saml.our_metadata(flow.ours(provider)), content_type="application/samlmetadata+xml")


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponseBase:
    """The provider knows somebody whose account is not its to open: they sign in by their own means, and say yes."""
    offer = pending.offered(request)
    provider = _known(UUID(offer.org), UUID(offer.provider)) if offer else None
    if offer is None or provider is None:
        return flow.failed(request, None, None, RefusedError(Reason.EXPIRED))
    user = request.user
    theirs = isinstance(user, User) and str(user.pk) == offer.account
    ready = theirs and door.proofs(request, cast("User", user)).own
    if request.method == "POST" and ready:
        pending.withdraw(request)
        try:
            services.accept(provider, offer.claims, cast("User", user))
        except SsoError as error:
            return flow.failed(request, provider, None, error)
        return flow.enter(request, provider, cast("User", user), offer.then)
    context = {"offer": offer, "provider": provider, "theirs": theirs, "ready": ready}
    return render(request, "accounts/sso/confirm.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: HttpRequest) -> HttpResponseBase:
    """Somebody without password and second factor proves once more who they are: at the provider that opens their account."""
    user = cast("User", request.user)
    if request.method != "POST":
        if door.lately(request, user):
            resumed: HttpResponseBase | None = resume_request(request)
            return resumed or redirect("start")
        return render(request, "accounts/sso/again.html", {"then": request.GET.get("next", "")})
    mine = queries.may_open(user)
    provider = _known(*mine) if mine and not door.own_ways(user) else None
    if provider is None:
        raise Http404
    try:
        return flow.depart(request, provider, Purpose.AGAIN, request.POST.get("next", ""))
    except SsoError as error:
        return flow.failed(request, provider, None, error)
