"""Which limits stand at which doors, and what they count together. How many they let through is in `limits.toml`."""

import time
from collections.abc import Callable, Mapping
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from vallum_web.accounts.addresses import looked_up
from vallum_web.accounts.models import ApiToken
from vallum_web.tenancy import origin
from vallum_web.tenancy.limits import answers, gate
from vallum_web.tenancy.limits.catalogue import Limit, for_action, named

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
API_PER_TOKEN = named("ApiPerToken")
API_PER_ORG = named("ApiPerOrg")
API_PER_IP = named("ApiPerIP")
UPLOADS_PER_TOKEN = named("UploadsPerToken")
PROVISIONING_PER_TOKEN = named("ProvisioningPerToken")
PROVIDERS_INVITES = named("ProvidersInvitesPerOrg")
MAIL_PER_RECIPIENT = named("MailPerRecipient")


def network() -> str:
    """What one customer of an internet provider has: addresses within it are free to its owner."""
    here = origin.current_origin()
    return origin.prefix(here.address) if here else ""


def _by_network(_request: HttpRequest) -> str:
    return network()


def _by_address_typed(request: HttpRequest) -> str:
    return looked_up(request.POST.get("email", ""))


def _by_person(request: HttpRequest) -> str:
    # Of somebody who is signed out nothing is done there, and nothing is counted.
    return str(request.user.pk) if request.user.is_authenticated else ""


_RESETS = (named("ResetPerIP"), _by_network)
_SSO = (named("SsoPerIP"), _by_network)
_PASSWORDS = (named("PasswordPerPerson"), _by_person)
# What is sent to these doors is counted before anything looks at it. Signing in has limits of its own (`guesses`).
DOORS: Mapping[str, tuple[tuple[Limit, Callable[[HttpRequest], str]], ...]] = {
    "account_signup": ((named("SignupPerIP"), _by_network),),
    "account_reset_password": (_RESETS, (named("ResetPerAccount"), _by_address_typed)),
    "account_reset_password_from_key": (_RESETS,),
    "account_change_password": (_PASSWORDS,),
    "account_set_password": (_PASSWORDS,),
    "account_email": ((named("AddressesPerPerson"), _by_person),),
    "mfa_login_webauthn": ((named("PasskeyPerIP"), _by_network),),
    "sso_find": (_SSO,),
    "sso_at": (_SSO,),
    "sso_acs": (_SSO,),
    "leaked_token": ((named("TokenReportPerIP"), _by_network),),
    "privacy_requests:intake": ((named("PrivacyRequestsPerIP"), _by_network),),
    "privacy_minors:report": ((named("PrivacyRequestsPerIP"), _by_network),),
    "subscribers:ask": ((named("SubscriptionsPerIP"), _by_network),),
    "privacy:ask": ((named("PrivacyRequestsPerPerson"), _by_person),),
    "new_org": ((named("OrgsPerPerson"), _by_person),),
}


# Whether a mail goes out takes a few hundredths of a millisecond more or less: an answer that is never sooner than this
# says nothing of it. Doors whose answers take a password's hash need no such floor (bench/enumeration).
FLOORS: Mapping[str, float] = {"account_reset_password": 0.025}


class Doors:
    """Middleware: asks the limits of a page that something is sent to, and evens out what its time would tell."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.monotonic()
        response = self.get_response(request)
        door = request.resolver_match.view_name if request.resolver_match else ""
        if request.method not in SAFE and door in FLOORS:
            time.sleep(max(0.0, began + FLOORS[door] - time.monotonic()))
        return response

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponse | None:
        door = request.resolver_match.view_name if request.resolver_match else ""
        if request.method in SAFE or door not in DOORS:
            return None
        try:
            for limit, key in DOORS[door]:
                gate.demand(limit, key(request))
        except gate.Refused as refused:
            return answers.refused_page(request, refused)
        return None


def act(request: HttpRequest, action: str, org: UUID) -> None:
    """Ask the limits of something that is done in an organization. Raises Refused; before the scope is opened."""
    if request.method not in SAFE:
        for limit in for_action(action):
            gate.demand(limit, str(org), org=org)


def machine(request: HttpRequest, token: ApiToken | None) -> ApiToken | None:
    """Let a call of the API in, or raise Refused. A call without a live token is counted against its network."""
    if token is None:
        _demand(request, API_PER_IP, network())
        return None
    _demand(request, API_PER_TOKEN, str(token.pk), token)
    _demand(request, API_PER_ORG, str(token.org_id), token)
    return token


def upload(request: HttpRequest, token: ApiToken) -> None:
    _demand(request, UPLOADS_PER_TOKEN, str(token.pk), token)


def provider(request: HttpRequest, token: ApiToken | None) -> None:
    """As `machine`, for the calls of an organization's identity provider."""
    if token is None:
        _demand(request, API_PER_IP, network())
    else:
        _demand(request, PROVISIONING_PER_TOKEN, str(token.pk), token)


def mail(address: str) -> bool:
    """Whether one more mail may go to somebody who did not ask for it themselves."""
    return gate.take(MAIL_PER_RECIPIENT, looked_up(address)).allowed


def _demand(request: HttpRequest, limit: Limit, key: str, token: ApiToken | None = None) -> None:
    org = token.org_id if token else None
    try:
        answers.note(request, gate.demand(limit, key, org=org))
    except gate.Refused as refused:
        answers.note(request, refused.verdict)
        raise
