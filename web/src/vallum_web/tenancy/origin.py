"""Where a request came from: for the audit log, limits, and a person's list of sign-ins."""

import ipaddress
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from vallum_web.tenancy.keys import uuid7

Handler = Callable[[HttpRequest], HttpResponseBase]
AGENT_LETTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """`address` is empty where the server does not know it (a Unix socket); `token` acts instead of a person."""

    request_id: UUID
    address: str
    agent: str
    token: UUID | None = None


_current: ContextVar[Origin | None] = ContextVar("vallum_origin", default=None)


def current_origin() -> Origin | None:
    """None outside of a request: a job, a command."""
    return _current.get()


def by_token(token: UUID) -> None:
    """From now on this request is the token's."""
    here = _current.get()
    if here is not None:
        _current.set(replace(here, token=token))


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)


def noted(get_response: Handler) -> Handler:
    """Middleware: outermost of ours, so that whatever refuses later knows whom."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with coming_from(of(request)):
            return get_response(request)

    return middleware


def of(request: HttpRequest) -> Origin:
    return Origin(
        request_id=uuid7(),
        address=client_address(
            request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", ""), hops=settings.TRUSTED_HOPS
        ),
        agent="".join(letter for letter in request.headers.get("User-Agent", "") if letter.isprintable())[
            :AGENT_LETTERS
        ],
    )


def client_address(peer: str, forwarded: str, *, hops: int) -> str:
    """The client's address behind `hops` proxies of the operator's own: counted from the right, where only those write.

    Whatever stands further left was written by the client, and is nobody's word but theirs.
    """
    if hops <= 0:
        return _address(peer)
    names = [part.strip() for part in forwarded.split(",") if part.strip()]
    return _address(names[-hops]) if len(names) >= hops else _address(peer)


def _address(text: str) -> str:
    try:
        found = ipaddress.ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def prefix(address: str) -> str:
    """The network an address is likely one customer's of: /32 of IPv4, /56 of IPv6; empty for none."""
    if not address:
        return ""
    found = ipaddress.ip_address(address)
    return str(ipaddress.ip_network((found, 32 if found.version == 4 else 56), strict=False))
