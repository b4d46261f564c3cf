"""The door of provisioning: who calls, what they send, and how they are told no (RFC 7644 §3.12).

The token names the organization, so no address here does. What is missing and what is another organization's get the same
bytes.
"""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Any, Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from pydantic import ValidationError
from scim2_models import (
    Context,
    Error,
    ForbiddenException,
    InvalidSyntaxException,
    PayloadTooLargeException,
    Resource,
    ResponseParameters,
    SCIMException,
    UnauthorizedException,
)

from vallum_web.accounts import matrix, throttle, tokens
from vallum_web.accounts.models import ApiToken
from vallum_web.accounts.scim import hostile, resources
from vallum_web.accounts.scim.errors import TooManyInvited
from vallum_web.accounts.scim.services import connection
from vallum_web.tenancy.audit import middleware as audit
from vallum_web.tenancy.audit.errors import NotRecordedError
from vallum_web.tenancy.limits import answers, gate
from vallum_web.tenancy.scope import scope

ACTION = "scim.manage"
CONTENT_TYPE = "application/scim+json"
_READS = frozenset({"GET", "HEAD"})
_NOW: Mapping[str, str] = MappingProxyType({})
_NOT_ALLOWED = 405
_DETAIL = 500

Params = ParamSpec("Params")


class ProviderRequest(HttpRequest):
    """A request by an organization's provider."""

    auth: ApiToken


ProviderView = Callable[Concatenate[ProviderRequest, Params], HttpResponse]
View = Callable[Concatenate[HttpRequest, Params], HttpResponse]


def door(*methods: str, removes: bool = False) -> Callable[[ProviderView[Params]], View[Params]]:
    """Let in who has a live provisioning token, in the scope of its organization; tell every refusal in SCIM's form.

    In whoever is suspended nothing is changed. `removes`: but people are removed here still, and what is called asks by itself.
    """
    matrix.action(ACTION)

    def guard(view: ProviderView[Params]) -> View[Params]:
        @csrf_exempt  # no cookie opens this door
        @wraps(view)
        def guarded(request: HttpRequest, *args: Params.args, **kwargs: Params.kwargs) -> HttpResponse:
            token: ApiToken | None = None
            try:
                token = _caller(request)
                throttle.provider(request, token)
                _permit(token)
                if not (removes or _only_reads(request)):
                    connection.demand_working(token)
                request.auth = token  # type: ignore[attr-defined]  # ProviderRequest says so
                if request.method not in methods:
                    taken = ", ".join(methods)
                    return _refusal(Error(status=_NOT_ALLOWED, detail=f"This address takes {taken}."), {"Allow": taken})
                with scope(token.org_id, user=token.by), resources.provider:
                    return view(request, *args, **kwargs)  # type: ignore[arg-type]  # it is one since the line above
            except SCIMException as error:
                return _told(request, token, _plain(error), _wait(error))
            except ValidationError as error:
                return _told(request, token, Error.from_validation_errors(error)[0])
            except gate.Refused as error:
                said = Error(status=answers.status(error.verdict), detail=str(answers.refused_body(error)["detail"]))
                return _refusal(said, answers.retry_after(error.verdict))
            except NotRecordedError as error:
                said = Error(status=audit.UNAVAILABLE, detail=audit.told(error))
                return _refusal(said, {"Retry-After": audit.AGAIN})

        guarded.action = ACTION  # type: ignore[attr-defined]  # read by the test that walks every door
        return cast("View[Params]", guarded)

    return guard


def body(request: HttpRequest) -> dict[str, Any]:
    """Raises SCIMException."""
    try:
        sent = request.read(resources.BODY + 1)
    except (UnreadablePostError, RawPostDataException):
        raise InvalidSyntaxException(detail="The body could not be read to its end.") from None
    if len(sent) > resources.BODY:
        raise PayloadTooLargeException(detail=f"A body has {resources.BODY:,} bytes at most.")
    return hostile.parsed(sent)


def answer(
    resource: Resource[Any],
    context: Context,
    *,
    shown: ResponseParameters[Any] | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    return plain(resource.model_dump(scim_ctx=context, response_parameters=shown), status=status, headers=headers)


def plain(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    content = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(content, status=status, content_type=CONTENT_TYPE, headers=dict(headers or {}))


def _caller(request: HttpRequest) -> ApiToken:
    """Raises UnauthorizedException, or Refused where tokens are tried out."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    token = tokens.authenticate(text.strip(), ApiToken.Kind.SCIM) if scheme.lower() == "bearer" else None
    if token is None:
        throttle.provider(request, None)
        raise UnauthorizedException(
            detail="Send a live provisioning token as Authorization: Bearer vlm_scim_…; "
            "make one in the organization's settings, under Provisioning."
        )
    return token


def _permit(token: ApiToken) -> None:
    """Raises ForbiddenException."""
    if not matrix.can(token.role, ACTION):
        raise ForbiddenException(detail=f"Who made this token is {token.role} now: have an owner or admin make one.")


def _told(request: HttpRequest, token: ApiToken | None, error: Error, wait: Mapping[str, str] = _NOW) -> HttpResponse:
    """Refusals of changes stand on the organization's page: the provider's own log is where nobody looks."""
    if token and not _only_reads(request):
        connection.refused(token, error.detail or "")
    return _refusal(error, wait)


def _only_reads(request: HttpRequest) -> bool:
    return request.method in _READS or request.path.endswith("/.search")


def _wait(error: SCIMException) -> Mapping[str, str]:
    return answers.retry_after(error.verdict) if isinstance(error, TooManyInvited) else _NOW


def _refusal(error: Error, more: Mapping[str, str] = _NOW) -> HttpResponse:
    asked = {"WWW-Authenticate": 'Bearer realm="provisioning"'} if error.status == UnauthorizedException.status else {}
    return plain(error.model_dump(scim_ctx=Context.DEFAULT), status=error.status or 400, headers={**asked, **more})


def _plain(error: SCIMException) -> Error:
    """The library repeats pydantic's report of several lines where a value does not fit: its second and third say what."""
    told = error.to_error()
    lines = [line.strip() for line in (told.detail or "").splitlines()]
    detail = ": ".join(lines[1:3]).partition(" [type=")[0] if len(lines) > 1 else "".join(lines)
    return Error(status=told.status, scim_type=told.scim_type, detail=detail[:_DETAIL])
