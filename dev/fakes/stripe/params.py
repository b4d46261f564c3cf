"""What parameters an endpoint takes, and of which kind each is. A check turns the form's text into a value, or refuses it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import stripe.params
import stripe.params.billing_portal
import stripe.params.checkout
import stripe.params.test_helpers

from dev.fakes.stripe.errors import Refused, invalid, missing, not_faked, unknown

Check = Callable[[str, Any], Any]
Spec = Mapping[str, "Check | Needed"]

MOST_METADATA: Final = 50
LONGEST_KEY: Final = 40
LONGEST_VALUE: Final = 500


@dataclass(frozen=True, slots=True)
class Needed:
    check: Check


def text(most: int = 5000) -> Check:
    def check(name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise invalid(name, "text is wanted.", "parameter_invalid_string_empty")
        if len(value) > most:
            raise invalid(name, f"{most} characters at most.", "parameter_too_long")
        return value

    return check


def filled(most: int = 5000) -> Check:
    def check(name: str, value: Any) -> str:
        found: str = text(most)(name, value)
        if not found.strip():
            raise invalid(name, "it may not be empty.", "parameter_invalid_empty")
        return found

    return check


def whole(*, least: int | None = None, most: int | None = None) -> Check:
    def check(name: str, value: Any) -> int:
        if not isinstance(value, str) or not value.removeprefix("-").isdecimal() or len(value) > 18:
            raise invalid(name, f"{value!r} is no whole number.", "parameter_invalid_integer")
        found = int(value)
        if (least is not None and found < least) or (most is not None and found > most):
            raise invalid(name, f"{found} is not within {least} to {most}.", "parameter_invalid_integer")
        return found

    return check


def number(*, least: Decimal, most: Decimal) -> Check:
    def check(name: str, value: Any) -> float:
        try:
            found = Decimal(value if isinstance(value, str) else "")
        except InvalidOperation as error:
            raise invalid(name, f"{value!r} is no number.") from error
        if not found.is_finite() or not least <= found <= most:
            raise invalid(name, f"{found} is not within {least} to {most}.")
        return float(found)

    return check


def flag(name: str, value: Any) -> bool:
    if value not in {"true", "false"}:
        raise invalid(name, f"{value!r} is neither true nor false.")
    return bool(value == "true")


def choice(*words: str) -> Check:
    def check(name: str, value: Any) -> str:
        if value not in words:
            raise invalid(name, f"one of {', '.join(words)} is wanted.")
        return str(value)

    return check


def clears(inner: Check) -> Check:
    """Empty text takes away what stands there."""
    return lambda name, value: None if value == "" else inner(name, value)


def or_word(word: str, inner: Check) -> Check:
    return lambda name, value: word if value == word else inner(name, value)


def many(inner: Check, *, least: int = 0, most: int = 100) -> Check:
    def check(name: str, value: Any) -> list[Any]:
        given = [] if value == "" else value
        if not isinstance(given, list) or not least <= len(given) <= most:
            raise invalid(name, f"a list of {least} to {most} is wanted.", "parameter_invalid_array")
        return [inner(f"{name}[{index}]", each) for index, each in enumerate(given)]

    return check


def group(spec: Spec) -> Check:
    def check(name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise invalid(name, "a group is wanted.", "parameter_invalid_object")
        return _taken(value, spec, name)

    return check


def metadata(name: str, value: Any) -> dict[str, str]:
    """Empty values take their key away; empty text takes all away."""
    if value == "":
        return {"": ""}
    if not isinstance(value, Mapping) or len(value) > MOST_METADATA:
        raise invalid(name, f"{MOST_METADATA} keys at most.", "parameter_invalid_object")
    for key, each in value.items():
        if len(key) > LONGEST_KEY or not isinstance(each, str) or len(each) > LONGEST_VALUE:
            raise invalid(f"{name}[{key}]", "keys have 40 characters, values 500.", "parameter_too_long")
    return dict(value)


def merged(known: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    if "" in given:
        return {}
    return {key: value for key, value in {**known, **given}.items() if value != ""}


NAME: Final = filled(255)
MOMENT: Final = whole(least=0, most=32_503_680_000)
AMOUNT: Final = whole(least=0, most=99_999_999)


def currency(name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) != 3 or not value.isascii() or not value.isalpha():
        raise invalid(name, "a currency has three letters.")
    return value.lower()


ADDRESS: Final = group({part: clears(text()) for part in ("city", "country", "line1", "line2", "postal_code", "state")})


def url(name: str, value: Any) -> str:
    found: str = filled()(name, value)
    if not found.startswith(("http://", "https://")):
        raise Refused(f"{name} is no web address.", code="url_invalid", param=name, early=True)
    return found


def _taken(given: Mapping[str, Any], spec: Spec, prefix: str = "") -> dict[str, Any]:
    taken: dict[str, Any] = {}
    for name, value in given.items():
        called = f"{prefix}[{name}]" if prefix else name
        field = spec.get(name)
        if field is None:
            raise unknown(called)
        taken[name] = (field.check if isinstance(field, Needed) else field)(called, value)
    for name, field in spec.items():
        if isinstance(field, Needed) and name not in taken:
            raise missing(f"{prefix}[{name}]" if prefix else name)
    return taken


def take(given: Mapping[str, Any], spec: Spec, real: str = "") -> dict[str, Any]:
    """The parameters as values. `real` names the library's list of parameters, to tell what Stripe refuses from what only we do."""
    try:
        return _taken(given, spec)
    except Refused as refused:
        if refused.error.get("code") == "parameter_unknown" and _is_real(str(refused.error["param"]), real):
            raise not_faked(str(refused.error["param"])) from refused
        raise


def _is_real(param: str, real: str) -> bool:
    """Whether the service itself knows a parameter, by the library's types: `items[0][price]` is looked up part by part."""
    place: Any = _typed(real)
    for depth, part in enumerate(param.replace("]", "").split("[")):
        if place is None:
            return False
        if depth and part.isdigit():
            continue
        known = getattr(place, "__annotations__", {})
        if part not in known:
            return False
        place = _typed(_inner(known[part], getattr(place, "__name__", "")))
    return True


def _typed(name: str) -> Any:
    """`checkout.SessionCreateParams` lies in a module of its own."""
    within, _, last = name.rpartition(".")
    modules = {"checkout": stripe.params.checkout, "billing_portal": stripe.params.billing_portal}
    places = (modules[within],) if within else (stripe.params, stripe.params.test_helpers, *modules.values())
    return next((getattr(each, last) for each in places if last and hasattr(each, last)), None)


def _inner(annotation: Any, within: str) -> str:
    """The name of the group that an annotation speaks of; empty for a plain value."""
    words = str(annotation).replace("'", " ").replace('"', " ").replace("[", " ").replace("]", " ").replace(",", " ")
    return next((each.strip("()") for each in words.split() if each.strip("()").startswith(within)), "")
