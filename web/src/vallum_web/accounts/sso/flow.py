"""The way to a provider and back. Nothing here waits for a provider inside a transaction."""

import logging
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import urljoin
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.utils import perform_login
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from vallum_web.accounts.models import IdentityProvider, User
from vallum_web.accounts.sso import door, oidc, pending, queries, saml, services
from vallum_web.accounts.sso.claims import Claims
from vallum_web.accounts.sso.decision import Way, decide
from vallum_web.accounts.sso.errors import WORDS, Reason, RefusedError, SsoError
from vallum_web.accounts.sso.pending import Attempt, Purpose
from vallum_web.tenancy.keyring import place, unseal
from vallum_web.tenancy.scope import scope

log = logging.getLogger(__name__)
TESTED: Final = "sso_tested"
_SKEW: Final = 60
"""Seconds by which the provider's clock may be behind ours."""


def address(provider: UUID, what: str) -> str:
    """One of our addresses as a provider knows it. It stays the same when the organization gets another name."""
    return urljoin(settings.PUBLIC_URL, reverse(f"sso_{what}", args=[provider]))


def client(provider: IdentityProvider) -> oidc.Client:
    secret = unseal(provider.org_id, place(provider, "secret"), provider.secret) if provider.secret else ""
    return oidc.Client(
        org=provider.org_id,
        issuer=provider.issuer,
        id=provider.client_id,
        secret=secret,
        redirect_uri=address(provider.pk, "callback"),
    )


def ours(provider: UUID) -> saml.Ours:
    return saml.Ours(entity=address(provider, "metadata"), consumer=address(provider, "acs"))


def safe(request: HttpRequest, then: str) -> str:
    """A path of this site, or nothing."""
    here = url_has_allowed_host_and_scheme(then, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return then if here else ""


def depart(request: HttpRequest, provider: IdentityProvider, purpose: Purpose, then: str = "") -> HttpResponse:
    """Send the browser to the provider. Raises SsoError where it cannot be asked."""
    again = purpose is Purpose.AGAIN
    attempt = Attempt(provider=str(provider.pk), purpose=purpose, then=safe(request, then))
    if provider.kind == IdentityProvider.Kind.OIDC:
        known = client(provider)
        url = oidc.authorization_url(
            oidc.metadata(known),
            known,
            state=attempt.key,
            nonce=attempt.nonce,
            verifier=attempt.verifier,
            again=again,
        )
    else:
        url, key = saml.sign_in_url(saml.parsed(provider.metadata.encode()), ours(provider.pk), again=again)
        attempt = Attempt(**{**asdict(attempt), "key": key})
    pending.begin(request, attempt)
    # Not a redirect: the page's policy lets forms lead to this site alone, redirects of their answers included.
    return render(request, "accounts/sso/onward.html", {"url": url, "provider": provider})


def arrive(
    request: HttpRequest, provider: IdentityProvider, attempt: Attempt, claims: Claims, proved_at: float | None
) -> HttpResponseBase:
    """Somebody is back, and what the provider says of them is genuine. Raises RefusedError."""
    if attempt.purpose == Purpose.TEST:
        return _tested(request, provider, claims)
    if not provider.enabled:
        raise RefusedError(Reason.OFF)
    if attempt.purpose == Purpose.AGAIN:
        return _again(request, provider, attempt, claims, proved_at)
    try:
        verdict, user = services.come_in(provider, claims, _present(request))
    except RefusedError:
        services.note_refusal(provider, claims)
        raise
    if user is None:
        raise RefusedError(Reason.INACTIVE)
    if verdict.way in {Way.ASK, Way.PROVE}:
        pending.offer(request, (provider.org_id, provider.pk), user.pk, claims=claims, then=attempt.then)
        return redirect("sso_confirm")
    return enter(request, provider, user, attempt.then)


def enter(request: HttpRequest, provider: IdentityProvider, user: User, then: str) -> HttpResponseBase:
    """The provider's word counts from now on in this session, which becomes the person's if it is not."""
    then = then or reverse("overview:home", args=[provider.org.slug])
    whose = (provider.org_id, provider.pk)
    if request.user == user:
        door.vouched(request, user, whose)
        request.session.cycle_key()
        return redirect(then)
    if request.user.is_authenticated:
        get_adapter(request).logout(request)
    door.vouched(request, user, whose)
    answer: HttpResponseBase = perform_login(request, user, redirect_url=then)
    return answer


def _present(request: HttpRequest) -> User | None:
    """Who is signed in by means of their own."""
    user = request.user
    return user if isinstance(user, User) and door.proofs(request, user).own else None


def _again(
    request: HttpRequest, provider: IdentityProvider, attempt: Attempt, claims: Claims, proved_at: float | None
) -> HttpResponse:
    if proved_at is None or proved_at < attempt.at - _SKEW:
        raise RefusedError(Reason.STALE)
    user = request.user
    with scope(provider.org_id):
        known = queries.found(provider, claims, None).identity
    if not isinstance(user, User) or known is None or known.id != user.pk:
        raise RefusedError(Reason.OTHER_PERSON)
    if (provider.org_id, provider.pk) != queries.may_open(user):
        raise RefusedError(Reason.FOREIGN_DOMAIN)
    door.vouched(request, user, (provider.org_id, provider.pk), again=True)
    request.session.cycle_key()
    return redirect(f"{reverse('sso_again')}?{urlencode({'next': attempt.then})}")


def _tested(request: HttpRequest, provider: IdentityProvider, claims: Claims) -> HttpResponse:
    """Keep what was said for the page that shows it: for the administrator who asked, in their session alone."""
    with scope(provider.org_id):
        found = queries.found(provider, claims, None)
    try:
        would = f"would_{decide(claims, found).way}"
    except RefusedError as error:
        would = str(error)
    if isinstance(request.user, User):
        services.tested(provider, request.user)
    request.session[TESTED] = {"provider": str(provider.pk), "ok": True, "would": would, **asdict(claims)}
    return redirect("accounts:sso_tested", org=provider.org.slug, provider=provider.pk)


def failed(
    request: HttpRequest, provider: IdentityProvider | None, attempt: Attempt | None, error: SsoError
) -> HttpResponse:
    """Say why in words for the person; in a test, say also what exactly."""
    # Without the exception's own text: it may repeat what a stranger sent.
    log.warning("Single sign-on by %s came to nothing: %s.", provider.pk if provider else "nobody", error.reason)
    if provider and attempt and attempt.purpose == Purpose.TEST:
        request.session[TESTED] = {
            "provider": str(provider.pk),
            "ok": False,
            "error": str(error),
            "words": WORDS[error.reason],
        }
        return redirect("accounts:sso_tested", org=provider.org.slug, provider=provider.pk)
    return render(request, "accounts/sso/failed.html", {"words": WORDS[error.reason]}, status=403)


def moment(value: Any) -> float | None:
    """`auth_time` of an ID token."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
