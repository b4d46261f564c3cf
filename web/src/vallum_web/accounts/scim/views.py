"""The page of provisioning: its token and address, what the provider made, and how to set it up."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from vallum_web.accounts import queries as accounts
from vallum_web.accounts import tokens
from vallum_web.accounts.access import MemberRequest, may
from vallum_web.accounts.models import ApiToken
from vallum_web.accounts.scim import listing, mapping, queries
from vallum_web.accounts.scim.forms import ConnectForm, ProvisioningForm
from vallum_web.accounts.scim.services import connection as connections
from vallum_web.tenancy import clock

_UNPROCESSABLE = 422


@require_safe
@may("scim.read")
def index(request: MemberRequest) -> HttpResponse:
    return _page(request)


@require_POST
@may("scim.manage")
def connect(request: MemberRequest) -> HttpResponse:
    """The new token's text stands in this answer and nowhere else."""
    form = ConnectForm(request.POST, holder=request.role)
    if not form.is_valid():
        return _page(request, connecting=form, status=_UNPROCESSABLE)
    wanted = tokens.Wanted(kind=ApiToken.Kind.SCIM, role=request.role, scopes=["scim.manage"], **form.cleaned_data)
    return _page(request, made=tokens.make(request.org, request.user, wanted))


@require_POST
@may("tokens.revoke")
def disconnect(request: MemberRequest, connection: UUID) -> HttpResponse:
    found = queries.tokens(request.org).filter(pk=connection).first()
    if found is None:
        raise Http404
    tokens.revoke(found)
    messages.success(request, f"The token “{found.name}” is revoked: the provider reaches nothing here any more.")
    return redirect("accounts:provisioning", org=request.org.slug)


@require_POST
@may("scim.manage")
def settle(request: MemberRequest) -> HttpResponse:
    form = ProvisioningForm(request.POST)
    if not form.is_valid():
        return _page(request, settling=form, status=_UNPROCESSABLE)
    connections.settle(request.org, request.user.pk, **form.cleaned_data)
    messages.success(
        request, "Saved. It holds from the provider's next word on; who is a member now stays what they are."
    )
    return redirect("accounts:provisioning", org=request.org.slug)


def _page(
    request: MemberRequest,
    *,
    connecting: ConnectForm | None = None,
    settling: ProvisioningForm | None = None,
    made: tuple[ApiToken, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    kept = list(queries.tokens(request.org))
    names = accounts.names(token.by for token in kept)
    how = queries.settings(request.org.pk)
    state = listing.known(request.GET.get("state", ""))
    page = listing.page(request.org, state, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    context = {
        "base": f"{settings.PUBLIC_URL}{mapping.ROOT}",
        "tokens": [(token, names.get(token.by, "somebody who is gone")) for token in kept],
        "live": any(token.revoked_at is None and token.expires_at > clock.now() for token in kept),
        "used_at": max((token.used_at for token in kept if token.used_at), default=None),
        "how": how,
        "counts": listing.counts(request.org),
        "tabs": listing.tabs(request.org, state),
        "state": state,
        "page": page,
        "connecting": connecting or ConnectForm(holder=request.role),
        "settling": settling
        or ProvisioningForm(initial={"default_role": how.default_role, "roles_count": how.roles_count}),
        "made": made,
    }
    return render(request, "accounts/provisioning.html", context, status=status)
