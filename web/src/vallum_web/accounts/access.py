"""The locks on the doors: decorators and typed requests that prove a check was made.

A stranger gets the 404 of a missing object, so that not even a name is confirmed; a signed-out person gets the login
page, a machine without a good token 401.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from uuid import UUID

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from ninja import Router
from ninja.errors import HttpError
from ninja.security import HttpBearer
from pydantic import BaseModel

from vallum_web.accounts import conditions, matrix, throttle, tokens
from vallum_web.accounts.legal import door as legal
from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import ApiToken, User
from vallum_web.accounts.queries import former_slug, lacks_second_step, my_orgs
from vallum_web.accounts.services import staff
from vallum_web.accounts.sso import door
from vallum_web.accounts.suspensions import door as suspensions
from vallum_web.tenancy import entitlements
from vallum_web.tenancy.lookups import MyOrg, StaffOrg, staff_orgs
from vallum_web.tenancy.models import Org, TenantModel
from vallum_web.tenancy.scope import scope

Params = ParamSpec("Params")
Function = TypeVar("Function", bound=Callable[..., Any])
_NAMES = re.compile(r"\{(\w+)\}")
PAYMENT_REQUIRED = 402
STAFF_MAY = frozenset({"org.read", "findings.read"})
"""What an operator may do with an organization broken open: look, and nothing else."""


class MemberRequest(HttpRequest):
    """A request by a member of `org`, inside its scope unless the view stands at the door (`scoped=False`)."""

    user: User
    org: Org
    role: Role
    may: frozenset[str]
    """All that the role may do."""
    staff: StaffOrg | None
    """Set for an operator, who is no member and may only read."""
    my_orgs: Sequence[MyOrg]
    """All that the person belongs to; the frame of the page shows them."""


MemberView = Callable[Concatenate[MemberRequest, Params], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, str, Params], HttpResponseBase]
OperatorView = Callable[Concatenate[HttpRequest, Params], HttpResponseBase]


def may(action: str, *, scoped: bool = True, suspended: bool = False) -> Callable[[MemberView[Params]], View[Params]]:
    """Let those of the route's organization in whose role may do this action (matrix.toml), and open its scope.

    An action that asks for a step-up sends who has not proved lately who they are to prove it first, and back. With
    `scoped=False` the scope is closed again: for views that move large files or wait for others, and open their own.
    `suspended`: of an action that whoever is suspended may not do, this door alone stays open to them.
    """
    row = matrix.action(action)
    stays_open = suspended or row.suspended

    def guard(view: MemberView[Params]) -> View[Params]:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, org: str, *args: Params.args, **kwargs: Params.kwargs) -> HttpResponseBase:
            user = cast("User", request.user)
            entry = _entry(user, org)
            if entry is None:
                return _moved(request, user, org)
            if shut := door.shut(request, user, entry.mine):
                return shut
            if action not in entry.may or (entry.staff and request.method not in {"GET", "HEAD"}):
                return _refused(request, entry, row)
            if row.step_up:
                raise_if_reauthentication_required(request, app="vallum")
            throttle.act(request, action, entry.org)
            with scope(entry.org, user=user.pk):
                member = _member(request, entry)
                if stop := _stopped(member, action, stays_open=stays_open):
                    return stop
                if scoped:
                    return view(member, *args, **kwargs)
            return view(member, *args, **kwargs)

        guarded.action = action  # type: ignore[attr-defined]  # read by the test that walks every door
        return cast("View[Params]", guarded)

    return guard


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """How somebody comes into an organization: as a member, or as staff with an hour broken open."""

    mine: MyOrg
    orgs: Sequence[MyOrg]
    role: Role
    may: frozenset[str]
    staff: StaffOrg | None = None

    @property
    def org(self) -> UUID:
        return self.mine.id

    @property
    def name(self) -> str:
        return self.mine.name


def _entry(user: User, slug: str) -> _Entry | None:
    orgs = my_orgs(user)
    for mine in orgs:
        if mine.slug == slug:
            return _Entry(mine=mine, orgs=orgs, role=Role(mine.role), may=matrix.may_do(mine.role))
    for opened in staff_orgs(user.pk):
        if opened.slug == slug:
            looked_at = MyOrg(id=opened.id, slug=opened.slug, name=opened.name, role=Role.AUDITOR)
            return _Entry(mine=looked_at, orgs=orgs, role=Role.AUDITOR, may=STAFF_MAY, staff=opened)
    return None


def _member(request: HttpRequest, entry: _Entry) -> MemberRequest:
    member = cast("MemberRequest", request)
    member.org = Org.objects.get(pk=entry.org)
    member.role, member.may, member.staff = entry.role, entry.may, entry.staff
    member.my_orgs = entry.orgs
    if entry.staff:
        staff.note(entry.org, entry.staff.access, request.resolver_match.view_name if request.resolver_match else "")
    return member


def _stopped(request: MemberRequest, action: str, *, stays_open: bool) -> HttpResponse | None:
    """What stands between a member and what their role may do: a suspension, a second step that is missing, or money."""
    if not (stays_open or request.staff) and (page := suspensions.stop(request, request.user.pk, request.org)):
        return page
    if request.staff is None and lacks_second_step(request.org, request.user.pk):
        return render(request, "accounts/two_step_wanted.html", {"org_name": request.org.name}, status=403)
    if request.method not in throttle.SAFE and not paid(request.org, action):
        return render(request, "accounts/unpaid.html", {"org": request.org}, status=PAYMENT_REQUIRED)
    return None


def _moved(request: HttpRequest, user: User, slug: str) -> HttpResponse:
    """To the organization's present address, for a member who has the old one; for anybody else there is nothing."""
    now_at = former_slug(user, slug)
    if now_at is None or request.method not in {"GET", "HEAD"}:
        raise Http404
    return redirect(request.get_full_path().replace(f"/{slug}/", f"/{now_at}/", 1))


def _refused(request: HttpRequest, entry: _Entry, row: matrix.Action) -> HttpResponse:
    """A member knows that the organization exists, so they are told what is wrong and whom to ask."""
    context = {
        "org_name": entry.name,
        "staff": entry.staff is not None,
        "role": entry.role.label.lower(),
        "what": row.what,
        "roles": [role.label.lower() for role in Role if role in row.roles],
    }
    return render(request, "accounts/refused.html", context, status=403)


def operators_own(view: OperatorView[Params]) -> OperatorView[Params]:
    """For people who run the platform, who have just shown that it is them. For everybody else there is no such page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Params.args, **kwargs: Params.kwargs) -> HttpResponseBase:
        if not staff.is_operator(cast("User", request.user)):
            raise Http404
        raise_if_reauthentication_required(request, app="vallum")
        return suspensions.stop(request, cast("User", request.user).pk) or view(request, *args, **kwargs)

    return cast("OperatorView[Params]", login_required(guarded))


def working(view: OperatorView[Params]) -> OperatorView[Params]:
    """For whoever is not suspended: of doors that lead into an organization, and belong to none yet."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Params.args, **kwargs: Params.kwargs) -> HttpResponseBase:
        key = request.user.pk
        return (suspensions.stop(request, key) if key else None) or view(request, *args, **kwargs)

    return cast("OperatorView[Params]", guarded)


class TokenRequest(HttpRequest):
    """A request by a machine, inside the scope of its token's organization."""

    auth: ApiToken


class TokenAuth(HttpBearer):
    """`Authorization: Bearer vlm_…`: a live token of some organization, or 401."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        found = throttle.machine(request, tokens.authenticate(token))
        if found is not None:
            legal.demand(found.by)
        elif tokens.is_leaving(token):
            raise HttpError(410, "The organization of this token is being deleted: stop asking.")
        return found


def permits(
    action: str, *, shows_secret: bool = False, first: Callable[..., object] | None = None
) -> Callable[[Function], Function]:
    """Name the action of an API function: TenantRouter checks it, and takes none without.

    What shows a secret once is answered once: it is not kept for whoever repeats the call (config/calls.py).
    `first` takes the locks that the function takes before the object's own, which `If-Match` would else hold before them.
    """
    matrix.action(action)

    def mark(function: Function) -> Function:
        function.action = action  # type: ignore[attr-defined]  # read by TenantRouter
        function.first = first  # type: ignore[attr-defined]  # read by TenantRouter
        function.shows_secret = shows_secret  # type: ignore[attr-defined]  # read by config/calls.py
        return function

    return mark


class UnpaidError(Exception):
    """The organization is read-only until what it owes is paid."""


def paid(org: Org, action: str) -> bool:
    """Whether the action may be done as far as money goes. Inside the organization's scope."""
    return matrix.action(action).unpaid or not entitlements.of(org).read_only


def demand_paid(token: ApiToken, action: str) -> None:
    """Raises UnpaidError."""
    with scope(token.org_id):
        if not paid(token.org, action):
            raise UnpaidError


def allow(token: ApiToken, action: str) -> None:
    """Refuse with 403 unless the token's role may do it, and its scopes name it."""
    row = matrix.action(action)
    if token.role not in row.roles:
        raise HttpError(403, f"This token's role is {token.role}: it may not {row.what}.")
    if action not in token.scopes and (token.scopes or row.step_up):
        raise HttpError(403, f"This token's scopes do not name {action}: it may not {row.what}.")
    if not row.suspended:
        suspensions.demand(token.org_id, token.by)


class TenantRouter(Router):
    """API routes whose functions run inside the scope of the caller's organization, each behind a named action.

    `holds` is the model of the objects that its addresses name: a read of one carries its tag, and a change with
    `If-Match` holds the row while it compares (accounts/conditions.py).
    """

    def __init__(self, *, holds: type[TenantModel] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.holds = holds

    def add_api_operation(self, path: str, methods: Any, view_func: Callable[..., Any], **options: Any) -> Any:
        action = getattr(view_func, "action", None)
        if action is None:
            raise matrix.BrokenMatrixError(f"{view_func.__module__}.{view_func.__name__} names no action: @permits(…)")

        @wraps(view_func)
        def scoped(request: TokenRequest, *args: Any, **kwargs: Any) -> Any:
            allow(request.auth, action)
            throttle.act(request, action, request.auth.org_id)
            with scope(request.auth.org_id, user=request.auth.by):
                if request.method not in throttle.SAFE:
                    demand_paid(request.auth, action)
                read = self._read(path)
                if "If-Match" in request.headers and request.method not in throttle.SAFE:
                    if first := getattr(view_func, "first", None):
                        first(request, **kwargs)
                    self._demand(request, read, kwargs)
                told = view_func(request, *args, **kwargs)
                if read and read.path == path and isinstance(told, read.shape):
                    request.tag = conditions.tag(told)  # type: ignore[attr-defined]  # read by `conditional`
                return told

        return super().add_api_operation(path, methods, scoped, **options)

    def _read(self, path: str) -> "_Read | None":
        """The operation that tells of the object which an address names, or of the one that what it names is part of."""
        for known in sorted(self.path_operations, key=len, reverse=True):
            if known.endswith("}") and f"{path}/".startswith(f"{known}/"):
                for operation in self.path_operations[known].operations:
                    if operation.methods == ["GET"]:
                        return _Read(path=known, function=inspect.unwrap(operation.view_func))
        return None

    def _demand(self, request: TokenRequest, read: "_Read | None", given: Mapping[str, Any]) -> None:
        if read is None or self.holds is None:
            raise HttpError(400, "Nothing here has an ETag that If-Match could name: leave it out.")
        names = _NAMES.findall(read.path)
        rows = self.holds.objects.of(request.auth.org_id).select_for_update(no_key=True)
        if not rows.filter(pk=given[names[-1]]).exists():
            raise Http404
        conditions.demand(request, read.function(request, **{name: given[name] for name in names}))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What answers a read of one object, without its checks."""

    path: str
    function: Callable[..., Any]

    @property
    def shape(self) -> type[BaseModel]:
        return cast("type[BaseModel]", self.function.__annotations__["return"])


def stranger(_request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The one 404: the same bytes for a missing page, a missing object and somebody else's."""
    return HttpResponse(_not_found(), status=404)


@cache
def _not_found() -> bytes:
    """Rendered once and without a request, so that nothing of who asked for what can be in it."""
    return render_to_string("404.html").encode()
