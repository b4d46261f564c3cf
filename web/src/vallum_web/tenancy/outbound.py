"""A way out for libraries that speak `requests`: the same interface, and the guard beneath it.

A redirect is refused: whoever gave the library an address is to name the last one.
"""

import io
from typing import Any, Final
from uuid import UUID

import requests
from requests.adapters import BaseAdapter
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from vallum_guard import http
from vallum_guard.errors import BadUrl, GuardError, TooSlow
from vallum_guard.urls import redact
from vallum_web.tenancy import egress

LIMITS: Final = http.Limits(seconds=10, body_bytes=4 << 20)


class NoCookies(RequestsCookieJar):
    """Two strangers' answers must never meet in a jar."""

    def set_cookie(self, *_args: Any, **_kwargs: Any) -> None:
        """Keeps nothing."""


class Guarded(BaseAdapter):
    """Sends through the guard, and writes each exchange into the organization's ledger, or the platform's own."""

    def __init__(self, org: UUID | None, purpose: str, *, subject: UUID | None = None) -> None:
        super().__init__()
        self._route = egress.route(org, subject) if org else egress.platform_route()
        self._purpose = purpose

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002, ARG002 - the library's own order; bodies are small and come whole
        timeout: Any = None,
        verify: Any = True,  # noqa: FBT002 - as above
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Certificates are always verified, and no proxy but the operator's is used: who asks for less is refused."""
        if verify is not True or cert or proxies:
            raise requests.RequestException("Certificates and proxies are the guard's to choose.", request=request)
        limits = http.Limits(seconds=min(_seconds(timeout), LIMITS.seconds), body_bytes=LIMITS.body_bytes)
        try:
            found = http.fetch(_asked(request, self._purpose), route=self._route, limits=limits)
        except TooSlow as error:
            raise requests.Timeout(str(error), request=request) from error
        except BadUrl as error:
            raise requests.exceptions.InvalidURL(str(error), request=request) from error
        except GuardError as error:
            raise requests.ConnectionError(str(error), request=request) from error
        response = self._response(request, found)
        if response.is_redirect:
            to = redact(response.headers["Location"])
            raise requests.TooManyRedirects(f"{found.url} redirects to {to}: name that address.", request=request)
        return response

    def close(self) -> None:
        """Every exchange has a connection of its own, which ended with it."""

    def _response(self, request: requests.PreparedRequest, found: http.Response) -> requests.Response:
        response = requests.Response()
        response.status_code = found.status
        response.headers = CaseInsensitiveDict(found.headers)
        response.encoding = get_encoding_from_headers(response.headers)
        response.raw = io.BytesIO(found.body)
        response.url = found.url
        response.request = request
        return response


def session(org: UUID, purpose: str, *, subject: UUID | None = None) -> requests.Session:
    """For one errand of one organization: nothing of the environment counts, nothing is kept between requests."""
    return through(Guarded(org, purpose, subject=subject))


def through(door: Guarded) -> requests.Session:
    """As `session`, with a way out that the caller has made."""
    made = requests.Session()
    made.trust_env = False
    made.cookies = NoCookies()
    made.headers = CaseInsensitiveDict({"Accept": "*/*"})
    made.adapters.clear()
    made.mount("https://", door)
    made.mount("http://", door)  # refused there, but for what an operator opened
    return made


def _asked(request: requests.PreparedRequest, purpose: str) -> http.Request:
    body = request.body
    if isinstance(body, str):
        body = body.encode()
    if not isinstance(body, bytes | None):
        raise requests.RequestException("Only a body that is whole can be sent from here.", request=request)
    headers = {name: _word(value) for name, value in request.headers.items() if name.lower() not in http.OURS}
    return http.Request(
        url=request.url or "", purpose=purpose, method=request.method or "", headers=headers, body=body or None
    )


def _word(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _seconds(timeout: Any) -> float:
    """A pair is (to connect, to read); ours is one time for the whole exchange."""
    named = [each for each in (timeout if isinstance(timeout, tuple) else (timeout,)) if each is not None]
    return float(sum(named)) if named else LIMITS.seconds
