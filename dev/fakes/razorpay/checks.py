"""How Razorpay refuses (https://razorpay.com/docs/errors), and what its endpoints take. The messages are ours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dev.fakes.doors import as_json
from dev.fakes.loopback import Answer

Check = Callable[[str, Any], Any]


class Refused(ValueError):
    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        status: int = 400,
        code: str = "BAD_REQUEST_ERROR",
        reason: str = "input_validation_failed",
    ) -> None:
        super().__init__(message)
        self.status = status
        named = {"source": "business", "step": "payment_initiation", "reason": reason, "metadata": {}}
        self.error: dict[str, Any] = {"code": code, "description": message, **named}
        if field:
            self.error["field"] = field

    def answer(self) -> Answer:
        return as_json({"error": self.error}, self.status)


@dataclass(frozen=True, slots=True)
class Needed:
    check: Check


def text(most: int = 255) -> Check:
    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or len(value) > most:
            raise Refused(f"{name} is text of {most} characters at most.", field=name)
        return value

    return check


def whole(*, least: int = 0, most: int = 10**12) -> Check:
    def check(name: str, value: Any) -> int:
        found = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 16 else value
        if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
            raise Refused(f"{name} is a whole number from {least} to {most}.", field=name)
        return found

    return check


def choice(*words: str) -> Check:
    def check(name: str, value: Any) -> str:
        if value not in words:
            raise Refused(f"{name} is one of {', '.join(words)}.", field=name)
        return str(value)

    return check


def flag(name: str, value: Any) -> bool:
    """True, 1 and "1" are the same."""
    if str(value).lower() not in {"0", "1", "true", "false"}:
        raise Refused(f"{name} is true or false.", field=name)
    return str(value).lower() in {"1", "true"}


def notes(name: str, value: Any) -> dict[str, str]:
    """15 pairs, 256 characters each."""
    if value == []:
        return {}
    if not isinstance(value, Mapping) or len(value) > 15:
        raise Refused(f"{name} has 15 pairs at most.", field=name)
    if any(len(str(part)) > 256 for pair in value.items() for part in pair):
        raise Refused(f"{name} has 256 characters at most in each part.", field=name)
    return {key: str(each) for key, each in value.items()}


def group(spec: Mapping[str, "Check | Needed"]) -> Check:
    def check(name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise Refused(f"{name} is an object.", field=name)
        return take(value, spec, name)

    return check


def many(inner: Check) -> Check:
    def check(name: str, value: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) > 50:
            raise Refused(f"{name} is a list of 50 at most.", field=name)
        return [inner(f"{name}.{index}", each) for index, each in enumerate(value)]

    return check


def take(given: Any, spec: Mapping[str, Check | Needed], within: str = "") -> dict[str, Any]:
    """The fields as values; one that is not known here is refused, as there."""
    if not isinstance(given, Mapping):
        raise Refused("The body is an object.")
    prefix = f"{within}." if within else ""
    taken: dict[str, Any] = {}
    for name, value in given.items():
        field = spec.get(name)
        if field is None:
            raise Refused(f"{prefix}{name} is not known here and should not be sent.", field=f"{prefix}{name}")
        taken[name] = (field.check if isinstance(field, Needed) else field)(f"{prefix}{name}", value)
    for name, field in spec.items():
        if isinstance(field, Needed) and name not in taken:
            raise Refused(f"The {prefix}{name} field is required.", field=f"{prefix}{name}")
    return taken


MOMENT: Final = whole(least=946_684_800, most=4_765_046_400)
"""Seconds since 1970, from the year 2000 to 2120."""
AMOUNT: Final = whole(least=100, most=50_000_000_000)
"""Paise; a rupee at least."""
CURRENCIES: Final = ("INR", "USD", "EUR", "GBP", "SGD")
