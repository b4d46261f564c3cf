"""How Stripe refuses: https://docs.stripe.com/api/errors. The messages are ours."""

from typing import Any

from dev.fakes.doors import as_json
from dev.fakes.loopback import Answer


class Refused(Exception):
    """`early`: nothing had begun, so an idempotency key stays free."""

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        status: int = 400,
        kind: str = "invalid_request_error",
        early: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status, self.early = status, early
        named = {"type": kind, "message": message, "code": code, "param": param, **more}
        self.error = {name: value for name, value in named.items() if value is not None}

    def answer(self) -> Answer:
        return as_json({"error": self.error}, self.status)


def unknown(param: str) -> Refused:
    return Refused(f"There is no parameter {param} here.", code="parameter_unknown", param=param, early=True)


def missing(param: str) -> Refused:
    return Refused(f"The parameter {param} is missing.", code="parameter_missing", param=param, early=True)


def invalid(param: str, why: str, code: str = "parameter_invalid_empty") -> Refused:
    return Refused(f"{param}: {why}", code=code, param=param, early=True)


def no_such(kind: str, name: str, param: str = "id", *, status: int = 404, elsewhere: bool = False) -> Refused:
    mode = " One exists in the other mode, and keys of one mode do not see the other." if elsewhere else ""
    return Refused(f"No such {kind}: '{name}'.{mode}", code="resource_missing", param=param, status=status)


def state(message: str, code: str | None = None, param: str | None = None) -> Refused:
    """What the object's state forbids."""
    return Refused(message, code=code, param=param)


def not_faked(param: str) -> Refused:
    """The real service knows it; here nobody would act on it, and silence would be a lie."""
    return Refused(
        f"Stripe knows {param}, and this fake does not: it would not act on it.",
        code="fake_does_not_know",
        param=param,
        status=501,
        kind="api_error",
        early=True,
    )
