"""The locks on the doors: decorators and typed requests that prove a check was made.

A stranger gets the 404 of a missing object, so that not even a name is confirmed; a signed-out person gets the login
page, a machine without a good token 401.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from ninja import Router
from ninja.errors import HttpError
from ninja.security import HttpBearer

from vallum_web.accounts import tokens
from vallum_web.accounts.models import ApiToken, Membership, User
from vallum_web.accounts.queries import my_orgs
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

Params = ParamSpec("Params")
Role = Membership.Role

WRITERS = frozenset({Role.OWNER, Role.ADMIN, Role.SECURITY, Role.DEVELOPER})
MANAGERS = frozenset({Role.OWNER, Role.ADMIN})


class MemberRequest(HttpRequest):
    """A request by a member of `org`, inside its scope unless the view stands at the door (`writer_at_door`)."""

    user: User
    org: Org
    role: Role


MemberView = Callable[Concatenate[MemberRequest, Params], HttpResponse]
View = Callable[Concatenate[HttpRequest, str, Params], HttpResponseBase]


def member_required(view: MemberView[Params]) -> View[Params]:
    """Open the scope of the organization named by the route's `org` slug, for its members alone."""
    return _guarded(view, frozenset(Role))


def writer_required(view: MemberView[Params]) -> View[Params]:
    """As `member_required`, for roles that may change things: an auditor reads."""
    return _guarded(view, WRITERS)


def manager_required(view: MemberView[Params]) -> View[Params]:
    """As `member_required`, for owners and admins."""
    return _guarded(view, MANAGERS)


def writer_at_door(view: MemberView[Params]) -> View[Params]:
    """As `writer_required`, but the scope is closed again: for views that move large files and open their own."""
    return _guarded(view, WRITERS, scoped=False)


def _guarded(view: MemberView[Params], roles: frozenset[Role], *, scoped: bool = True) -> View[Params]:
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, org: str, *args: Params.args, **kwargs: Params.kwargs) -> HttpResponseBase:
        user = cast("User", request.user)
        mine = next((item for item in my_orgs(user) if item.slug == org), None)
        if mine is None or mine.role not in roles:
            raise Http404
        with scope(mine.id, user=user.pk):
            member = cast("MemberRequest", request)
            member.org = Org.objects.get(pk=mine.id)
            member.role = Role(mine.role)
            if scoped:
                return view(member, *args, **kwargs)
        return view(member, *args, **kwargs)

    return cast("View[Params]", guarded)


class TokenRequest(HttpRequest):
    """A request by a machine, inside the scope of its token's organization."""

    auth: ApiToken


class TokenAuth(HttpBearer):
    """`Authorization: Bearer vlm_…`: a live token of some organization, or 401."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:  # noqa: ARG002 - ninja's signature
        return tokens.authenticate(token)


def allow(request: TokenRequest, roles: frozenset[Role]) -> None:
    """Refuse with 403 unless the token's role is one of these."""
    if request.auth.role not in roles:
        raise HttpError(403, f"This token's role is {request.auth.role}: it may not do this.")


class TenantRouter(Router):
    """API routes whose functions run inside the scope of the caller's organization."""

    def add_api_operation(self, path: str, methods: Any, view_func: Callable[..., Any], **options: Any) -> Any:
        @wraps(view_func)
        def scoped(request: TokenRequest, *args: Any, **kwargs: Any) -> Any:
            with scope(request.auth.org_id, user=request.auth.by):
                return view_func(request, *args, **kwargs)

        return super().add_api_operation(path, methods, scoped, **options)


def stranger(_request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The one 404: the same bytes for a missing page, a missing object and somebody else's."""
    return HttpResponse(_not_found(), status=404)


@cache
def _not_found() -> bytes:
    """Rendered once and without a request, so that nothing of who asked for what can be in it."""
    return render_to_string("404.html").encode()
