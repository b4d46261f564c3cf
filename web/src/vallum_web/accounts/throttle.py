"""Which limits stand at the doors of accounts and of the API, and what they count together."""

from django.http import HttpRequest

from vallum_web.accounts.models import ApiToken
from vallum_web.tenancy import origin
from vallum_web.tenancy.limits import answers, gate
from vallum_web.tenancy.limits.catalogue import Limit, named

API_PER_TOKEN = named("ApiPerToken")
API_PER_ORG = named("ApiPerOrg")
API_PER_IP = named("ApiPerIP")
UPLOADS_PER_TOKEN = named("UploadsPerToken")
PROVISIONING_PER_TOKEN = named("ProvisioningPerToken")
PROVIDERS_INVITES = named("ProvidersInvitesPerOrg")


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


def network() -> str:
    """What one customer of an internet provider has: addresses within it are free to its owner."""
    here = origin.current_origin()
    return origin.prefix(here.address) if here else ""


def _demand(request: HttpRequest, limit: Limit, key: str, token: ApiToken | None = None) -> None:
    org = token.org_id if token else None
    try:
        answers.note(request, gate.demand(limit, key, org=org))
    except gate.Refused as refused:
        answers.note(request, refused.verdict)
        raise
