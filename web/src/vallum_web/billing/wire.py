"""One call of a payment provider's interface, through the guard: foreseen by the registry, written into the ledger.

Their libraries are not used (ADR 16): these are about twenty calls, forms or JSON, and the libraries bring a way out of their
own, throw what they like and, one of them, knows no time limit.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from vallum_guard import http
from vallum_guard.errors import GuardError
from vallum_web.billing.keys import ADDRESSES, Keys
from vallum_web.tenancy import egress

LIMITS = http.Limits(seconds=10, body_bytes=4 << 20)
STAND_IN = "payment stand-in"


class NoAnswerError(Exception):
    """The provider was not reached, or failed: whether it did anything is unknown. Ask again."""


class RefusedError(Exception):
    """The provider understood and said no. `code` is its own word for why; the message is for whoever asked."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Caller:
    """Calls one provider, for one organization or for the whole platform."""

    def __init__(self, keys: Keys, org: UUID | None) -> None:
        self.keys = keys
        self._route = egress.route(org) if org else egress.platform_route()
        own = keys.address == ADDRESSES[keys.provider]
        self._purpose = f"payment by {keys.provider}" if own else STAND_IN

    def get(
        self, path: str, query: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        return self._call("GET", f"{path}?{form(query)}" if query else path, headers or {}, None)

    def post_form(self, path: str, sent: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
        named = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return self._call("POST", path, named, form(sent).encode())

    def delete(self, path: str, headers: Mapping[str, str]) -> dict[str, Any]:
        return self._call("DELETE", path, headers, None)

    def send_json(self, method: str, path: str, sent: Mapping[str, Any]) -> dict[str, Any]:
        return self._call(method, path, {"Content-Type": "application/json"}, json.dumps(sent).encode())

    def _call(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> dict[str, Any]:
        asked = http.Request(
            url=self.keys.address + path,
            purpose=self._purpose,
            method=method,
            headers={**_proof(self.keys), "Accept": "application/json", **headers},
            body=body,
        )
        try:
            answer = http.fetch(asked, route=self._route, limits=LIMITS)
        except GuardError as error:
            raise NoAnswerError(str(error)) from error
        said = _read(answer.body)
        if answer.status >= 500 or answer.status in {409, 429} or (answer.status < 300 and said is None):
            raise NoAnswerError(f"The provider answered {answer.status}.")
        if answer.status >= 300:
            given = (said or {}).get("error")
            told: Mapping[str, Any] = given if isinstance(given, dict) else {}
            message = str(told.get("message") or told.get("description") or f"The provider answered {answer.status}.")
            raise RefusedError(answer.status, str(told.get("code") or told.get("type") or answer.status), message)
        return said or {}


def form(values: Mapping[str, Any] | None) -> str:
    """Nested values as Stripe writes them: `items[0][quantity]=3`."""
    return urlencode(list(_flat("", values or {})))


def _flat(stem: str, value: Any) -> Sequence[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [pair for name, one in value.items() for pair in _flat(f"{stem}[{name}]" if stem else str(name), one)]
    if isinstance(value, list | tuple):
        return [pair for number, one in enumerate(value) for pair in _flat(f"{stem}[{number}]", one)]
    if isinstance(value, bool):
        return [(stem, "true" if value else "false")]
    return [(stem, str(value))] if value is not None else []


def _proof(keys: Keys) -> dict[str, str]:
    if ":" in keys.key:
        return {"Authorization": "Basic " + base64.b64encode(keys.key.encode()).decode()}
    return {"Authorization": f"Bearer {keys.key}"}


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
