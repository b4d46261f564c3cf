"""What holds for every call of the API, whichever operation it is of: exact parameters, and done once for a key."""

import logging
import re
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any, cast

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from ninja.errors import HttpError, ValidationError
from ninja.operation import Operation

from vallum_web.accounts.access import TokenRequest, allow
from vallum_web.tenancy import repeats
from vallum_web.tenancy.models import Repeatable
from vallum_web.tenancy.parameters import unknown
from vallum_web.tenancy.repeats import Kept, Taken

log = logging.getLogger(__name__)
Function = Callable[..., Any]
Handler = Callable[[HttpRequest], HttpResponseBase]
# draft-ietf-httpapi-idempotency-key-header: a string in quotation marks; without them it is understood too.
_KEY = re.compile(r'"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x5b\x5d-\x7e]{1,255})')
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_CONFLICT = 409
_INSTEAD = {
    Repeatable.Withheld.SECRET: "it showed a secret, which is shown once. Revoke what was made, and make it anew under another key.",
    Repeatable.Withheld.LARGE: "it was too large to keep. Ask for what was changed.",
}


def exact(function: Function) -> Function:
    """Refuse parameters that the operation does not describe: a misspelled filter would leave more than was meant."""
    names = parameters(_operation(function))

    @wraps(function)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if wrong := unknown(request.GET, names):
            raise ValidationError(wrong)
        return function(request, *args, **kwargs)

    return checked


def once(function: Function) -> Function:
    """Do what changes something once for an `Idempotency-Key`, and answer whoever repeats it as before."""
    operation = _operation(function)
    if _SAFE.issuperset(operation.methods):
        return function
    reads_body = any(model.__ninja_param_source__ == "body" for model in operation.models)

    @wraps(function)
    def asked(request: TokenRequest, *args: Any, **kwargs: Any) -> Any:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return function(request, *args, **kwargs)
        if action := getattr(function, "action", None):
            allow(request.auth, action)  # also of whoever asks again: what is kept is told to those who may do it
        taken = _take(request, key, request.body if reads_body else _digest(request))
        if isinstance(taken, Kept):
            return _again(taken)
        request.taken, request.shows_secret = taken, getattr(function, "shows_secret", False)  # type: ignore[attr-defined]  # read by `keeping`
        return function(request, *args, **kwargs)

    return asked


def keeping(get_response: Handler) -> Handler:
    """Middleware: keeps what was answered under a key. What did nothing is not kept, and may be tried again."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        taken: Taken | None = getattr(request, "taken", None)
        if taken is not None:
            _keep(request, taken, response)
        return response

    return middleware


def parameters(operation: Operation) -> list[str]:
    """The names of what its query string may hold."""
    models = [model for model in operation.models if model.__ninja_param_source__ == "query"]
    return sorted(name for model in models for name in getattr(model, "__ninja_flatten_map__", {}))


def _operation(function: Function) -> Operation:
    return cast("Operation", function._ninja_operation)  # type: ignore[attr-defined]  # noqa: SLF001 - where ninja leaves it


def _take(request: TokenRequest, key: str, body: bytes) -> Taken | Kept:
    form = _KEY.fullmatch(key)
    if form is None:
        raise HttpError(400, 'Idempotency-Key: send 1 to 255 visible characters, in quotation marks: "8e03978e-40d5".')
    # The token with it, which nobody else has: a body may hold a secret, and its digest alone could be guessed at.
    asked = (str(request.method), request.get_full_path(), request.headers["Authorization"])
    digest = sha256(b"\0".join((*(part.encode() for part in asked), body))).digest()
    try:
        return repeats.take(request.auth.org_id, request.auth.pk, form[1] or form[2], digest)
    except repeats.KeyReusedError as error:
        raise HttpError(422, "This Idempotency-Key was used for another call: make a new one for each.") from error
    except repeats.StillRunningError as error:
        raise HttpError(_CONFLICT, "The call of this Idempotency-Key still runs: ask again in a moment.") from error


def _digest(request: HttpRequest) -> bytes:
    """What stands for a body that the operation reads bit by bit: its digest, which is checked when it has been read."""
    if request.headers.get("Content-Length", "0") in ("", "0") and "Transfer-Encoding" not in request.headers:
        return b""
    digest = request.headers.get("Content-Digest", "")
    if "sha-256=:" not in digest:
        raise HttpError(400, "With an Idempotency-Key, a body here needs its Content-Digest (RFC 9530, sha-256).")
    return digest.encode()


def _again(kept: Kept) -> HttpResponse:
    if kept.withheld is not None:
        raise HttpError(_CONFLICT, f"This was done before, and answered {kept.status}: {_INSTEAD[kept.withheld]}")
    answer = HttpResponse(kept.body, status=kept.status, content_type="application/json; charset=utf-8")
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


def _keep(request: HttpRequest, taken: Taken, response: HttpResponseBase) -> None:
    try:
        if 200 <= response.status_code < 300 and isinstance(response, HttpResponse):
            secret = bool(getattr(request, "shows_secret", False))
            repeats.keep(taken, response.status_code, response.content.decode(), secret=secret)
        else:
            repeats.release(taken)
    except DatabaseError:
        # What was asked for is done or undone by now: the key is free again after its time.
        log.exception("What was answered under an Idempotency-Key could not be kept")
